#include "factor_table.h"

#include "core/encoding.h"

namespace flowsell::accounts {
namespace {

using store::Param;
using store::Sql;

const Sql kPut(
    "INSERT INTO second_factors (user_id, sealed_seed, created_at, enabled_at, last_step) "
    "VALUES (?1, ?2, ?3, NULL, 0) ON CONFLICT (user_id) DO UPDATE SET "
    "sealed_seed = excluded.sealed_seed, created_at = excluded.created_at, last_step = 0 "
    "WHERE second_factors.enabled_at IS NULL");
const Sql kFind("SELECT sealed_seed, enabled_at, last_step FROM second_factors WHERE user_id = ?1");
const Sql kEnable(
    "UPDATE second_factors SET enabled_at = ?3, last_step = ?2 "
    "WHERE user_id = ?1 AND enabled_at IS NULL");
const Sql kTakeStep(
    "UPDATE second_factors SET last_step = ?2 WHERE user_id = ?1 AND last_step < ?2");
const Sql kDelete("DELETE FROM second_factors WHERE user_id = ?1");
const Sql kDeleteOld("DELETE FROM second_factors WHERE enabled_at IS NULL AND created_at < ?1");
const Sql kPutCode("INSERT INTO recovery_codes (user_id, code_hash) VALUES (?1, ?2)");
const Sql kUseCode("DELETE FROM recovery_codes WHERE user_id = ?1 AND code_hash = ?2");
const Sql kCountCodes("SELECT COUNT(*) FROM recovery_codes WHERE user_id = ?1");
const Sql kListCodes("SELECT code_hash FROM recovery_codes WHERE user_id = ?1 ORDER BY code_hash");
const Sql kDeleteCodes("DELETE FROM recovery_codes WHERE user_id = ?1");

Param blob_of(const crypto::Digest& digest) { return Param::blob(as_text(digest)); }

}  // namespace

Result<bool> put_new_factor(store::Connection& db, const UserId& user, std::string_view sealed_seed,
                            Time now) {
  TRY(const auto put, db.run(kPut, {user, Param::blob(sealed_seed), now}));
  return put == 1;
}

Result<std::optional<StoredFactor>> find_factor(store::Connection& db, const UserId& user) {
  std::optional<StoredFactor> found;
  CHECK_OK(db.query(kFind, {user}, [&found](const store::Row& row) {
    found = StoredFactor{std::string(row.text(0)), row.optional_time(1), row.integer(2)};
  }));
  return found;
}

Result<bool> enable_factor(store::Connection& db, const UserId& user, std::int64_t step, Time now) {
  TRY(const auto enabled, db.run(kEnable, {user, step, now}));
  return enabled == 1;
}

Result<bool> take_step(store::Connection& db, const UserId& user, std::int64_t step) {
  TRY(const auto taken, db.run(kTakeStep, {user, step}));
  return taken == 1;
}

Result<bool> delete_factor(store::Connection& db, const UserId& user) {
  TRY(const auto deleted, db.run(kDelete, {user}));
  CHECK_OK(db.write(kDeleteCodes, {user}));
  return deleted == 1;
}

Result<std::int64_t> delete_old_factors(store::Connection& db, Time begun_before) {
  return db.run(kDeleteOld, {begun_before});
}

Result<> put_recovery_codes(store::Connection& db, const UserId& user,
                            std::span<const crypto::Digest> hashes) {
  CHECK_OK(db.write(kDeleteCodes, {user}));
  for (const crypto::Digest& hash : hashes) CHECK_OK(db.write(kPutCode, {user, blob_of(hash)}));
  return {};
}

Result<bool> use_recovery_code(store::Connection& db, const UserId& user,
                               const crypto::Digest& hash) {
  TRY(const auto used, db.run(kUseCode, {user, blob_of(hash)}));
  return used == 1;
}

Result<std::int64_t> count_recovery_codes(store::Connection& db, const UserId& user) {
  std::int64_t count = 0;
  CHECK_OK(
      db.query(kCountCodes, {user}, [&count](const store::Row& row) { count = row.integer(0); }));
  return count;
}

Result<std::vector<std::string>> list_recovery_codes(store::Connection& db, const UserId& user) {
  std::vector<std::string> hashes;
  CHECK_OK(db.query(kListCodes, {user},
                    [&hashes](const store::Row& row) { hashes.emplace_back(row.text(0)); }));
  return hashes;
}

}  // namespace flowsell::accounts
