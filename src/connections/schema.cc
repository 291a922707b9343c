#include "connections/schema.h"

#include <array>

namespace flowsell::connections {
namespace {

constexpr std::array kMigrations = {store::Migration{46, "the mode of a connection", R"sql(
ALTER TABLE connections ADD COLUMN mode INTEGER NOT NULL DEFAULT 0;
UPDATE connections SET mode = 1 WHERE EXISTS (SELECT 1 FROM senders WHERE
  senders.workspace_id = connections.workspace_id AND senders.connection_id = connections.id
  AND senders.mode = 1);
)sql"}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::connections
