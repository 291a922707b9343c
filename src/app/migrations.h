#pragma once

#include <vector>

#include "store/database.h"

namespace flowsell::app {

/// The tables of what belongs to workspaces: each cell's.
std::vector<store::Migration> cell_migrations();
/// The tables of what all replicas share on PostgreSQL: accounts, their mails, who has which cell.
std::vector<store::Migration> shared_migrations();
/// All of one database on SQLite, which nobody shares.
std::vector<store::Migration> all_migrations();

}  // namespace flowsell::app
