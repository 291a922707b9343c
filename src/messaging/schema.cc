#include "messaging/schema.h"

#include <array>

namespace flowsell::messaging {
namespace {

// messages holds no content: kind, masked recipient, keyed hash, ids, status and its times, error
// codes.
constexpr std::array kMigrations = {
    store::Migration{40, "connections, senders, messages", R"sql(
CREATE TABLE connections (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  business_name TEXT NOT NULL,
  sealed_token BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE senders (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  connection_id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  display_number TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX senders_address ON senders (channel, mode, address);
CREATE TABLE messages (
  workspace_id BLOB NOT NULL,
  id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  inbound INTEGER NOT NULL,
  sender_id BLOB NOT NULL,
  kind TEXT NOT NULL,
  contact TEXT NOT NULL,
  contact_hash BLOB NOT NULL,
  status INTEGER NOT NULL,
  provider_message_id TEXT,
  client_ref TEXT,
  metadata TEXT,
  created_at INTEGER NOT NULL,
  sending_at INTEGER,
  unknown_at INTEGER,
  sent_at INTEGER,
  failed_at INTEGER,
  delivered_at INTEGER,
  read_at INTEGER,
  error_code TEXT,
  provider_code INTEGER,
  provider_subcode INTEGER,
  provider_trace TEXT,
  PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
)sql"},
    // Messages whose first attempt is open, packed: see begun_messages.h.
    store::Migration{41, "begun messages", R"sql(
CREATE TABLE begun_messages (
  slot INTEGER PRIMARY KEY,
  items BLOB NOT NULL
) STRICT;
)sql"},
    // See store/growing_table.h: the months are made at each start, and in time.
    store::Migration{42, "messages by month", "", R"sql(
ALTER TABLE messages RENAME TO messages_default;
ALTER INDEX messages_pkey RENAME TO messages_default_pkey;
CREATE TABLE messages (LIKE messages_default INCLUDING DEFAULTS) PARTITION BY RANGE (id);
ALTER TABLE messages ADD PRIMARY KEY (workspace_id, id);
ALTER TABLE messages ATTACH PARTITION messages_default DEFAULT;
)sql"},
    // Times only; what says nothing any more goes after days: see conversation_windows.h.
    store::Migration{43, "windows of conversations", R"sql(
CREATE TABLE conversation_windows (
  workspace_id BLOB NOT NULL,
  sender_id BLOB NOT NULL,
  contact_hash BLOB NOT NULL,
  last_inbound_at INTEGER NOT NULL,
  entry_point_at INTEGER,
  PRIMARY KEY (workspace_id, sender_id, contact_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_windows_old ON conversation_windows (last_inbound_at);
)sql"}};

const store::GrowingTable kMessages("messages");
constexpr std::array<const store::GrowingTable*, 1> kGrowing = {&kMessages};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }
std::span<const store::GrowingTable* const> growing_tables() { return kGrowing; }

}  // namespace flowsell::messaging
