#include "webhook/schema.h"

#include <array>

namespace flowsell::webhook {
namespace {

constexpr std::array kMigrations = {
    store::Migration{30, "webhook endpoints, events, deliveries", R"sql(
CREATE TABLE webhook_endpoints (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  description TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  sealed_secret BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  type INTEGER NOT NULL,
  subject BLOB NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  pending INTEGER NOT NULL,
  key_id INTEGER,
  sealed BLOB,
  content_expires_at INTEGER,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_content ON events (content_expires_at) WHERE sealed IS NOT NULL;
CREATE TABLE deliveries (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  endpoint_id BLOB NOT NULL,
  event_id BLOB NOT NULL,
  event_type INTEGER NOT NULL,
  status INTEGER NOT NULL,
  attempts TEXT NOT NULL,
  next_attempt_at INTEGER,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
)sql"},
    // Type 10 is provider.unknown: by its subject it is seen that it came before. The index has the
    // primary key behind the subject; were the workspace first, SQLite 3.40 would not use it.
    store::Migration{31, "updates that were not understood, once", R"sql(
CREATE INDEX events_unknown ON events (subject) WHERE type = 10;
)sql"},
    // Deliveries whose rows are still to come, packed: see begun_deliveries.h.
    store::Migration{32, "begun deliveries", R"sql(
CREATE TABLE begun_deliveries (
  slot INTEGER PRIMARY KEY,
  items BLOB NOT NULL
) STRICT;
)sql"},
    // See store/growing_table.h: the months are made at each start, and in time.
    store::Migration{33, "events and deliveries by month", "", R"sql(
ALTER TABLE events RENAME TO events_default;
ALTER INDEX events_pkey RENAME TO events_default_pkey;
ALTER INDEX events_content RENAME TO events_default_content;
ALTER INDEX events_unknown RENAME TO events_default_unknown;
CREATE TABLE events (LIKE events_default INCLUDING DEFAULTS) PARTITION BY RANGE (id);
ALTER TABLE events ADD PRIMARY KEY (workspace_id, id);
CREATE INDEX events_content ON events (content_expires_at) WHERE sealed IS NOT NULL;
CREATE INDEX events_unknown ON events (subject) WHERE type = 10;
ALTER TABLE events ATTACH PARTITION events_default DEFAULT;
ALTER TABLE deliveries RENAME TO deliveries_default;
ALTER INDEX deliveries_pkey RENAME TO deliveries_default_pkey;
CREATE TABLE deliveries (LIKE deliveries_default INCLUDING DEFAULTS) PARTITION BY RANGE (id);
ALTER TABLE deliveries ADD PRIMARY KEY (workspace_id, id);
ALTER TABLE deliveries ATTACH PARTITION deliveries_default DEFAULT;
)sql"},
    // Types from 10 on are what providers may repeat: see is_told_once(). contact_hash: whom an
    // event is about that has no message of ours.
    store::Migration{34, "events of people, and events once", R"sql(
ALTER TABLE events ADD COLUMN contact_hash BLOB;
DROP INDEX events_unknown;
CREATE INDEX events_once ON events (subject) WHERE type >= 10;
)sql"},
    store::Migration{35, "the format of webhook endpoints", R"sql(
ALTER TABLE webhook_endpoints ADD COLUMN format INTEGER NOT NULL DEFAULT 0;
)sql"},
    // Empty, too: none.
    store::Migration{92, "the token that endpoints are asked with", R"sql(
ALTER TABLE webhook_endpoints ADD COLUMN sealed_verify_token BLOB;
)sql"}};

const store::GrowingTable kEvents("events");
const store::GrowingTable kDeliveries("deliveries");
constexpr std::array<const store::GrowingTable*, 2> kGrowing = {&kEvents, &kDeliveries};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }
std::span<const store::GrowingTable* const> growing_tables() { return kGrowing; }

}  // namespace flowsell::webhook
