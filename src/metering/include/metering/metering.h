#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "core/time.h"
#include "identity/caller.h"
#include "store/database.h"

namespace flowsell::metering {

/// Tables of this room: quotas, usage_daily, idempotency_keys.
std::span<const store::Migration> migrations();

/// One quota of a workspace: live and test requests are counted apart.
struct QuotaKey {
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  friend auto operator<=>(const QuotaKey&, const QuotaKey&) = default;
};

struct Quota {
  std::int64_t limit = 0;
  std::int64_t used = 0;
  Time period_start;
  Time period_end;
  std::int64_t remaining() const { return limit > used ? limit - used : 0; }
};

/// A calendar month, UTC.
struct Period {
  Time start;
  Time end;
  static Period of(Time now);
};

/// What is counted by day. Numbers are stored: never renumber.
enum class Metric : std::uint8_t {
  kAccepted = 0,
  kSent = 1,
  kDelivered = 2,
  kRead = 3,
  kFailed = 4,
  kUnknown = 5,
  kReceived = 6,
};
constexpr std::size_t kMetricCount = 7;
std::string_view metric_name(Metric metric) noexcept;

struct Limits {
  std::int64_t live_monthly = 1000;
  std::int64_t test_monthly = 10'000'000;
};

/// The quotas of a database that this process alone writes to, as the last transaction left them:
/// what they admit needs no look-up. For the committer's thread only.
class Quotas {
 public:
  explicit Quotas(Limits limits) : limits_(limits) {}
  const Limits& limits() const noexcept { return limits_; }
  /// nullptr: it must be read.
  const Quota* find(const QuotaKey& key, const Period& period) const;
  /// What the open transaction makes of it.
  void plan(const QuotaKey& key, const Quota& after) { planned_.insert_or_assign(key, after); }
  /// For WriteKind::ended.
  void ended(bool committed);

 private:
  static constexpr std::size_t kKnownMax = 100'000;
  const Limits limits_;
  std::map<QuotaKey, Quota> known_;
  std::map<QuotaKey, Quota> planned_;
};

/// Counts for one transaction: what its operations count is added up in memory, and each counter's
/// row is written once, by finish(), as the last statements before COMMIT: a hot workspace's row is
/// locked for as short as can be.
class Tally {
 public:
  Tally(store::Connection& db, const Limits& limits, Time now)
      : db_(db), limits_(limits), now_(now) {}
  /// With quotas that are in memory. Their ended() is the kind's to call.
  Tally(store::Connection& db, Quotas& quotas, Time now)
      : db_(db), limits_(quotas.limits()), memory_(&quotas), now_(now) {}
  /// Reads quotas ahead, all at once. The calls below read what was not.
  Result<> open(std::vector<QuotaKey> keys);
  /// Counts one request against the quota; false when the quota is used up (nothing is counted).
  Result<bool> admit(const QuotaKey& key);
  /// True when the next admit() would succeed.
  Result<bool> has_room(const QuotaKey& key);
  void count(const QuotaKey& key, Metric metric) { ++usage_[{key, metric}]; }
  Result<> finish();
  /// The quota after what was admitted so far.
  Result<Quota> quota(const QuotaKey& key);

 private:
  struct Open {
    Quota quota;
    std::int64_t admitted = 0;
  };
  Result<Open*> open_one(const QuotaKey& key);
  store::Connection& db_;
  const Limits& limits_;
  Quotas* memory_ = nullptr;
  Time now_;
  std::map<QuotaKey, Open> quotas_;
  std::map<std::pair<QuotaKey, Metric>, std::int64_t> usage_;
};

Result<Quota> read_quota(store::Connection& db, const Limits& limits, const QuotaKey& key,
                         Time now);

struct UsageDay {
  std::string date;  ///< "2026-11-23"
  std::array<std::int64_t, kMetricCount> counts{};
};
/// Days with any use, ascending, between the two days (unix day numbers, inclusive).
Result<std::vector<UsageDay>> read_usage(store::Connection& db, const QuotaKey& key,
                                         std::int64_t first_day, std::int64_t last_day);

constexpr std::int64_t day_of(Time t) { return to_unix_ms(t) / 86'400'000; }

}  // namespace flowsell::metering
