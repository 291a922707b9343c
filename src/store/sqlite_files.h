#pragma once

#include <string>

#include "core/error.h"

namespace flowsell::store {

/// Keeps a second process (or a second handle in this one) away from a database: a lock on
/// "<path>.lock", which the kernel releases when the process ends, however it ends.
class FileLock {
 public:
  /// Fails with kStoreUnavailable when somebody else holds it.
  static Result<FileLock> acquire(const std::string& database_path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

/// Makes the database file, readable by its owner only, if it is not there (SQLite gives the log
/// the same mode), and syncs the folder: SQLite itself does not, and after a power cut the new name
/// might be gone with all that was committed.
Result<> create_private_file(const std::string& path);

}  // namespace flowsell::store
