#include "numbers/schema.h"

#include <array>

namespace flowsell::numbers {
namespace {

constexpr std::array kMigrations = {store::Migration{53, "what providers say of senders", R"sql(
CREATE TABLE sender_states (
  workspace_id BLOB NOT NULL,
  sender_id BLOB NOT NULL,
  name TEXT NOT NULL,
  name_status TEXT NOT NULL,
  requested_name TEXT NOT NULL,
  requested_name_status TEXT NOT NULL,
  status TEXT NOT NULL,
  quality TEXT NOT NULL,
  throughput TEXT NOT NULL,
  verification TEXT NOT NULL,
  platform TEXT NOT NULL,
  account_mode TEXT NOT NULL,
  messaging_limit TEXT NOT NULL,
  is_official INTEGER,
  has_pin INTEGER,
  is_on_app INTEGER,
  is_gone INTEGER NOT NULL,
  synced_at INTEGER,
  PRIMARY KEY (workspace_id, sender_id)
) STRICT, WITHOUT ROWID;
)sql"}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::numbers
