#pragma once

#include <string>
#include <utility>

#include "core/descriptor.h"
#include "core/error.h"

namespace flowsell::store {

/// Keeps a second process (or a second handle in this one) away from a database: a lock on
/// "<path>.lock", which the kernel releases when the process ends, however it ends.
class FileLock {
 public:
  /// Fails with kStoreUnavailable when somebody else holds it.
  static Result<FileLock> acquire(const std::string& database_path);

 private:
  explicit FileLock(Descriptor fd) : fd_(std::move(fd)) {}
  /// Closing it is all: removing the file would let two later processes lock two different files
  /// of this name.
  Descriptor fd_;
};

/// Makes the database file, readable by its owner only, if it is not there (SQLite gives the log
/// the same mode), and syncs the folder: SQLite itself does not, and after a power cut the new name
/// might be gone with all that was committed.
Result<> create_private_file(const std::string& path);

}  // namespace flowsell::store
