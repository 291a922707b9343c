#include "attempts.h"

#include <algorithm>
#include <string>

#include "core/encoding.h"
#include "core/packing.h"

namespace flowsell::accounts {
namespace {

using store::Param;
using store::Sql;

// ?3: counts of spans that began before it are over.
const Sql kTake(
    "INSERT INTO sign_in_attempts (bucket, attempts, since) VALUES (?1, 1, ?2) "
    "ON CONFLICT (bucket) DO UPDATE SET "
    "attempts = CASE WHEN sign_in_attempts.since <= ?3 THEN 1 ELSE sign_in_attempts.attempts + 1 "
    "END, "
    "since = CASE WHEN sign_in_attempts.since <= ?3 THEN excluded.since ELSE "
    "sign_in_attempts.since END "
    "RETURNING attempts, since");
const Sql kGiveBack(
    "UPDATE sign_in_attempts SET attempts = attempts - 1 WHERE bucket = ?1 AND attempts > 0");
const Sql kForget("DELETE FROM sign_in_attempts WHERE bucket = ?1");
const Sql kDeleteOld("DELETE FROM sign_in_attempts WHERE since < ?1");

const Sql kCountUnknown(
    "INSERT INTO unknown_sign_ins (network, minute, attempts) VALUES (?1, ?2, 1) ON CONFLICT "
    "(network, minute) DO UPDATE SET attempts = unknown_sign_ins.attempts + 1");
const Sql kTakeUnknown(
    "DELETE FROM unknown_sign_ins WHERE (network, minute) IN (SELECT network, minute FROM "
    "unknown_sign_ins WHERE minute < ?1 ORDER BY minute, network LIMIT 500) RETURNING network, "
    "minute, attempts");

Time minute_of(Time now) { return std::chrono::floor<std::chrono::minutes>(now); }

Param blob_of(const crypto::Digest& digest) { return Param::blob(as_text(digest)); }

}  // namespace

crypto::Digest attempt_bucket(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) pack_text(text, part);
  return crypto::sha256(text);
}

Result<std::optional<std::chrono::seconds>> take_attempt(store::Connection& db,
                                                         const crypto::Digest& bucket,
                                                         const AttemptLimit& limit, Time now) {
  std::int64_t attempts = 0;
  Time since{};
  CHECK_OK(db.query(kTake, {blob_of(bucket), now, now - limit.span}, [&](const store::Row& row) {
    attempts = row.integer(0);
    since = row.time(1);
  }));
  if (attempts <= limit.attempts) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::seconds>(since + limit.span - now);
  return std::max(left, std::chrono::seconds(1));
}

Result<> give_back_attempt(store::Connection& db, const crypto::Digest& bucket) {
  return db.write(kGiveBack, {blob_of(bucket)});
}

Result<> forget_attempts(store::Connection& db, const crypto::Digest& bucket) {
  return db.write(kForget, {blob_of(bucket)});
}

Result<> count_unknown(store::Connection& db, std::string_view network, Time now) {
  return db.write(kCountUnknown, {network, minute_of(now)});
}

Result<std::vector<UnknownSignIns>> take_unknown(store::Connection& db, Time now) {
  std::vector<UnknownSignIns> all;
  CHECK_OK(db.query(kTakeUnknown, {minute_of(now)}, [&all](const store::Row& row) {
    all.push_back({std::string(row.text(0)), row.time(1), row.integer(2)});
  }));
  return all;
}

Result<std::int64_t> delete_old_attempts(store::Connection& db, Time since_before) {
  return db.run(kDeleteOld, {since_before});
}

}  // namespace flowsell::accounts
