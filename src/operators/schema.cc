#include "operators/schema.h"

#include <array>

namespace flowsell::operators {
namespace {

constexpr std::array kMigrations = {store::Migration{.number = 130,
                                                     .name = "operators",
                                                     .sql = R"sql(
CREATE TABLE operators (
  user_id BLOB NOT NULL PRIMARY KEY,
  role INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  since INTEGER NOT NULL,
  disabled_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE support_openings (
  id BLOB NOT NULL PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  operator_id BLOB NOT NULL,
  category INTEGER NOT NULL,
  reason TEXT NOT NULL,
  ticket TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX support_openings_of_operator ON support_openings (operator_id, id);
)sql",
                                                     .expands = true}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::operators
