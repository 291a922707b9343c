#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "store/database.h"

namespace flowsell::cluster {

/// Tables of this room, in a database that all replicas share: cluster, replicas, cells, routes,
/// key_checks.
std::span<const store::Migration> migrations();

/// Divides a database where it is new; one that exists keeps its number of cells. Blocking.
Result<> divide(store::Database& shared, std::size_t cells);

/// How many there are. Fails with kNotFound where the database was never divided. Blocking.
Result<std::size_t> count_cells(store::Database& shared);

/// The schema of the shared tables. Blocking.
Result<std::string> schema_of(store::Database& shared);
/// The schema of a cell, in the database whose shared tables are in `schema`.
std::string cell_schema(std::string_view schema, std::size_t cell);

}  // namespace flowsell::cluster
