#pragma once

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "core/error.h"

namespace flowsell::store {

/// Joins the consecutive small writes of a transaction to one file into few large ones. SQLite
/// writes each page of its log in two calls; here they come to the file in one piece, at the sync
/// at the latest. The functions return SQLite's result codes. Used by one thread at a time.
///
/// A write is answered before it reaches the file, so its failure is told later: by the call during
/// which it happened, and by every later one until end_transaction(), so that no sync, and no
/// commit, can succeed without all its bytes.
class LogBuffer {
 public:
  /// As large as SQLite's largest page: no file system for SQLite need take more in one write (the
  /// default one takes less than 128 KiB, and misreads some larger sizes as a full disk).
  static constexpr std::size_t kBytesMax = std::size_t{64} * 1024;

  /// `file` is open, and outlives it.
  explicit LogBuffer(sqlite3_file& file) noexcept : file_(file) {}

  int write(const char* data, std::size_t length, sqlite3_int64 offset) noexcept;
  int read(void* out, int length, sqlite3_int64 offset) noexcept;
  int truncate(sqlite3_int64 length) noexcept;
  int sync(int flags) noexcept;
  int file_size(sqlite3_int64& out) const noexcept;
  /// Writes what was collected.
  int flush() noexcept;

  /// A commit has been synced when its transaction ends, so what is still here was rolled back:
  /// forgets it, and a failure with it.
  void end_transaction() noexcept;

 private:
  sqlite3_int64 end() const noexcept { return start_ + static_cast<sqlite3_int64>(size_); }

  sqlite3_file& file_;
  sqlite3_int64 start_ =
      0;  ///< where bytes_ belongs in the file; after a failure: where the loss begins
  std::size_t size_ = 0;
  int failure_ = SQLITE_OK;  ///< of an earlier write of this transaction
  std::array<char, kBytesMax> bytes_;
};

/// An SQLite file system that puts a LogBuffer before the write-ahead log and hands everything else
/// to another file system. For the one connection that writes, with synchronous=FULL: other
/// connections read the log by themselves, and find every frame that the shared index names, as
/// SQLite names it there only after the sync.
class SqliteLogVfs {
 public:
  /// Registers it with SQLite under a name of its own. `base`: the name of the other one, empty:
  /// the default; it is to stay registered. Fails with kInternal if there is no such one,
  /// kStoreUnavailable without memory.
  static Result<std::unique_ptr<SqliteLogVfs>> over(const std::string& base);
  /// To be destroyed after the last connection that uses it.
  ~SqliteLogVfs();
  SqliteLogVfs(const SqliteLogVfs&) = delete;
  SqliteLogVfs& operator=(const SqliteLogVfs&) = delete;

  const std::string& name() const noexcept { return name_; }

 private:
  explicit SqliteLogVfs(sqlite3_vfs& base);

  std::string name_;
  sqlite3_vfs vfs_{};
};

}  // namespace flowsell::store
