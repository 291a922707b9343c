#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "core/error.h"
#include "core/time.h"
#include "store/database.h"

namespace flowsell::store {

struct BackupOptions {
  std::string database;              ///< the file of the running, or resting, database
  std::string target;                ///< the file to make; must not exist
  std::span<const Migration> known;  ///< all of the program's
  Time now;
  /// One snapshot is read from its begin to its end, and the server's log can't start over so long:
  /// a target that is slower than this is given up.
  std::chrono::seconds time_max{3600};
};

struct RestoreOptions {
  std::string backup;
  std::string database;  ///< the file to make, in a folder that exists and holds no database
  std::span<const Migration> known;
  Time now;
};

/// What a backup holds.
struct BackupFacts {
  std::int64_t epoch = 0;  ///< of the restore that it may be used for: see restores.h
  Time taken_at;           ///< all that was acknowledged before is in it
  std::int64_t bytes = 0;
};

/// Copies an SQLite database into one file, from one snapshot, beside a server that goes on
/// writing. The file is checked, synced and only then given its name; mode 0600. Blocking, for as
/// long as the disks need. Fails, and leaves nothing, when the target exists, the database is not
/// there or newer than the program, or the copy is not sound.
Result<BackupFacts> backup_sqlite(const BackupOptions& options);

/// Copies a backup to where a server will open it, checks the copy, notes the restore in it, and
/// only then, all synced, gives it its name. Blocking. Fails, and leaves no database, when a
/// process has the database open or there is one, when the file is no backup of backup_sqlite(),
/// damaged, or newer than the program. After a crash in the middle it can be called again.
Result<BackupFacts> restore_sqlite(const RestoreOptions& options);

}  // namespace flowsell::store
