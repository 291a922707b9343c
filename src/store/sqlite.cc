#include "store/sqlite.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine_database.h"
#include "sqlite_checkpoints.h"
#include "sqlite_connection.h"
#include "sqlite_files.h"
#include "sqlite_log_vfs.h"

namespace flowsell::store {
namespace {

// Small on purpose: SQLite 3.40 walks the whole cache at the end of nearly every transaction that
// split a page (its balancing borrows the page number of the lock byte, and the cache is then cut
// back from there).
constexpr int kWriterCacheKib = 8 * 1024;
constexpr int kReaderCacheKib = 4 * 1024;
constexpr int kCheckpointCacheKib = 256;  // it copies from file to file

constexpr Sql kBeginWriting("BEGIN IMMEDIATE");
constexpr Sql kBeginReading("BEGIN");
constexpr Sql kCommit("COMMIT");
/// Always rewrites the first page, though nothing in it changes.
constexpr Sql kProbe("PRAGMA user_version=0");

/// The writing connection together with the upkeep of its log.
class SqliteWriter final : public Writer {
 public:
  struct Parts {
    FileLock lock;
    std::unique_ptr<SqliteLogVfs> log_vfs;
    std::unique_ptr<SqliteConnection> db;
    std::unique_ptr<SqliteConnection> for_checkpoints;
  };
  SqliteWriter(Parts parts, std::size_t log_pages)
      : lock_(std::move(parts.lock)),
        log_vfs_(std::move(parts.log_vfs)),
        db_(std::move(parts.db)),
        checkpoints_(std::move(parts.for_checkpoints), *db_, log_pages) {}

  Connection& connection() override { return *db_; }
  Result<> begin() override { return db_->write(kBeginWriting, {}); }
  Result<> commit() override { return db_->write(kCommit, {}); }
  void rollback() noexcept override { db_->rollback(); }
  Result<> probe() override { return db_->write(kProbe, {}); }
  void between_batches() override { checkpoints_.between_batches(); }
  Result<> scrub(std::span<const std::string_view> /*tables*/) override {
    // Deleted rows leave copies of themselves in the gaps of pages that were once divided, which
    // secure_delete does not reach: only a new file has none. It is made on disk, not in memory.
    CHECK_OK(db_->execute("PRAGMA temp_store=FILE"));
    auto rewritten = db_->execute("VACUUM");
    CHECK_OK(db_->execute("PRAGMA temp_store=MEMORY"));
    CHECK_OK(std::move(rewritten));
    return checkpoints_.empty_log();
  }
  Result<> execute(const std::string& statements) override { return db_->execute(statements); }
  std::string statements_of(const Migration& migration) const override {
    return std::string(migration.sql);
  }

 private:
  // Destroyed from the last to the first. The writing connection closes after the readers', and as
  // the last one empties and removes the log; then the lock goes.
  FileLock lock_;
  std::unique_ptr<SqliteLogVfs> log_vfs_;
  std::unique_ptr<SqliteConnection> db_;
  SqliteCheckpoints checkpoints_;  // after db_: stops before it closes
};

class SqliteReader final : public Reader {
 public:
  explicit SqliteReader(std::unique_ptr<SqliteConnection> db) : db_(std::move(db)) {}

  Connection& connection() override { return *db_; }
  Result<> begin() override { return db_->write(kBeginReading, {}); }
  Result<> end() override {
    // An I/O error ends the transaction by itself: the read has it as its result, and there is
    // nothing to commit.
    if (sqlite3_get_autocommit(db_->handle()) != 0) return {};
    auto ended = db_->write(kCommit, {});
    db_->rollback();  // nothing, unless COMMIT failed
    return ended;
  }

 private:
  std::unique_ptr<SqliteConnection> db_;
};

Result<SqliteWriter::Parts> open_writer(const SqliteOptions& options) {
  TRY(FileLock lock, FileLock::acquire(options.path));
  CHECK_OK(create_private_file(options.path));
  TRY(auto log_vfs, SqliteLogVfs::over(options.vfs));
  // The writer first: it makes the log that the others need.
  TRY(auto db, SqliteConnection::open({.path = options.path,
                                       .vfs = log_vfs->name(),
                                       .mode = SqliteConnection::Mode::kWrite,
                                       .cache_kib = kWriterCacheKib}));
  TRY(auto for_checkpoints, SqliteConnection::open({.path = options.path,
                                                    .vfs = options.vfs,
                                                    .mode = SqliteConnection::Mode::kWrite,
                                                    .cache_kib = kCheckpointCacheKib}));
  return SqliteWriter::Parts{std::move(lock), std::move(log_vfs), std::move(db),
                             std::move(for_checkpoints)};
}

Result<std::unique_ptr<Reader>> open_reader(const SqliteOptions& options) {
  TRY(auto db, SqliteConnection::open({.path = options.path,
                                       .vfs = options.vfs,
                                       .mode = SqliteConnection::Mode::kRead,
                                       .cache_kib = kReaderCacheKib}));
  return std::make_unique<SqliteReader>(std::move(db));
}

/// SQLite's own count of all memory is one mutex that every thread would take at each allocation.
void configure_library_once() {
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)configured;  // refused if somebody has used SQLite before: then it is merely slower
}

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options) {
  configure_library_once();
  TRY(auto parts, open_writer(options));
  auto writer = std::make_unique<SqliteWriter>(std::move(parts), options.log_pages);
  std::vector<std::unique_ptr<Reader>> readers;
  for (std::size_t i = 0; i < std::max<std::size_t>(options.readers, 1); ++i) {
    TRY(auto reader, open_reader(options));
    readers.push_back(std::move(reader));
  }
  return std::make_unique<EngineDatabase>(std::move(writer), options.batch_max, std::move(readers));
}

}  // namespace flowsell::store
