#include "attempt_table.h"

#include "core/encoding.h"

namespace flowsell::sso {
namespace {

using store::Param;
using store::Sql;

const Sql kInsert(
    "INSERT INTO sso_attempts (browser_hash, provider, user_id, return_to, terms_version, sealed, "
    "begun_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
const Sql kTake(
    "DELETE FROM sso_attempts WHERE browser_hash = ?1 RETURNING provider, user_id, return_to, "
    "terms_version, sealed, begun_at, expires_at");
const Sql kDeleteOld("DELETE FROM sso_attempts WHERE expires_at <= ?1");

}  // namespace

Result<> insert_attempt(store::Connection& db, const crypto::Digest& browser,
                        const StoredAttempt& a) {
  return db.write(
      kInsert, {Param::blob(as_text(browser)), a.provider, Param::id_or_null(a.user), a.return_to,
                a.terms_version, Param::blob(a.sealed), a.begun_at, a.expires_at});
}

Result<std::optional<StoredAttempt>> take_attempt(store::Connection& db,
                                                  const crypto::Digest& browser) {
  std::optional<StoredAttempt> taken;
  CHECK_OK(db.query(kTake, {Param::blob(as_text(browser))}, [&taken](const store::Row& row) {
    taken = StoredAttempt{std::string(row.text(0)),
                          row.id<UserId>(1),
                          std::string(row.text(2)),
                          std::string(row.text(3)),
                          std::string(row.text(4)),
                          row.time(5),
                          row.time(6)};
  }));
  return taken;
}

Result<> delete_old_attempts(store::Connection& db, Time now) {
  return db.write(kDeleteOld, {now});
}

}  // namespace flowsell::sso
