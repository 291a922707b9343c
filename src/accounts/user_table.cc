#include "user_table.h"

#include <array>

#include "accounts/names.h"
#include "core/encoding.h"
#include "mail/address.h"

namespace flowsell::accounts {
namespace {

using store::Sql;

const Sql kInsert(
    "INSERT INTO users (id, email, name, password_hash, password_changed_at, email_verified_at, "
    "terms_version, terms_accepted_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5, ?5) "
    "ON CONFLICT (email) DO NOTHING");
#define USER_COLUMNS "id, email, name, email_verified_at, created_at, password_hash"
const Sql kByEmail("SELECT " USER_COLUMNS " FROM users WHERE email = ?1 AND closed_at IS NULL");
const Sql kById("SELECT " USER_COLUMNS " FROM users WHERE id = ?1 AND closed_at IS NULL");
#undef USER_COLUMNS
const Sql kHoldPassword(
    "UPDATE users SET password_hash = password_hash WHERE id = ?1 AND password_hash = ?2 AND "
    "closed_at IS NULL");
const Sql kHold(
    "UPDATE users SET password_hash = password_hash WHERE id = ?1 AND closed_at IS NULL");
const Sql kClose("UPDATE users SET closed_at = ?2 WHERE id = ?1 AND closed_at IS NULL");
const Sql kReopen("UPDATE users SET closed_at = NULL WHERE id = ?1");
const Sql kSetPassword(
    "UPDATE users SET password_hash = ?2, password_changed_at = ?3 WHERE id = ?1");
const Sql kRehash("UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2");
const Sql kSetVerified(
    "UPDATE users SET email_verified_at = ?2 WHERE id = ?1 AND email_verified_at IS NULL");
const Sql kSetEmail(
    "UPDATE users SET email = ?2, email_verified_at = ?3 WHERE id = ?1 AND NOT EXISTS "
    "(SELECT 1 FROM users u WHERE u.email = ?2)");
const Sql kSetName("UPDATE users SET name = ?2 WHERE id = ?1");
const Sql kBehind("SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT ?2");
const Sql kUnverified(
    "SELECT id FROM users WHERE email_verified_at IS NULL AND created_at < ?1 LIMIT 100");
const Sql kDeleteUnverified("DELETE FROM users WHERE id = ?1 AND email_verified_at IS NULL");
const std::array kDeleteHis = {Sql("DELETE FROM email_tokens WHERE user_id = ?1"),
                               Sql("DELETE FROM sessions WHERE user_id = ?1"),
                               Sql("DELETE FROM known_devices WHERE user_id = ?1"),
                               Sql("DELETE FROM terms_acceptances WHERE user_id = ?1"),
                               Sql("DELETE FROM user_workspaces WHERE user_id = ?1")};
const Sql kPutWorkspace(
    "INSERT INTO user_workspaces (user_id, workspace_id, name, role) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (user_id, workspace_id) DO UPDATE SET name = excluded.name, role = excluded.role");
const Sql kDeleteWorkspace("DELETE FROM user_workspaces WHERE user_id = ?1 AND workspace_id = ?2");
const Sql kRenameWorkspace("UPDATE user_workspaces SET name = ?2 WHERE workspace_id = ?1");
const Sql kWorkspaces(
    "SELECT workspace_id, name, role FROM user_workspaces WHERE user_id = ?1 ORDER BY "
    "workspace_id");

User user_of(const store::Row& row) {
  return {row.id<UserId>(0), std::string(row.text(1)), std::string(row.text(2)),
          row.optional_time(3), row.time(4)};
}

Result<std::optional<StoredUser>> find_one(store::Connection& db, const Sql& sql,
                                           store::Params params) {
  std::optional<StoredUser> found;
  CHECK_OK(db.query(sql, params, [&found](const store::Row& row) {
    found = StoredUser{user_of(row), std::string(row.text(5))};
  }));
  return found;
}

Result<std::vector<UserId>> ids_of(store::Connection& db, const Sql& sql, store::Params params) {
  std::vector<UserId> ids;
  CHECK_OK(
      db.query(sql, params, [&ids](const store::Row& row) { ids.push_back(row.id<UserId>(0)); }));
  return ids;
}

}  // namespace

std::optional<std::string> normal_email(std::string_view text) {
  std::string email(trimmed(text));
  for (char& c : email) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return mail::is_valid_address(email) ? std::optional(std::move(email)) : std::nullopt;
}

Result<bool> insert_user(store::Connection& db, const NewUser& user) {
  const User& u = user.user;
  TRY(const auto inserted, db.run(kInsert, {u.id, u.email, u.name, user.password_hash, u.created_at,
                                            u.email_verified_at, user.terms_version}));
  return inserted == 1;
}

Result<std::optional<StoredUser>> find_user_by_email(store::Connection& db,
                                                     std::string_view email) {
  return find_one(db, kByEmail, {email});
}

Result<std::optional<StoredUser>> find_user(store::Connection& db, const UserId& id) {
  return find_one(db, kById, {id});
}

Result<std::vector<User>> find_users(store::Connection& db, std::span<const UserId> ids) {
  std::vector<User> users;
  std::vector<store::Param> params(ids.begin(), ids.end());
  CHECK_OK(db.query_each(kById, params, 1, [&users](std::size_t, const store::Row& row) {
    users.push_back(user_of(row));
  }));
  return users;
}

Result<bool> hold_password(store::Connection& db, const UserId& id, std::string_view hash) {
  TRY(const auto held, db.run(kHoldPassword, {id, hash}));
  return held == 1;
}

Result<bool> hold_user(store::Connection& db, const UserId& id) {
  TRY(const auto held, db.run(kHold, {id}));
  return held == 1;
}

Result<> close_user(store::Connection& db, const UserId& id, Time now) {
  return db.write(kClose, {id, now});
}

Result<> reopen_user(store::Connection& db, const UserId& id) { return db.write(kReopen, {id}); }

Result<> set_password(store::Connection& db, const UserId& id, std::string_view hash, Time now) {
  return db.write(kSetPassword, {id, hash, now});
}

Result<> rehash_password(store::Connection& db, const UserId& id, std::string_view before,
                         std::string_view after) {
  return db.write(kRehash, {id, before, after});
}

Result<> set_email_verified(store::Connection& db, const UserId& id, Time now) {
  return db.write(kSetVerified, {id, now});
}

Result<bool> set_email(store::Connection& db, const UserId& id, std::string_view email, Time now) {
  TRY(const auto set, db.run(kSetEmail, {id, email, now}));
  return set == 1;
}

Result<> set_name(store::Connection& db, const UserId& id, std::string_view name) {
  return db.write(kSetName, {id, name});
}

Result<std::vector<UserId>> list_users_behind(store::Connection& db, const UserId& behind,
                                              std::size_t limit) {
  return ids_of(db, kBehind, {behind, static_cast<std::int64_t>(limit)});
}

Result<std::vector<UserId>> list_unverified(store::Connection& db, Time created_before) {
  return ids_of(db, kUnverified, {created_before});
}

Result<bool> delete_unverified(store::Connection& db, const UserId& id) {
  TRY(const auto deleted, db.run(kDeleteUnverified, {id}));
  if (deleted == 0) return false;
  for (const Sql& sql : kDeleteHis) CHECK_OK(db.write(sql, {id}));
  return true;
}

Result<> put_user_workspace(store::Connection& db, const UserId& user, const UserWorkspace& of) {
  return db.write(kPutWorkspace, {user, of.id, of.name, of.role});
}

Result<> delete_user_workspace(store::Connection& db, const UserId& user,
                               const WorkspaceId& workspace) {
  return db.write(kDeleteWorkspace, {user, workspace});
}

Result<> rename_user_workspaces(store::Connection& db, const WorkspaceId& workspace,
                                std::string_view name) {
  return db.write(kRenameWorkspace, {workspace, name});
}

Result<std::vector<UserWorkspace>> list_user_workspaces(store::Connection& db, const UserId& user) {
  std::vector<UserWorkspace> all;
  CHECK_OK(db.query(kWorkspaces, {user}, [&all](const store::Row& row) {
    all.push_back(
        {row.id<WorkspaceId>(0), std::string(row.text(1)), static_cast<int>(row.integer(2))});
  }));
  return all;
}

}  // namespace flowsell::accounts
