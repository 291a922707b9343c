#include "onboarding/schema.h"

#include <array>

namespace flowsell::onboarding {
namespace {

constexpr std::array kMigrations = {store::Migration{50, "onboarding sessions", R"sql(
CREATE TABLE onboarding_sessions (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  way INTEGER NOT NULL,
  state INTEGER NOT NULL,
  label TEXT NOT NULL,
  return_url TEXT NOT NULL,
  allows_coexistence INTEGER NOT NULL,
  token_hash BLOB NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  opened_at INTEGER,
  ended_at INTEGER,
  failure TEXT NOT NULL,
  provider_code INTEGER NOT NULL,
  provider_subcode INTEGER NOT NULL,
  provider_trace TEXT NOT NULL,
  account TEXT NOT NULL,
  address TEXT NOT NULL,
  coexists INTEGER NOT NULL,
  consent INTEGER NOT NULL,
  sealed_grant BLOB,
  granted_until INTEGER,
  oauth_hash BLOB,
  connection_id BLOB,
  busy_until INTEGER,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX onboarding_sessions_by_token ON onboarding_sessions (token_hash);
CREATE INDEX onboarding_sessions_open ON onboarding_sessions (expires_at) WHERE ended_at IS NULL;
CREATE INDEX onboarding_sessions_ended ON onboarding_sessions (ended_at)
  WHERE ended_at IS NOT NULL;
)sql"},
                                    store::Migration{88, "whose a consent is", R"sql(
ALTER TABLE onboarding_sessions ADD COLUMN grant_user TEXT NOT NULL DEFAULT '';
ALTER TABLE onboarding_sessions ADD COLUMN granted_at INTEGER;
CREATE INDEX onboarding_sessions_granted ON onboarding_sessions (grant_user)
  WHERE grant_user <> '';
)sql"}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::onboarding
