#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/time.h"
#include "store/database.h"

namespace flowsell::store {

/// One table, `copies`: says of a database that it is not whole yet.
std::span<const Migration> copy_migrations();
/// Before copy_tables(); harmless where an earlier one was cut short.
Result<> begin_copy(Database& to, Time now);
/// The copy is whole.
Result<> finish_copy(Database& to, Time now);
/// For the start of a server: fails with kConflict in a database whose copy was not finished.
Result<> check_copies(Database& db);

struct CopiedTable {
  std::string name;
  std::int64_t rows = 0;
};

/// Which rows of a table are copied: nullopt none, empty all, else those for which this SQL text
/// is true.
using RowsOf = std::function<std::optional<std::string>(std::string_view table)>;

/// Copies the rows that `wanted` names from an SQLite database into another one that has their
/// tables, and then compares the two row for row. Nobody else may write to either.
///
/// After a crash it can be called again: it goes on behind the last row of each table that the
/// target has. Fails with kConflict when the target has rows that are not the source's, or when a
/// comparison finds a difference. Blocking. `progress` is told of each table that is done.
Result<std::vector<CopiedTable>> copy_tables(
    Database& from, Database& to, const RowsOf& wanted,
    const std::function<void(const CopiedTable&)>& progress);

}  // namespace flowsell::store
