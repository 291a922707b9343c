#include "metering/metering.h"

#include <algorithm>

namespace flowsell::metering {
namespace {

using store::Sql;
using namespace std::chrono;

constexpr std::array kMigrations = {
    store::Migration{10, "quotas, usage, idempotency keys", R"sql(
CREATE TABLE quotas (
  workspace_id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  period_start INTEGER NOT NULL,
  quota_limit INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, mode, period_start)
) STRICT, WITHOUT ROWID;
CREATE TABLE usage_daily (
  workspace_id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  day INTEGER NOT NULL,
  metric INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, mode, day, metric)
) STRICT, WITHOUT ROWID;
CREATE TABLE idempotency_keys (
  day INTEGER NOT NULL,
  workspace_id BLOB NOT NULL,
  key_hash BLOB NOT NULL,
  fingerprint BLOB NOT NULL,
  resource BLOB NOT NULL,
  running_until INTEGER NOT NULL,
  PRIMARY KEY (day, workspace_id, key_hash)
) STRICT, WITHOUT ROWID;
)sql"},
    // See send_keys.h. A part's id is its run's number and its place in it.
    store::Migration{11, "idempotency keys of sends", R"sql(
CREATE TABLE recent_send_keys (
  batch INTEGER PRIMARY KEY,
  day INTEGER NOT NULL,
  entries BLOB NOT NULL
) STRICT;
CREATE TABLE send_key_runs (
  number INTEGER PRIMARY KEY,
  level INTEGER NOT NULL,
  day INTEGER NOT NULL,
  keys INTEGER NOT NULL,
  first_keys BLOB NOT NULL,
  filter BLOB NOT NULL
) STRICT;
CREATE TABLE send_key_parts (
  id INTEGER PRIMARY KEY,
  entries BLOB NOT NULL
) STRICT;
)sql"},
    // See store/growing_table.h: the days are made at each start, and in time.
    store::Migration{12, "idempotency keys by day", "", R"sql(
ALTER TABLE idempotency_keys RENAME TO idempotency_keys_default;
ALTER INDEX idempotency_keys_pkey RENAME TO idempotency_keys_default_pkey;
CREATE TABLE idempotency_keys (LIKE idempotency_keys_default INCLUDING DEFAULTS)
  PARTITION BY RANGE (day);
ALTER TABLE idempotency_keys ADD PRIMARY KEY (day, workspace_id, key_hash);
ALTER TABLE idempotency_keys ATTACH PARTITION idempotency_keys_default DEFAULT;
)sql"}};

const Sql kReadQuota(
    "SELECT quota_limit, used FROM quotas WHERE workspace_id = ?1 AND mode = ?2 AND period_start = "
    "?3");
const Sql kAddUsed(
    "INSERT INTO quotas (workspace_id, mode, period_start, quota_limit, used) VALUES (?1, ?2, ?3, "
    "?4, ?5) "
    "ON CONFLICT (workspace_id, mode, period_start) DO UPDATE SET used = quotas.used + "
    "excluded.used");
const Sql kAddUsage(
    "INSERT INTO usage_daily (workspace_id, mode, day, metric, count) VALUES (?1, ?2, ?3, ?4, ?5) "
    "ON CONFLICT (workspace_id, mode, day, metric) DO UPDATE SET count = usage_daily.count + "
    "excluded.count");
const Sql kReadUsage(
    "SELECT day, metric, count FROM usage_daily WHERE workspace_id = ?1 AND mode = ?2 AND day "
    "BETWEEN ?3 AND ?4 "
    "ORDER BY day, metric");

int mode_param(const QuotaKey& key) { return static_cast<int>(key.mode); }

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

std::string_view metric_name(Metric metric) noexcept {
  constexpr std::array<std::string_view, kMetricCount> kNames = {
      "accepted", "sent", "delivered", "read", "failed", "unknown", "received"};
  return kNames[static_cast<std::size_t>(metric)];
}

Period Period::of(Time now) {
  const year_month_day today(floor<days>(now));
  const year_month month = today.year() / today.month();
  return {sys_days(month / 1), sys_days((month + months(1)) / 1)};
}

namespace {

/// The keys' quotas, in their order.
Result<std::vector<Quota>> read_quotas(store::Connection& db, const Limits& limits,
                                       std::span<const QuotaKey> keys, Time now) {
  const Period period = Period::of(now);
  std::vector<Quota> quotas;
  std::vector<store::Param> params;
  quotas.reserve(keys.size());
  params.reserve(keys.size() * 3);
  for (const QuotaKey& key : keys) {
    const bool is_live = key.mode == identity::Mode::kLive;
    quotas.push_back(
        {is_live ? limits.live_monthly : limits.test_monthly, 0, period.start, period.end});
    params.insert(params.end(), {key.workspace, mode_param(key), period.start});
  }
  CHECK_OK(db.query_each(kReadQuota, params, 3, [&quotas](std::size_t at, const store::Row& row) {
    quotas[at].limit = row.integer(0);
    quotas[at].used = row.integer(1);
  }));
  return quotas;
}

}  // namespace

Result<Quota> read_quota(store::Connection& db, const Limits& limits, const QuotaKey& key,
                         Time now) {
  TRY(const auto quotas, read_quotas(db, limits, {&key, 1}, now));
  return quotas.front();
}

const Quota* Quotas::find(const QuotaKey& key, const Period& period) const {
  const auto found = known_.find(key);
  return found != known_.end() && found->second.period_start == period.start ? &found->second
                                                                             : nullptr;
}

void Quotas::ended(bool committed) {
  if (committed) {
    if (known_.size() + planned_.size() > kKnownMax) known_.clear();
    for (const auto& [key, quota] : planned_) known_.insert_or_assign(key, quota);
  }
  planned_.clear();
}

Result<> Tally::open(std::vector<QuotaKey> keys) {
  std::ranges::sort(keys);
  const auto again = std::ranges::unique(keys);
  keys.erase(again.begin(), again.end());
  if (memory_ != nullptr) {
    std::erase_if(keys, [this, period = Period::of(now_)](const QuotaKey& key) {
      const Quota* known = memory_->find(key, period);
      if (known != nullptr) quotas_.try_emplace(key, Open{*known, 0});
      return known != nullptr;
    });
  }
  TRY(const auto quotas, read_quotas(db_, limits_, keys, now_));
  for (std::size_t i = 0; i < keys.size(); ++i) quotas_.try_emplace(keys[i], Open{quotas[i], 0});
  return {};
}

Result<Tally::Open*> Tally::open_one(const QuotaKey& key) {
  auto found = quotas_.find(key);
  if (found == quotas_.end()) {
    CHECK_OK(open({key}));
    found = quotas_.find(key);
  }
  return &found->second;
}

Result<bool> Tally::has_room(const QuotaKey& key) {
  TRY(const Open* state, open_one(key));
  return state->quota.used + state->admitted < state->quota.limit;
}

Result<bool> Tally::admit(const QuotaKey& key) {
  TRY(Open * state, open_one(key));
  if (state->quota.used + state->admitted >= state->quota.limit) return false;
  ++state->admitted;
  return true;
}

Result<Quota> Tally::quota(const QuotaKey& key) {
  TRY(const Open* state, open_one(key));
  Quota now = state->quota;
  now.used += state->admitted;
  return now;
}

Result<> Tally::finish() {
  for (const auto& [key, n] : usage_) {
    CHECK_OK(db_.write(kAddUsage, {key.first.workspace, mode_param(key.first), day_of(now_),
                                   static_cast<int>(key.second), n}));
  }
  for (const auto& [key, state] : quotas_) {
    if (memory_ != nullptr) {
      Quota after = state.quota;
      after.used += state.admitted;
      memory_->plan(key, after);
    }
    if (state.admitted == 0) continue;
    CHECK_OK(db_.write(kAddUsed, {key.workspace, mode_param(key), state.quota.period_start,
                                  state.quota.limit, state.admitted}));
  }
  return {};
}

Result<std::vector<UsageDay>> read_usage(store::Connection& db, const QuotaKey& key,
                                         std::int64_t first_day, std::int64_t last_day) {
  std::vector<UsageDay> out;
  std::int64_t current = -1;
  CHECK_OK(db.query(kReadUsage, {key.workspace, mode_param(key), first_day, last_day},
                    [&](const store::Row& row) {
                      if (row.integer(0) != current) {
                        current = row.integer(0);
                        out.push_back(
                            {format_time(from_unix_ms(current * 86'400'000)).substr(0, 10), {}});
                      }
                      const auto metric = static_cast<std::size_t>(row.integer(1));
                      if (metric < kMetricCount) out.back().counts[metric] = row.integer(2);
                    }));
  return out;
}

}  // namespace flowsell::metering
