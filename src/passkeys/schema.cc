#include "passkeys/schema.h"

#include <array>

namespace flowsell::passkeys {
namespace {

// A challenge is found by its SHA-256, and belongs to who asked for it: a session, or a browser.
constexpr std::array kMigrations = {store::Migration{171, "passkeys", R"sql(
CREATE TABLE passkeys (
  id BLOB NOT NULL PRIMARY KEY,
  user_id BLOB NOT NULL,
  name TEXT NOT NULL,
  credential_id BLOB NOT NULL UNIQUE,
  public_key BLOB NOT NULL,
  sign_count INTEGER NOT NULL,
  backup_eligible INTEGER NOT NULL,
  backed_up INTEGER NOT NULL,
  transports TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER,
  warned_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_of_user ON passkeys (user_id, id);
CREATE TABLE passkey_challenges (
  challenge_hash BLOB NOT NULL PRIMARY KEY,
  bound_to BLOB NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql"}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::passkeys
