#include "templates/schema.h"

#include <array>

namespace flowsell::templates {
namespace {

constexpr std::array kMigrations = {
    // A template's text is the business's own design, and the provider's to keep: no message.
    store::Migration{70,
                     "templates",
                     R"sql(
CREATE TABLE templates (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  connection_id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  provider_id TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  category TEXT NOT NULL,
  status TEXT NOT NULL,
  rejected_reason TEXT NOT NULL,
  quality TEXT NOT NULL,
  is_named INTEGER NOT NULL,
  components TEXT NOT NULL,
  ttl_seconds INTEGER,
  version INTEGER NOT NULL,
  known INTEGER NOT NULL,
  told_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX templates_of_provider ON templates (workspace_id, connection_id, provider_id);
CREATE UNIQUE INDEX templates_by_name ON templates (workspace_id, connection_id, name, language)
  WHERE deleted_at IS NULL;
)sql",
                     {},
                     true},
    store::Migration{71,
                     "versions of templates",
                     R"sql(
CREATE TABLE template_versions (
  workspace_id BLOB NOT NULL,
  template_id BLOB NOT NULL,
  number INTEGER NOT NULL,
  category TEXT NOT NULL,
  status TEXT NOT NULL,
  rejected_reason TEXT NOT NULL,
  is_named INTEGER NOT NULL,
  components TEXT NOT NULL,
  ttl_seconds INTEGER,
  made_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, template_id, number)
) STRICT, WITHOUT ROWID;
)sql",
                     {},
                     true},
    store::Migration{72,
                     "when templates were read from the provider",
                     R"sql(
CREATE TABLE template_syncs (
  workspace_id BLOB NOT NULL,
  connection_id BLOB NOT NULL,
  synced_at INTEGER NOT NULL,
  templates INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, connection_id)
) STRICT, WITHOUT ROWID;
)sql",
                     {},
                     true},
    // Which flows a provider sends no message with, or few.
    store::Migration{85,
                     "states of flows",
                     R"sql(
CREATE TABLE flow_states (
  workspace_id BLOB NOT NULL,
  connection_id BLOB NOT NULL,
  provider_id TEXT NOT NULL,
  status TEXT NOT NULL,
  told_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, provider_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE flow_sends (
  workspace_id BLOB NOT NULL,
  connection_id BLOB NOT NULL,
  provider_id TEXT NOT NULL,
  message_id BLOB NOT NULL,
  accepted_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, connection_id, provider_id, message_id)
) STRICT, WITHOUT ROWID;
)sql",
                     {},
                     true}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::templates
