#include "identity_table.h"

namespace flowsell::sso {
namespace {

using store::Sql;

#define IDENTITY_COLUMNS "id, issuer, subject, user_id, provider, email, created_at, used_at"
const Sql kInsert("INSERT INTO sso_identities (" IDENTITY_COLUMNS
                  ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (issuer, subject) DO "
                  "NOTHING");
const Sql kFind("SELECT " IDENTITY_COLUMNS
                " FROM sso_identities WHERE issuer = ?1 AND subject = ?2");
const Sql kOfUser("SELECT " IDENTITY_COLUMNS " FROM sso_identities WHERE user_id = ?1 ORDER BY id");
const Sql kDelete(
    "DELETE FROM sso_identities WHERE user_id = ?1 AND id = ?2 RETURNING " IDENTITY_COLUMNS);
#undef IDENTITY_COLUMNS
const Sql kUse(
    "UPDATE sso_identities SET provider = ?3, email = ?4, used_at = ?5 WHERE issuer = ?1 AND "
    "subject = ?2");

Identity identity_of(const store::Row& row) {
  return {row.id<IdentityId>(0),
          std::string(row.text(1)),
          std::string(row.text(2)),
          row.id<UserId>(3),
          std::string(row.text(4)),
          std::string(row.text(5)),
          row.time(6),
          row.time(7)};
}

}  // namespace

Result<bool> insert_identity(store::Connection& db, const Identity& i) {
  TRY(const auto inserted, db.run(kInsert, {i.id, i.issuer, i.subject, i.user, i.provider, i.email,
                                            i.created_at, i.used_at}));
  return inserted == 1;
}

Result<std::optional<Identity>> find_identity(store::Connection& db, std::string_view issuer,
                                              std::string_view subject) {
  std::optional<Identity> found;
  CHECK_OK(db.query(kFind, {issuer, subject},
                    [&found](const store::Row& row) { found = identity_of(row); }));
  return found;
}

Result<std::vector<Identity>> list_identities(store::Connection& db, const UserId& user) {
  std::vector<Identity> all;
  CHECK_OK(db.query(kOfUser, {user},
                    [&all](const store::Row& row) { all.push_back(identity_of(row)); }));
  return all;
}

Result<> use_identity(store::Connection& db, const Identity& i) {
  return db.write(kUse, {i.issuer, i.subject, i.provider, i.email, i.used_at});
}

Result<std::optional<Identity>> delete_identity(store::Connection& db, const UserId& user,
                                                const IdentityId& id) {
  std::optional<Identity> deleted;
  CHECK_OK(db.query(kDelete, {user, id},
                    [&deleted](const store::Row& row) { deleted = identity_of(row); }));
  return deleted;
}

}  // namespace flowsell::sso
