#include "sso/schema.h"

#include <array>

namespace flowsell::sso {
namespace {

// A claim is a workspace's; a domain that was proven belongs to one of them. Attempts are found by
// the SHA-256 of what the browser has, and hold what must stay secret sealed.
constexpr std::array kMigrations = {store::Migration{120, "single sign-on", R"sql(
CREATE TABLE sso_providers (
  id BLOB NOT NULL PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  name TEXT NOT NULL,
  issuer TEXT NOT NULL,
  client_id TEXT NOT NULL,
  sealed_secret BLOB NOT NULL,
  client_auth INTEGER NOT NULL,
  role INTEGER NOT NULL,
  trusts_email INTEGER NOT NULL,
  is_enabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sso_providers_of_workspace ON sso_providers (workspace_id, id);
CREATE TABLE sso_identities (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  id BLOB NOT NULL UNIQUE,
  user_id BLOB NOT NULL,
  provider TEXT NOT NULL,
  email TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX sso_identities_of_user ON sso_identities (user_id, id);
CREATE TABLE sso_attempts (
  browser_hash BLOB NOT NULL PRIMARY KEY,
  provider TEXT NOT NULL,
  user_id BLOB,
  return_to TEXT NOT NULL,
  terms_version TEXT NOT NULL,
  sealed BLOB NOT NULL,
  begun_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sso_domain_claims (
  workspace_id BLOB NOT NULL,
  domain TEXT NOT NULL,
  token TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, domain)
) STRICT, WITHOUT ROWID;
CREATE TABLE sso_domains (
  domain TEXT NOT NULL PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  verified_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql"},
                                    store::Migration{.number = 181,
                                                     .name = "sign-ins that wait for a code",
                                                     .sql = R"sql(
CREATE TABLE sso_waiting (
  browser_hash BLOB NOT NULL PRIMARY KEY,
  user_id BLOB NOT NULL,
  provider TEXT NOT NULL,
  identity_id BLOB NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sso_waiting_of_user ON sso_waiting (user_id);
)sql",
                                                     .expands = true},
                                    // Domains that were proven before are looked up at once.
                                    store::Migration{.number = 185,
                                                     .name = "domains are looked up again",
                                                     .sql = R"sql(
ALTER TABLE sso_domains ADD COLUMN looked_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sso_domains ADD COLUMN misses INTEGER NOT NULL DEFAULT 0;
)sql",
                                                     .expands = true}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::sso
