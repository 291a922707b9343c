#include "consent/schema.h"

#include <array>

namespace flowsell::consent {
namespace {

constexpr std::array kMigrations = {store::Migration{142, "consents", R"sql(
CREATE TABLE consents (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  contact_hash BLOB NOT NULL,
  contact TEXT NOT NULL,
  purpose TEXT NOT NULL,
  source TEXT NOT NULL,
  obtained_at INTEGER NOT NULL,
  recorded_by TEXT NOT NULL,
  withdrawn_at INTEGER,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX consents_live ON consents (workspace_id, contact_hash, purpose)
  WHERE withdrawn_at IS NULL;
CREATE INDEX consents_of_contact ON consents (workspace_id, contact_hash, id);
)sql"},
                                    // What people told the provider. One that was taken back stays,
                                    // so that an older one that comes late changes nothing.
                                    store::Migration{145, "choices about marketing", R"sql(
CREATE TABLE marketing_choices (
  workspace_id BLOB NOT NULL,
  sender_id BLOB NOT NULL,
  contact_hash BLOB NOT NULL,
  stopped INTEGER NOT NULL,
  chosen_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, sender_id, contact_hash)
) STRICT, WITHOUT ROWID;
)sql"}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::consent
