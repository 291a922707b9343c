#include "recovery/schema.h"

#include <array>

namespace flowsell::recovery {
namespace {

// Of the link in the user's mail its SHA-256. One of a user waits at most.
constexpr std::array kMigrations = {store::Migration{.number = 180,
                                                     .name = "removals of second factors",
                                                     .sql = R"sql(
CREATE TABLE second_factor_removals (
  id BLOB NOT NULL PRIMARY KEY,
  user_id BLOB NOT NULL,
  state INTEGER NOT NULL,
  requested_by BLOB NOT NULL,
  reason TEXT NOT NULL,
  ticket TEXT NOT NULL,
  factor_mark BLOB NOT NULL,
  token_hash BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  effective_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX second_factor_removals_waiting ON second_factor_removals (user_id)
  WHERE state = 1;
CREATE INDEX second_factor_removals_of_user ON second_factor_removals (user_id, id);
CREATE INDEX second_factor_removals_due ON second_factor_removals (state, effective_at);
)sql",
                                                     .expands = true}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::recovery
