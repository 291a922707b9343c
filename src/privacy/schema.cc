#include "privacy/schema.h"

#include <array>

namespace flowsell::privacy {
namespace {

// sent_to is a hash of the request and the address that has the link which stops a deletion: NULL
// where there is none, and once the account's row is gone. A recipient is there masked and as a
// keyed hash, and only until its deletion is done. A hold's id is that of the event that put it on
// record. A row of data_request_parts says that a step is
// done in a cell.
constexpr std::array kMigrations = {store::Migration{.number = 160,
                                                     .name = "data requests",
                                                     .sql = R"sql(
CREATE TABLE data_requests (
  id BLOB NOT NULL PRIMARY KEY,
  kind INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  state INTEGER NOT NULL,
  step INTEGER NOT NULL,
  user_id BLOB NOT NULL,
  workspace_id BLOB NOT NULL,
  contact TEXT NOT NULL,
  contact_hash BLOB NOT NULL,
  requested_by TEXT NOT NULL,
  token_hash BLOB NOT NULL,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  runs_after INTEGER,
  download_until INTEGER,
  finished_at INTEGER,
  certificate TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX data_requests_open ON data_requests (state, id);
CREATE INDEX data_requests_of_user ON data_requests (user_id, id);
CREATE INDEX data_requests_by ON data_requests (requested_by, id);
CREATE INDEX data_requests_of_workspace ON data_requests (workspace_id, id);
CREATE TABLE data_request_parts (
  request_id BLOB NOT NULL,
  step INTEGER NOT NULL,
  cell INTEGER NOT NULL,
  done_at INTEGER NOT NULL,
  PRIMARY KEY (request_id, step, cell)
) STRICT, WITHOUT ROWID;
)sql",
                                                     .expands = true},
                                    store::Migration{.number = 192,
                                                     .name = "where a link was sent",
                                                     .sql = R"sql(
ALTER TABLE data_requests ADD COLUMN sent_to BLOB;
)sql",
                                                     .expands = true},
                                    store::Migration{.number = 200,
                                                     .name = "legal holds",
                                                     .sql = R"sql(
CREATE TABLE legal_holds (
  id BLOB NOT NULL PRIMARY KEY,
  subject INTEGER NOT NULL,
  user_id BLOB NOT NULL,
  workspace_id BLOB NOT NULL,
  contact TEXT NOT NULL,
  contact_hash BLOB NOT NULL,
  reason TEXT NOT NULL,
  put_by TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX legal_holds_of ON legal_holds (subject, user_id, workspace_id, contact_hash);
)sql",
                                                     .expands = true},
                                    store::Migration{.number = 201,
                                                     .name = "one open deletion of a subject",
                                                     .sql = R"sql(
CREATE UNIQUE INDEX data_requests_open_deletion
  ON data_requests (subject, user_id, workspace_id, contact_hash) WHERE kind = 2 AND state < 6;
)sql",
                                                     .expands = true}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::privacy
