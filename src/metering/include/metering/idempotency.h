#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/id.h"
#include "core/time.h"
#include "crypto/hash.h"
#include "crypto/rotating_keys.h"
#include "identity/caller.h"
#include "store/database.h"

namespace flowsell::metering {

/// One use of an Idempotency-Key: what it is scoped to, and what proves that the body is the same.
struct IdempotentCall {
  std::array<std::uint8_t, 16> key_hash{};     ///< of workspace, mode, method, path and key
  std::array<std::uint8_t, 16> fingerprint{};  ///< of the raw body, under today's fingerprint key
  std::uint32_t day = 0;                       ///< the fingerprint key's day
  crypto::Digest body{};                       ///< its hash, in memory only: for older days' keys
};

/// What the keys table says about a call.
struct IdempotencyVerdict {
  enum class Kind : std::uint8_t {
    kFirst,         ///< not seen: the key is now taken
    kReplay,        ///< the same call was done: `resource`
    kRunning,       ///< the same call still runs
    kReused,        ///< the key was used with another body
    kUnverifiable,  ///< the key was used before a restore: whether with this body can't be told
  } kind = Kind::kFirst;
  IdBytes resource{};  ///< kReplay, kUnverifiable: what the first call made
};

/// The error of a verdict that is neither kFirst nor kReplay. `made`: the id, as shown, of what the
/// first call made or changed.
Error refusal_of(const IdempotencyVerdict& verdict, std::string_view made);

/// Idempotency keys, durable (DESIGN 4.11): kept 72 hours, by day, so that retention drops whole
/// days. A key's text and a body's bytes are never stored: a hash of the one, a keyed hash of the
/// other under a key that is not in the database (a plain hash of a one-time code would be an
/// oracle). Those of sends, far more than all others, lie in a place of their own: SendKeys.
/// Thread-safe.
class Idempotency {
 public:
  static constexpr std::chrono::hours kKept{72};

  explicit Idempotency(crypto::RotatingKeys& fingerprint_keys) : keys_(fingerprint_keys) {}

  /// Reads the header's value: a quoted string or a bare token, 1 to 255 printable ASCII
  /// characters. Fails with kInvalidIdempotencyKey.
  static Result<std::string> parse_header(std::string_view value);

  IdempotentCall begin(const WorkspaceId& workspace, identity::Mode mode, std::string_view method,
                       std::string_view path, std::string_view key, std::string_view body,
                       Time now);

  /// In a transaction: takes the key for `resource`, or tells what it stands for. `running_until`
  /// is the end of a lease for calls that go on after the commit (Time{}: the call is done with
  /// this commit).
  Result<IdempotencyVerdict> take(store::Connection& db, const WorkspaceId& workspace,
                                  const IdempotentCall& call, const IdBytes& resource,
                                  Time running_until, Time now);
  /// Looks without taking.
  Result<IdempotencyVerdict> look(store::Connection& db, const WorkspaceId& workspace,
                                  const IdempotentCall& call, Time now);
  /// In a transaction: a leased call has ended. `done` keeps the key for replays; otherwise it is
  /// free again.
  Result<> end(store::Connection& db, const WorkspaceId& workspace, const IdempotentCall& call,
               bool done);

  /// In a transaction: a step of dropping the days that are over. On PostgreSQL a day is dropped
  /// whole.
  struct Dropped {
    bool days = false;
    std::int64_t keys = 0;  ///< one by one
    bool any() const noexcept { return days || keys > 0; }
  };
  Result<Dropped> drop_expired(store::Connection& db, Time now);
  /// In a transaction: on PostgreSQL makes the partitions of the next days.
  static Result<> make_partitions(store::Connection& db, Time now);
  /// Before the first call: the database was restored from a backup, whose fingerprint keys are not
  /// here.
  void set_restored_at(Time at) noexcept { restored_at_ = at; }
  /// Reads which days have keys, once at start: older days are not searched in vain.
  Result<> load_days(store::Connection& db);

 private:
  crypto::RotatingKeys& keys_;
  std::atomic<std::int64_t> oldest_day_{INT64_MAX};  ///< of any stored key
  Time restored_at_{};
};

}  // namespace flowsell::metering
