#include "media/schema.h"

#include <array>

namespace flowsell::media {
namespace {

constexpr std::array kMigrations = {
    store::Migration{.number = 75,
                     .name = "media",
                     .sql = R"sql(
CREATE TABLE media (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  sender_id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  direction INTEGER NOT NULL,
  purpose INTEGER NOT NULL,
  provider_id TEXT NOT NULL,
  handle TEXT NOT NULL,
  filename TEXT NOT NULL,
  mime_type TEXT NOT NULL,
  sniffed_type TEXT NOT NULL,
  size INTEGER,
  sha256 BLOB,
  source_url TEXT NOT NULL,
  contact_hash BLOB,
  expires_at INTEGER,
  used_at INTEGER,
  deleted_at INTEGER,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX media_of_provider ON media (workspace_id, provider_id);
CREATE INDEX media_same ON media (workspace_id, sender_id, sha256);
CREATE INDEX media_of_contact ON media (workspace_id, contact_hash) WHERE contact_hash IS NOT NULL;
CREATE INDEX media_end ON media (expires_at);
)sql",
                     .expands = true},
    // A client may hold the id that the provider gave first: that of a renewal is another.
    store::Migration{.number = 91,
                     .name = "the first id of media that were uploaded anew",
                     .sql = R"sql(
ALTER TABLE media ADD COLUMN first_provider_id TEXT;
CREATE INDEX media_of_first_id ON media (workspace_id, first_provider_id)
  WHERE first_provider_id IS NOT NULL;
)sql",
                     .expands = true}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::media
