#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/sensitive.h"
#include "store/database.h"

namespace flowsell::app {

/// The tables of what belongs to workspaces: each cell's.
std::vector<store::Migration> cell_migrations();
/// The tables of what all replicas share on PostgreSQL: accounts, their mails, who has which cell.
std::vector<store::Migration> shared_migrations();
/// All of one database on SQLite, which nobody shares.
std::vector<store::Migration> all_migrations();

/// PostgreSQL's tables that all replicas share, as this version needs them. `rewrites`: see
/// store::PostgresOptions. Blocking.
Result<std::unique_ptr<store::Database>> open_shared_postgres(const Secret& conninfo,
                                                              std::size_t readers,
                                                              bool rewrites = false);

}  // namespace flowsell::app
