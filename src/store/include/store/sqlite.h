#pragma once

#include <memory>
#include <string>

#include "store/database.h"

namespace flowsell::store {

struct SqliteOptions {
  std::string path;             ///< the database file
  std::size_t readers = 2;      ///< reader threads, each with a connection
  std::size_t batch_max = 512;  ///< operations in one transaction
  std::string vfs;              ///< a registered SQLite VFS, for the power-cut test; empty: the default
};

/// SQLite with WAL and synchronous=FULL: a commit is on disk when it returns. One process owns the file (it is locked:
/// a second one fails to open with kStoreUnavailable).
Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options);

}  // namespace flowsell::store
