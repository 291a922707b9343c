#include "team/schema.h"

#include <array>

namespace flowsell::team {
namespace {

constexpr std::array kMigrations = {store::Migration{110, "members and invitations", R"sql(
CREATE TABLE members (
  workspace_id BLOB NOT NULL,
  user_id BLOB NOT NULL,
  role INTEGER NOT NULL,
  joined_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE invitations (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  email TEXT NOT NULL,
  role INTEGER NOT NULL,
  token_hash BLOB NOT NULL,
  invited_by BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX invitations_email ON invitations (workspace_id, email);
)sql"},
                                    store::Migration{.number = 131,
                                                     .name = "support sessions",
                                                     .sql = R"sql(
CREATE TABLE support_sessions (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  operator_id BLOB NOT NULL,
  category INTEGER NOT NULL,
  reason TEXT NOT NULL,
  ticket TEXT NOT NULL,
  reads TEXT NOT NULL,
  writes TEXT NOT NULL,
  span_seconds INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  approved_by TEXT NOT NULL,
  approved_at INTEGER,
  expires_at INTEGER NOT NULL,
  ended_by TEXT NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX support_sessions_open ON support_sessions (expires_at) WHERE ended_at IS NULL;
)sql",
                                                     .expands = true},
                                    store::Migration{141, "what retention removed", R"sql(
CREATE TABLE retention_runs (
  workspace_id BLOB NOT NULL,
  day INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  events INTEGER NOT NULL,
  deliveries INTEGER NOT NULL,
  contents INTEGER NOT NULL,
  is_over INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX retention_runs_open ON retention_runs (day) WHERE is_over = 0;
)sql"},
                                    store::Migration{144, "the provider's policies", R"sql(
CREATE TABLE policy_acceptances (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  version TEXT NOT NULL,
  user_id BLOB NOT NULL,
  accepted_at INTEGER NOT NULL,
  address TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX policy_acceptances_version ON policy_acceptances (workspace_id, version);
)sql"}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::team
