#include "provider_table.h"

namespace flowsell::sso {
namespace {

using store::Param;
using store::Sql;

#define PROVIDER_COLUMNS                                                                        \
  "id, workspace_id, name, issuer, client_id, sealed_secret, client_auth, role, trusts_email, " \
  "is_enabled, created_at, updated_at"
const Sql kInsert("INSERT INTO sso_providers (" PROVIDER_COLUMNS
                  ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
const Sql kFind("SELECT " PROVIDER_COLUMNS " FROM sso_providers WHERE id = ?1");
const Sql kOfWorkspace("SELECT " PROVIDER_COLUMNS
                       " FROM sso_providers WHERE workspace_id = ?1 ORDER BY id");
#undef PROVIDER_COLUMNS
const Sql kUpdate(
    "UPDATE sso_providers SET name = ?2, client_id = ?3, sealed_secret = ?4, client_auth = ?5, "
    "role = ?6, trusts_email = ?7, is_enabled = ?8, updated_at = ?9 WHERE id = ?1");
const Sql kHold(
    "UPDATE sso_providers SET is_enabled = is_enabled WHERE id = ?1 AND is_enabled = 1");
const Sql kDelete("DELETE FROM sso_providers WHERE id = ?1");

StoredProvider provider_of(const store::Row& row) {
  StoredProvider stored;
  Provider& p = stored.provider;
  p.key = row.id<IdentityProviderId>(0).str();
  p.workspace = row.id<WorkspaceId>(1);
  p.name = row.text(2);
  p.issuer = row.text(3);
  p.client_id = row.text(4);
  stored.sealed_secret = row.text(5);
  p.auth = static_cast<oidc::ClientAuth>(row.integer(6));
  p.role = static_cast<identity::Role>(row.integer(7));
  p.trusts_email = row.integer(8) != 0;
  p.is_enabled = row.integer(9) != 0;
  p.created_at = row.time(10);
  p.updated_at = row.time(11);
  return stored;
}

}  // namespace

IdentityProviderId id_of(const Provider& provider) {
  return IdentityProviderId::parse(provider.key).value_or(IdentityProviderId());
}

Result<> insert_provider(store::Connection& db, const StoredProvider& stored) {
  const Provider& p = stored.provider;
  const IdentityProviderId id = id_of(p);
  return db.write(
      kInsert, {id, p.workspace, p.name, p.issuer, p.client_id, Param::blob(stored.sealed_secret),
                static_cast<int>(p.auth), static_cast<int>(p.role), p.trusts_email, p.is_enabled,
                p.created_at, p.updated_at});
}

Result<> update_provider(store::Connection& db, const StoredProvider& stored) {
  const Provider& p = stored.provider;
  const IdentityProviderId id = id_of(p);
  return db.write(kUpdate, {id, p.name, p.client_id, Param::blob(stored.sealed_secret),
                            static_cast<int>(p.auth), static_cast<int>(p.role), p.trusts_email,
                            p.is_enabled, p.updated_at});
}

Result<> delete_provider(store::Connection& db, const IdentityProviderId& id) {
  return db.write(kDelete, {id});
}

Result<bool> hold_provider(store::Connection& db, const IdentityProviderId& id) {
  TRY(const auto held, db.run(kHold, {id}));
  return held == 1;
}

Result<std::optional<StoredProvider>> find_provider(store::Connection& db,
                                                    const IdentityProviderId& id) {
  std::optional<StoredProvider> found;
  CHECK_OK(db.query(kFind, {id}, [&found](const store::Row& row) { found = provider_of(row); }));
  return found;
}

Result<std::vector<StoredProvider>> list_providers(store::Connection& db,
                                                   const WorkspaceId& workspace) {
  std::vector<StoredProvider> all;
  CHECK_OK(db.query(kOfWorkspace, {workspace},
                    [&all](const store::Row& row) { all.push_back(provider_of(row)); }));
  return all;
}

}  // namespace flowsell::sso
