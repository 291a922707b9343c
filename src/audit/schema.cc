#include <array>

#include "audit/audit_log.h"

namespace flowsell::audit {
namespace {

// Nothing in audit_events is NULL: one value has one form, and so one hash. The index by id is for
// an event that is asked for by its id, and for a page that begins at one. None is for the filters:
// pages go by (scope, seq), and look at a bounded number of rows each. audit_heads_by_time finds
// the chains that have grown.
constexpr std::array kMigrations = {store::Migration{60, "audit log", R"sql(
CREATE TABLE audit_events (
  scope BLOB NOT NULL,
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  at INTEGER NOT NULL,
  actor_kind INTEGER NOT NULL,
  actor_id TEXT NOT NULL,
  act TEXT NOT NULL,
  target TEXT NOT NULL,
  before_state TEXT NOT NULL,
  after_state TEXT NOT NULL,
  request_id TEXT NOT NULL,
  origin_commitment BLOB NOT NULL,
  personal_commitment BLOB NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (scope, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX audit_events_by_id ON audit_events (scope, id);
CREATE TABLE audit_personal (
  scope BLOB NOT NULL,
  seq INTEGER NOT NULL,
  part INTEGER NOT NULL,
  salt BLOB NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (scope, seq, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_heads (
  scope BLOB NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_heads_by_time ON audit_heads (updated_at, scope);
)sql"},
                                    store::Migration{.number = 190,
                                                     .name = "accounts that are closed",
                                                     .sql = R"sql(
CREATE TABLE closed_accounts (
  user_id BLOB NOT NULL PRIMARY KEY,
  closed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql",
                                                     .expands = true}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::audit
