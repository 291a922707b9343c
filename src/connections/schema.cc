#include "connections/schema.h"

#include <array>

namespace flowsell::connections {
namespace {

constexpr std::array kMigrations = {
    store::Migration{46, "the mode of a connection", R"sql(
ALTER TABLE connections ADD COLUMN mode INTEGER NOT NULL DEFAULT 0;
UPDATE connections SET mode = 1 WHERE EXISTS (SELECT 1 FROM senders WHERE
  senders.workspace_id = connections.workspace_id AND senders.connection_id = connections.id
  AND senders.mode = 1);
)sql"},
    // What was connected before is as good as active. A number may be connected again elsewhere
    // once it was let go of: that nobody else has it is looked at where it is connected.
    store::Migration{47, "the life of a connection", R"sql(
ALTER TABLE connections ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN status INTEGER NOT NULL DEFAULT 2;
ALTER TABLE connections ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN reason_at INTEGER;
ALTER TABLE connections ADD COLUMN via INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN owner_business_id TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN currency TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN is_on_app INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN token_expires_at INTEGER;
ALTER TABLE connections ADD COLUMN token_checked_at INTEGER;
ALTER TABLE connections ADD COLUMN token_user TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN payment INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN admin_notes TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN updated_at INTEGER;
ALTER TABLE connections ADD COLUMN disconnected_at INTEGER;
CREATE INDEX connections_account ON connections (account, mode, channel);
DROP INDEX senders_address;
CREATE INDEX senders_address ON senders (channel, mode, address);
)sql"},
    store::Migration{48, "steps of an onboarding", R"sql(
CREATE TABLE connection_steps (
  workspace_id BLOB NOT NULL,
  connection_id BLOB NOT NULL,
  step TEXT NOT NULL,
  state INTEGER NOT NULL,
  code TEXT NOT NULL,
  fix TEXT NOT NULL,
  about TEXT NOT NULL,
  provider_code INTEGER NOT NULL,
  provider_subcode INTEGER NOT NULL,
  provider_trace TEXT NOT NULL,
  note TEXT NOT NULL,
  done_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, step)
) STRICT, WITHOUT ROWID;
)sql"},
    store::Migration{49, "who pays for a connection", R"sql(
CREATE TABLE connection_funding (
  workspace_id BLOB NOT NULL,
  connection_id BLOB NOT NULL,
  effective_from INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  set_by TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, effective_from)
) STRICT, WITHOUT ROWID;
)sql"},
    // A number may be connected anew before its former owner has let go of what it had here.
    store::Migration{89, "what connections leave behind", R"sql(
CREATE TABLE connection_partings (
  workspace_id BLOB NOT NULL,
  tries INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id)
) STRICT, WITHOUT ROWID;
ALTER TABLE senders ADD COLUMN let_go_at INTEGER;
)sql"}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::connections
