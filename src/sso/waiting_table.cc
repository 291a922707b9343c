#include "waiting_table.h"

#include "core/encoding.h"

namespace flowsell::sso {
namespace {

using store::Param;
using store::Sql;

const Sql kInsert(
    "INSERT INTO sso_waiting (browser_hash, user_id, provider, identity_id, expires_at) VALUES "
    "(?1, ?2, ?3, ?4, ?5)");
const Sql kFind(
    "SELECT user_id, provider, identity_id, expires_at FROM sso_waiting WHERE browser_hash = ?1 "
    "AND expires_at > ?2");
const Sql kDelete("DELETE FROM sso_waiting WHERE browser_hash = ?1");
const Sql kDeleteOfUser("DELETE FROM sso_waiting WHERE user_id = ?1 AND provider = ?2");
const Sql kDeleteOld("DELETE FROM sso_waiting WHERE expires_at <= ?1");

Param blob_of(const crypto::Digest& digest) { return Param::blob(as_text(digest)); }

}  // namespace

Result<> insert_waiting(store::Connection& db, const crypto::Digest& browser,
                        const StoredWaiting& waiting) {
  return db.write(kInsert, {blob_of(browser), waiting.user, waiting.provider, waiting.identity,
                            waiting.expires_at});
}

Result<std::optional<StoredWaiting>> find_waiting(store::Connection& db,
                                                  const crypto::Digest& browser, Time now) {
  std::optional<StoredWaiting> found;
  CHECK_OK(db.query(kFind, {blob_of(browser), now}, [&found](const store::Row& row) {
    found = StoredWaiting{row.id<UserId>(0), std::string(row.text(1)), row.id<IdentityId>(2),
                          row.time(3)};
  }));
  return found;
}

Result<> delete_waiting(store::Connection& db, const crypto::Digest& browser) {
  return db.write(kDelete, {blob_of(browser)});
}

Result<> delete_waiting(store::Connection& db, const UserId& user, std::string_view provider) {
  return db.write(kDeleteOfUser, {user, provider});
}

Result<> delete_old_waiting(store::Connection& db, Time now) { return db.write(kDeleteOld, {now}); }

}  // namespace flowsell::sso
