#include "metering/idempotency.h"

#include <algorithm>
#include <cstring>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "fingerprint.h"
#include "metering/metering.h"
#include "store/growing_table.h"

namespace flowsell::metering {
namespace {

using store::Param;
using store::Sql;

const Sql kTake(
    "INSERT INTO idempotency_keys (day, workspace_id, key_hash, fingerprint, resource, "
    "running_until) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (day, workspace_id, key_hash) DO NOTHING");
const Sql kFind(
    "SELECT fingerprint, resource, running_until FROM idempotency_keys "
    "WHERE day = ?1 AND workspace_id = ?2 AND key_hash = ?3");
const Sql kFinish(
    "UPDATE idempotency_keys SET running_until = 0 WHERE day = ?1 AND workspace_id = ?2 AND "
    "key_hash = ?3");
const Sql kFree(
    "DELETE FROM idempotency_keys WHERE day = ?1 AND workspace_id = ?2 AND key_hash = ?3");
// On PostgreSQL what is in no day's partition; the others are dropped whole.
const Sql kDropSome(
    "DELETE FROM idempotency_keys WHERE (day, workspace_id, key_hash) IN (SELECT day, "
    "workspace_id, key_hash FROM idempotency_keys WHERE day < ?1 LIMIT ?2)",
    "DELETE FROM idempotency_keys_default WHERE ctid = ANY (ARRAY (SELECT ctid FROM "
    "idempotency_keys_default WHERE day < ?1 LIMIT ?2))");
const store::DailyTable kDays("idempotency_keys");
constexpr std::int64_t kDroppedAtOnce = 1000;
constexpr std::int64_t kDaysAhead = 2;
const Sql kOldest("SELECT MIN(day) FROM idempotency_keys");

constexpr std::size_t kKeyLengthMax = 255;

Param bytes(const std::array<std::uint8_t, 16>& value) { return Param::blob(as_text(value)); }

struct Found {
  std::string fingerprint;
  IdBytes resource{};
  Time running_until;
};

Result<std::optional<Found>> find(store::Connection& db, std::int64_t day,
                                  const WorkspaceId& workspace, const IdempotentCall& call) {
  std::optional<Found> found;
  CHECK_OK(db.query(kFind, {day, workspace, bytes(call.key_hash)}, [&found](const store::Row& row) {
    found = Found{std::string(row.text(0)), MessageId::from_blob(row.text(1)).bytes(), row.time(2)};
  }));
  return found;
}

}  // namespace

Result<std::string> Idempotency::parse_header(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  const auto printable = [](char c) { return c >= 0x20 && c <= 0x7E && c != '"' && c != '\\'; };
  if (value.empty() || value.size() > kKeyLengthMax || !std::ranges::all_of(value, printable)) {
    return fail(ErrorCode::kInvalidIdempotencyKey,
                "the Idempotency-Key must have 1 to 255 printable ASCII characters");
  }
  return std::string(value);
}

IdempotentCall Idempotency::begin(const WorkspaceId& workspace, identity::Mode mode,
                                  std::string_view method, std::string_view path,
                                  std::string_view key, std::string_view body, Time now) {
  const auto today = keys_.current(now);
  IdempotentCall call;
  std::string scope(workspace.blob());
  scope.append(identity::mode_name(mode))
      .append(" ")
      .append(method)
      .append(" ")
      .append(path)
      .append(" ")
      .append(key);
  call.key_hash = crypto::head_of<16>(crypto::sha256(scope));
  call.body = crypto::sha256(body);
  call.fingerprint = fingerprint_of(today.key, call.body);
  call.day = today.id;
  return call;
}

Result<IdempotencyVerdict> Idempotency::look(store::Connection& db, const WorkspaceId& workspace,
                                             const IdempotentCall& call, Time now) {
  using Kind = IdempotencyVerdict::Kind;
  const std::int64_t today = call.day;
  const std::int64_t first = std::max<std::int64_t>(day_of(now - kKept), oldest_day_.load());
  for (std::int64_t day = today; day >= first; --day) {
    TRY(const auto found, find(db, day, workspace, call));
    if (!found) continue;
    const EarlierCall earlier{day, found->fingerprint, found->resource};
    const Kind kind = compare(keys_, call, earlier, restored_at_);
    if (kind != Kind::kReplay) return IdempotencyVerdict{kind, found->resource};
    if (found->running_until == Time{}) return IdempotencyVerdict{Kind::kReplay, found->resource};
    if (found->running_until > now) return IdempotencyVerdict{Kind::kRunning, {}};
    // The lease ran out: the call died with its process. The key is free for another try.
    CHECK_OK(db.write(kFree, {day, workspace, bytes(call.key_hash)}));
    return IdempotencyVerdict{Kind::kFirst, {}};
  }
  return IdempotencyVerdict{Kind::kFirst, {}};
}

Result<IdempotencyVerdict> Idempotency::take(store::Connection& db, const WorkspaceId& workspace,
                                             const IdempotentCall& call, const IdBytes& resource,
                                             Time running_until, Time now) {
  const std::int64_t today = call.day;
  if (oldest_day_.load() < today) {
    TRY(auto verdict, look(db, workspace, call, now));
    if (verdict.kind != IdempotencyVerdict::Kind::kFirst) return verdict;
  }
  TRY(const auto inserted,
      db.run(kTake, {today, workspace, bytes(call.key_hash), bytes(call.fingerprint),
                     bytes(resource), running_until}));
  if (inserted == 1) {
    if (oldest_day_.load() > today) oldest_day_ = today;
    return IdempotencyVerdict{};
  }
  TRY(auto verdict, look(db, workspace, call, now));
  if (verdict.kind != IdempotencyVerdict::Kind::kFirst) return verdict;
  CHECK_OK(db.write(kTake, {today, workspace, bytes(call.key_hash), bytes(call.fingerprint),
                            bytes(resource), running_until}));
  return verdict;
}

Result<> Idempotency::end(store::Connection& db, const WorkspaceId& workspace,
                          const IdempotentCall& call, bool done) {
  CHECK_OK(db.write(done ? kFinish : kFree,
                    {static_cast<std::int64_t>(call.day), workspace, bytes(call.key_hash)}));
  return {};
}

Result<Idempotency::Dropped> Idempotency::drop_expired(store::Connection& db, Time now) {
  const std::int64_t first = day_of(now - kKept);
  Dropped out;
  TRY(out.days, kDays.drop_partition(db, first));
  TRY(out.keys, db.run(kDropSome, {first, kDroppedAtOnce}));
  return out;
}

Result<> Idempotency::make_partitions(store::Connection& db, Time now) {
  // From yesterday: a key that was taken right before midnight may come into the table behind it.
  return kDays.make_partitions(db, day_of(now) - 1, day_of(now) + kDaysAhead);
}

Result<> Idempotency::load_days(store::Connection& db) {
  return db.query(kOldest, {}, [this](const store::Row& row) {
    if (!row.is_null(0)) oldest_day_ = row.integer(0);
  });
}

Error refusal_of(const IdempotencyVerdict& verdict, std::string_view made) {
  switch (verdict.kind) {
    case IdempotencyVerdict::Kind::kReused:
      return {ErrorCode::kIdempotencyKeyReused,
              "this Idempotency-Key came with another body before"};
    case IdempotencyVerdict::Kind::kUnverifiable:
      return {ErrorCode::kIdempotencyKeyUnverifiable,
              "this key made or changed " + std::string(made) +
                  " before the server was restored from a backup"};
    default: {
      Error running{ErrorCode::kIdempotencyInProgress,
                    "the first request with this key has not ended"};
      running.retry_after = std::chrono::seconds(1);
      return running;
    }
  }
}

}  // namespace flowsell::metering
