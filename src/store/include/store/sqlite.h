#pragma once

#include <memory>
#include <string>

#include "store/database.h"

namespace flowsell::store {

struct SqliteOptions {
  std::string path = {};        ///< the database file
  std::size_t readers = 2;      ///< reader threads, each with a connection
  std::size_t batch_max = 512;  ///< operations in one transaction
  /// Pages (of 4 KiB) in the write-ahead log at which it begins to be copied into the database
  /// file, beside the commits. At four times as many, commits wait for it: the log stays about that
  /// small, unless a read lasts long.
  std::size_t log_pages = 8192;
  std::string vfs = {};  ///< a registered SQLite VFS, for the power-cut test; empty: the default
};

/// SQLite with WAL and synchronous=FULL: a commit is on disk when it returns. One process owns the
/// file (it is locked: a second one fails to open with kStoreUnavailable).
Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options);

}  // namespace flowsell::store
