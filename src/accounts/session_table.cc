#include "session_table.h"

#include "core/encoding.h"

namespace flowsell::accounts {
namespace {

using store::Param;
using store::Sql;

const Sql kInsert(
    "INSERT INTO sessions (id, user_id, token_hash, created_at, seen_at, expires_at, address, "
    "user_agent, has_second_factor, provider, provider_workspace_id, last_seen_address, "
    "identity_id, passkey_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
    "?14)");
// Whoever has the password makes no more of them than one person may have.
const Sql kDeleteOldest(
    "DELETE FROM sessions WHERE user_id = ?1 AND id < (SELECT id FROM sessions WHERE user_id = ?1 "
    "ORDER BY id DESC LIMIT 1 OFFSET ?2)");
#define SESSION_QUERY                                                                            \
  "SELECT s.id, s.created_at, s.seen_at, s.expires_at, s.address, s.user_agent, u.id, u.email, " \
  "u.name, u.email_verified_at, u.created_at, s.has_second_factor, s.provider, "                 \
  "s.provider_workspace_id, s.last_seen_address, s.identity_id, s.passkey_id FROM sessions s "   \
  "JOIN users u ON u.id = s.user_id AND u.closed_at IS NULL "
const Sql kByToken(SESSION_QUERY "WHERE s.token_hash = ?1");
const Sql kOfUser(SESSION_QUERY "WHERE s.user_id = ?1 ORDER BY s.id DESC");
#undef SESSION_QUERY
const Sql kSee(
    "UPDATE sessions SET seen_at = ?2, last_seen_address = ?3 WHERE id = ?1 AND seen_at < ?2");
const Sql kDelete("DELETE FROM sessions WHERE user_id = ?1 AND id = ?2");
const Sql kDeleteOthers("DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2");
const Sql kRotate("UPDATE sessions SET token_hash = ?2 WHERE id = ?1");
// What a passkey has confirmed stays so, whatever becomes of codes.
const Sql kSetFactor(
    "UPDATE sessions SET has_second_factor = CASE WHEN passkey_id IS NULL THEN ?2 ELSE 1 END "
    "WHERE id = ?1");
const Sql kGoesOn("SELECT 1 FROM sessions WHERE id = ?1 AND user_id = ?2 AND expires_at > ?3");
const Sql kDeleteOfPasskey("DELETE FROM sessions WHERE user_id = ?1 AND passkey_id = ?2");
const Sql kDeleteOfProvider("DELETE FROM sessions WHERE provider = ?1");
// Those that are older than the column have no identity.
const Sql kDeleteOfIdentity(
    "DELETE FROM sessions WHERE user_id = ?1 AND (identity_id = ?2 OR (identity_id IS NULL AND "
    "provider = ?3))");
const Sql kDeleteOld("DELETE FROM sessions WHERE expires_at <= ?1 OR seen_at <= ?2");
const Sql kFindDevice("SELECT 1 FROM known_devices WHERE user_id = ?1 AND token_hash = ?2");
const Sql kPutDevice(
    "INSERT INTO known_devices (user_id, token_hash, seen_at) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (user_id, token_hash) DO UPDATE SET seen_at = excluded.seen_at");
const Sql kDeleteOldestDevices(
    "DELETE FROM known_devices WHERE user_id = ?1 AND token_hash <> ?2 AND (seen_at, token_hash) < "
    "(SELECT seen_at, token_hash FROM known_devices WHERE user_id = ?1 ORDER BY seen_at DESC, "
    "token_hash DESC LIMIT 1 OFFSET ?3)");
const Sql kDeleteDevicesOf("DELETE FROM known_devices WHERE user_id = ?1");
const Sql kDeleteDevices("DELETE FROM known_devices WHERE seen_at < ?1");

Session session_of(const store::Row& row) {
  Session session;
  session.id = row.id<SessionId>(0);
  session.created_at = row.time(1);
  session.seen_at = row.time(2);
  session.expires_at = row.time(3);
  session.address = row.text(4);
  session.user_agent = row.text(5);
  session.user = {row.id<UserId>(6), std::string(row.text(7)), std::string(row.text(8)),
                  row.optional_time(9), row.time(10)};
  session.has_second_factor = row.integer(11) != 0;
  if (!row.is_null(12))
    session.voucher =
        Voucher{std::string(row.text(12)), row.id<WorkspaceId>(13), row.id<IdentityId>(15)};
  session.seen_address = row.text(14);
  session.passkey = row.id<PasskeyId>(16);
  return session;
}

Param blob_of(const crypto::Digest& digest) { return Param::blob(as_text(digest)); }

}  // namespace

Result<> insert_session(store::Connection& db, const Session& s, const crypto::Digest& token) {
  const Voucher by = s.voucher.value_or(Voucher());
  CHECK_OK(db.write(
      kInsert, {s.id, s.user.id, blob_of(token), s.created_at, s.seen_at, s.expires_at, s.address,
                s.user_agent, s.has_second_factor ? 1 : 0, Param::text_or_null(by.provider),
                Param::id_or_null(by.workspace), s.seen_address, Param::id_or_null(by.identity),
                Param::id_or_null(s.passkey)}));
  return db.write(kDeleteOldest, {s.user.id, kSessionsMax - 1});
}

Result<std::optional<Session>> find_session(store::Connection& db, const crypto::Digest& token) {
  std::optional<Session> found;
  CHECK_OK(db.query(kByToken, {blob_of(token)},
                    [&found](const store::Row& row) { found = session_of(row); }));
  return found;
}

Result<std::vector<Session>> list_sessions(store::Connection& db, const UserId& user) {
  std::vector<Session> all;
  CHECK_OK(
      db.query(kOfUser, {user}, [&all](const store::Row& row) { all.push_back(session_of(row)); }));
  return all;
}

Result<> see_session(store::Connection& db, const SessionId& id, Time now,
                     std::string_view address) {
  return db.write(kSee, {id, now, address});
}

Result<bool> delete_session(store::Connection& db, const UserId& user, const SessionId& id) {
  TRY(const auto deleted, db.run(kDelete, {user, id}));
  return deleted == 1;
}

Result<> delete_sessions(store::Connection& db, const UserId& user, const SessionId& but) {
  return db.write(kDeleteOthers, {user, but});
}

Result<std::int64_t> delete_vouched_sessions(store::Connection& db, std::string_view provider) {
  return db.run(kDeleteOfProvider, {provider});
}

Result<std::int64_t> delete_vouched_sessions(store::Connection& db, const UserId& user,
                                             const Voucher& by) {
  return db.run(kDeleteOfIdentity, {user, by.identity, by.provider});
}

Result<bool> rotate_session(store::Connection& db, const SessionId& id,
                            const crypto::Digest& token) {
  TRY(const auto rotated, db.run(kRotate, {id, blob_of(token)}));
  return rotated == 1;
}

Result<> set_session_factor(store::Connection& db, const SessionId& id, bool has_second_factor) {
  return db.write(kSetFactor, {id, has_second_factor ? 1 : 0});
}

Result<bool> session_goes_on(store::Connection& db, const UserId& user, const SessionId& id,
                             Time now) {
  bool goes_on = false;
  CHECK_OK(db.query(kGoesOn, {id, user, now}, [&goes_on](const store::Row&) { goes_on = true; }));
  return goes_on;
}

Result<> delete_sessions_of_passkey(store::Connection& db, const UserId& user,
                                    const PasskeyId& passkey) {
  return db.write(kDeleteOfPasskey, {user, passkey});
}

Result<std::int64_t> delete_old_sessions(store::Connection& db, Time now, Time idle_since) {
  return db.run(kDeleteOld, {now, idle_since});
}

Result<bool> is_known_device(store::Connection& db, const UserId& user,
                             const crypto::Digest& token) {
  bool known = false;
  CHECK_OK(
      db.query(kFindDevice, {user, blob_of(token)}, [&known](const store::Row&) { known = true; }));
  return known;
}

Result<> put_known_device(store::Connection& db, const UserId& user, const crypto::Digest& token,
                          Time now) {
  CHECK_OK(db.write(kPutDevice, {user, blob_of(token), now}));
  return db.write(kDeleteOldestDevices, {user, blob_of(token), kDevicesMax - 1});
}

Result<> delete_devices(store::Connection& db, const UserId& user) {
  return db.write(kDeleteDevicesOf, {user});
}

Result<std::int64_t> delete_old_devices(store::Connection& db, Time seen_before) {
  return db.run(kDeleteDevices, {seen_before});
}

}  // namespace flowsell::accounts
