#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/id.h"
#include "core/time.h"
#include "metering/idempotency.h"
#include "store/database.h"

namespace flowsell::metering {

/// The idempotency keys of sends: one for each message, so they must cost little. A table sorted by
/// random keys would have one page read and two written for each. These are appended, one row for
/// all of a transaction, and known from memory; when there are some thousands, they become a sorted
/// run, and runs are merged now and then (a log-structured merge tree, O'Neil et al. 1996). See
/// docs/decisions/0010-keys-of-sends.md.
///
/// Used inside write transactions only, that is by one thread at a time. Each kind of operation
/// that calls it forwards its WriteKind::ended.
class SendKeys {
 public:
  /// Keys that are known from memory alone (about 100 bytes each) before they become a run.
  static constexpr std::size_t kRecentMax = 8192;

  explicit SendKeys(const crypto::RotatingKeys& fingerprint_keys,
                    std::size_t recent_max = kRecentMax);
  ~SendKeys();

  /// Reads what is stored, once at start, before the first transaction.
  Result<> load(store::Connection& db);

  /// As Idempotency::set_restored_at().
  void set_restored_at(Time at) noexcept;

  /// What the key stands for. kFirst: it is free.
  Result<IdempotencyVerdict> look(store::Connection& db, const IdempotentCall& call, Time now);
  /// As look(), and takes a free key for `resource`.
  Result<IdempotencyVerdict> take(store::Connection& db, const IdempotentCall& call,
                                  const IdBytes& resource, Time now);
  /// Stores what was taken in this transaction, and does its share of the upkeep. Once, after the
  /// last take().
  Result<> store_taken(store::Connection& db);

  /// Drops the days that are over. Returns how many keys.
  Result<std::int64_t> drop_expired(store::Connection& db, Time now);
  /// A bounded piece of upkeep. True: there is more.
  Result<bool> tidy(store::Connection& db, Time now);

  /// The transaction has ended: what it changed holds, or never was.
  void ended(bool committed) noexcept;

  /// Between two transactions.
  struct Stats {
    std::size_t recent = 0;  ///< keys that are in no run yet
    std::size_t runs = 0;
    std::size_t garbage = 0;  ///< ranges of parts that wait for their deletion
  };
  Stats stats() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowsell::metering
