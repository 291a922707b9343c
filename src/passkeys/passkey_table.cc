#include "passkey_table.h"

namespace flowsell::passkeys {
namespace {

using store::Param;
using store::Sql;

#define PASSKEY_COLUMNS                                                                    \
  "id, user_id, name, credential_id, public_key, sign_count, backup_eligible, backed_up, " \
  "transports, created_at, used_at"
const Sql kInsert("INSERT INTO passkeys (" PASSKEY_COLUMNS
                  ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
                  "ON CONFLICT (credential_id) DO NOTHING");
const Sql kByCredential("SELECT " PASSKEY_COLUMNS " FROM passkeys WHERE credential_id = ?1");
const Sql kOfUser("SELECT " PASSKEY_COLUMNS " FROM passkeys WHERE user_id = ?1 ORDER BY id");
const Sql kRename(
    "UPDATE passkeys SET name = ?3 WHERE user_id = ?1 AND id = ?2 RETURNING " PASSKEY_COLUMNS);
#undef PASSKEY_COLUMNS
const Sql kCount("SELECT COUNT(*) FROM passkeys WHERE user_id = ?1");
const Sql kDelete("DELETE FROM passkeys WHERE user_id = ?1 AND id = ?2");
const Sql kUse(
    "UPDATE passkeys SET sign_count = ?2, backed_up = ?3, used_at = ?4 WHERE id = ?1 AND "
    "(sign_count < ?2 OR (sign_count = 0 AND ?2 = 0))");
const Sql kIsThere("SELECT 1 FROM passkeys WHERE id = ?1");
const Sql kWarn(
    "UPDATE passkeys SET warned_at = ?2 WHERE id = ?1 AND (warned_at IS NULL OR warned_at < ?3)");

Passkey passkey_of(const store::Row& row) {
  Passkey passkey;
  passkey.id = row.id<PasskeyId>(0);
  passkey.user = row.id<UserId>(1);
  passkey.name = row.text(2);
  passkey.credential_id = row.text(3);
  passkey.public_key = row.text(4);
  passkey.sign_count = row.integer(5);
  passkey.backup_eligible = row.integer(6) != 0;
  passkey.backed_up = row.integer(7) != 0;
  passkey.transports = row.text(8);
  passkey.created_at = row.time(9);
  passkey.used_at = row.optional_time(10);
  return passkey;
}

Result<std::optional<Passkey>> find_one(store::Connection& db, const Sql& sql,
                                        store::Params params) {
  std::optional<Passkey> found;
  CHECK_OK(db.query(sql, params, [&found](const store::Row& row) { found = passkey_of(row); }));
  return found;
}

}  // namespace

Result<bool> insert_passkey(store::Connection& db, const Passkey& p) {
  TRY(const auto inserted,
      db.run(kInsert, {p.id, p.user, p.name, Param::blob(p.credential_id),
                       Param::blob(p.public_key), p.sign_count, p.backup_eligible, p.backed_up,
                       p.transports, p.created_at, p.used_at}));
  return inserted == 1;
}

Result<std::optional<Passkey>> find_by_credential(store::Connection& db,
                                                  std::string_view credential_id) {
  return find_one(db, kByCredential, {Param::blob(credential_id)});
}

Result<std::vector<Passkey>> list_passkeys(store::Connection& db, const UserId& user) {
  std::vector<Passkey> all;
  CHECK_OK(
      db.query(kOfUser, {user}, [&all](const store::Row& row) { all.push_back(passkey_of(row)); }));
  return all;
}

Result<std::int64_t> count_passkeys(store::Connection& db, const UserId& user) {
  std::int64_t count = 0;
  CHECK_OK(db.query(kCount, {user}, [&count](const store::Row& row) { count = row.integer(0); }));
  return count;
}

Result<std::optional<Passkey>> rename_passkey(store::Connection& db, const UserId& user,
                                              const PasskeyId& id, std::string_view name) {
  return find_one(db, kRename, {user, id, name});
}

Result<bool> delete_passkey(store::Connection& db, const UserId& user, const PasskeyId& id) {
  TRY(const auto deleted, db.run(kDelete, {user, id}));
  return deleted == 1;
}

Result<bool> use_passkey(store::Connection& db, const Use& use) {
  TRY(const auto used, db.run(kUse, {use.id, use.sign_count, use.backed_up, use.at}));
  return used == 1;
}

Result<bool> is_there(store::Connection& db, const PasskeyId& id) {
  bool found = false;
  CHECK_OK(db.query(kIsThere, {id}, [&found](const store::Row&) { found = true; }));
  return found;
}

Result<bool> note_warning(store::Connection& db, const PasskeyId& id, Time now, Time told_before) {
  TRY(const auto noted, db.run(kWarn, {id, now, told_before}));
  return noted == 1;
}

}  // namespace flowsell::passkeys
