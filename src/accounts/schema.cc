#include "accounts/schema.h"

#include <array>

namespace flowsell::accounts {
namespace {

// Of what lets one in there are hashes only: of sessions, devices and links SHA-256, since those
// are random themselves, and of recovery codes; of passwords Argon2id. Seeds of second factors are
// sealed.
constexpr std::array kMigrations = {store::Migration{100, "users and sessions", R"sql(
CREATE TABLE users (
  id BLOB NOT NULL PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  password_changed_at INTEGER NOT NULL,
  email_verified_at INTEGER,
  terms_version TEXT NOT NULL,
  terms_accepted_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
  id BLOB NOT NULL PRIMARY KEY,
  user_id BLOB NOT NULL,
  token_hash BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions (user_id, id);
CREATE TABLE email_tokens (
  token_hash BLOB NOT NULL PRIMARY KEY,
  purpose INTEGER NOT NULL,
  user_id BLOB NOT NULL,
  email TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX email_tokens_of_user ON email_tokens (user_id, purpose);
CREATE TABLE known_devices (
  user_id BLOB NOT NULL,
  token_hash BLOB NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, token_hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE sign_in_attempts (
  bucket BLOB NOT NULL PRIMARY KEY,
  attempts INTEGER NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE user_workspaces (
  user_id BLOB NOT NULL,
  workspace_id BLOB NOT NULL,
  name TEXT NOT NULL,
  role INTEGER NOT NULL,
  PRIMARY KEY (user_id, workspace_id)
) STRICT, WITHOUT ROWID;
)sql"},
                                    store::Migration{101, "sessions with a second factor", R"sql(
ALTER TABLE sessions ADD COLUMN has_second_factor INTEGER NOT NULL DEFAULT 0;
)sql"},
                                    store::Migration{102, "second factors", R"sql(
CREATE TABLE second_factors (
  user_id BLOB NOT NULL PRIMARY KEY,
  sealed_seed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  enabled_at INTEGER,
  last_step INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE recovery_codes (
  user_id BLOB NOT NULL,
  code_hash BLOB NOT NULL,
  PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;
)sql"},
                                    store::Migration{121, "whose word sessions rest on", R"sql(
ALTER TABLE sessions ADD COLUMN provider TEXT;
ALTER TABLE sessions ADD COLUMN provider_workspace_id BLOB;
CREATE INDEX sessions_of_provider ON sessions (provider);
)sql"},
                                    store::Migration{140, "members of a workspace", R"sql(
CREATE INDEX user_workspaces_of ON user_workspaces (workspace_id);
)sql"},
                                    store::Migration{143, "terms that were accepted", R"sql(
CREATE TABLE terms_acceptances (
  user_id BLOB NOT NULL,
  id BLOB NOT NULL,
  version TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  address TEXT NOT NULL,
  PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO terms_acceptances (user_id, id, version, accepted_at, address)
  SELECT id, id, terms_version, terms_accepted_at, '' FROM users WHERE terms_version <> '';
)sql"},
                                    store::Migration{170, "sessions by passkeys", R"sql(
ALTER TABLE sessions ADD COLUMN passkey_id BLOB;
)sql"},
                                    store::Migration{.number = 191,
                                                     .name = "accounts whose deletion runs",
                                                     .sql = R"sql(
ALTER TABLE users ADD COLUMN closed_at INTEGER;
)sql",
                                                     .expands = true},
                                    store::Migration{195, "where sessions were last seen", R"sql(
ALTER TABLE sessions ADD COLUMN last_seen_address TEXT NOT NULL DEFAULT '';
UPDATE sessions SET last_seen_address = address;
)sql"},
                                    store::Migration{196, "which identity sessions rest on", R"sql(
ALTER TABLE sessions ADD COLUMN identity_id BLOB;
)sql"},
                                    store::Migration{197, "accounts that nobody verified", R"sql(
CREATE INDEX users_unverified ON users (created_at) WHERE email_verified_at IS NULL;
)sql"},
                                    store::Migration{198, "sign-ins of unknown addresses", R"sql(
CREATE TABLE unknown_sign_ins (
  network TEXT NOT NULL,
  minute INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  PRIMARY KEY (network, minute)
) STRICT, WITHOUT ROWID;
)sql"}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::accounts
