#include "store/sqlite.h"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <future>
#include <utility>
#include <vector>

#include "committer.h"
#include "sqlite_checkpoints.h"
#include "sqlite_connection.h"
#include "sqlite_files.h"
#include "sqlite_log_vfs.h"
#include "sqlite_migrations.h"
#include "sqlite_readers.h"

namespace flowsell::store {
namespace {

// Small on purpose: SQLite 3.40 walks the whole cache at the end of nearly every transaction that
// split a page (its balancing borrows the page number of the lock byte, and the cache is then cut
// back from there).
constexpr int kWriterCacheKib = 8 * 1024;
constexpr int kReaderCacheKib = 4 * 1024;
constexpr int kCheckpointCacheKib = 256;  // it copies from file to file

constexpr Sql kBegin("BEGIN IMMEDIATE");
constexpr Sql kCommit("COMMIT");
/// Always rewrites the first page, though nothing in it changes.
constexpr Sql kProbe("PRAGMA user_version=0");

/// The writing connection together with the upkeep of its log.
class SqliteWriter final : public Writer {
 public:
  SqliteWriter(std::unique_ptr<SqliteConnection> db,
               std::unique_ptr<SqliteConnection> for_checkpoints, std::size_t log_pages)
      : db_(std::move(db)), checkpoints_(std::move(for_checkpoints), *db_, log_pages) {}

  SqliteConnection& connection() override { return *db_; }
  Result<> begin() override { return run(kBegin); }
  Result<> commit() override { return run(kCommit); }
  void rollback() noexcept override { db_->rollback(); }
  Result<> probe() override { return run(kProbe); }
  void between_batches() override { checkpoints_.between_batches(); }

 private:
  Result<> run(const Sql& sql) {
    auto ran = db_->run(sql, {});
    if (!ran) return std::unexpected(std::move(ran).error());
    return {};
  }

  std::unique_ptr<SqliteConnection> db_;
  SqliteCheckpoints checkpoints_;  // after db_: stops before it closes
};

using Done = std::move_only_function<void(Result<>)>;

/// Suspends the calling coroutine until what `start(executor, done)` began calls `done`.
template <class Start>
Task<> suspend_until_done(Start start) {
  auto initiate = [start = std::move(start)](auto handler) mutable {
    const net::any_io_executor home = net::get_associated_executor(handler);
    start(home, Done(std::move(handler)));
  };
  return net::async_initiate<const net::use_awaitable_t<>, void(Result<>)>(std::move(initiate),
                                                                           net::use_awaitable);
}

/// Waits, on this thread, until what `start(done)` began calls `done`.
template <class Start>
Result<> block_until_done(Start start) {
  std::promise<Result<>> promise;
  start([&promise](Result<> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

class SqliteDatabase final : public Database {
 public:
  struct Parts {
    FileLock lock;
    std::unique_ptr<SqliteLogVfs> log_vfs;
    std::unique_ptr<SqliteConnection> writer;
    std::unique_ptr<SqliteConnection> for_checkpoints;
    std::vector<std::unique_ptr<SqliteConnection>> readers;
  };

  SqliteDatabase(Parts parts, const SqliteOptions& options)
      : lock_(std::move(parts.lock)),
        log_vfs_(std::move(parts.log_vfs)),
        writer_(std::make_unique<SqliteWriter>(
            std::move(parts.writer), std::move(parts.for_checkpoints), options.log_pages)),
        committer_(*writer_, options.batch_max),
        readers_(std::move(parts.readers)) {}
  ~SqliteDatabase() override { stop(); }

  Task<> commit(WriteOp& op) override {
    return suspend_until_done([this, &op](const net::any_io_executor& home, Done done) {
      committer_.submit(op, home, std::move(done));
    });
  }

  void submit(WriteOp& op, Done done) override { committer_.submit(op, {}, std::move(done)); }

  Result<> read_now(const std::function<void(Connection&)>& fn) override {
    return block_until_done([this, &fn](Done done) { readers_.submit(fn, {}, std::move(done)); });
  }

  Result<> commit_now(WriteOp& op) override {
    return block_until_done([this, &op](Done done) { committer_.submit(op, {}, std::move(done)); });
  }

  Result<> migrate(std::span<const Migration> migrations) override {
    return committer_.exclusively([migrations](Writer& writer) {
      return apply_migrations(static_cast<SqliteWriter&>(writer).connection(), migrations);
    });
  }

  Stats stats() const override { return committer_.stats(); }
  bool healthy() const override { return committer_.healthy(); }

  void stop() override {
    committer_.stop();
    readers_.stop();
  }

 protected:
  Task<> read_erased(std::function<void(Connection&)> fn) override {
    return suspend_until_done(
        [this, fn = std::move(fn)](const net::any_io_executor& home, Done done) mutable {
          readers_.submit(std::move(fn), home, std::move(done));
        });
  }

 private:
  // Destroyed from the last to the first: the readers' connections close before the writer's, which
  // as the last one empties and removes the log; then the lock goes.
  FileLock lock_;
  std::unique_ptr<SqliteLogVfs> log_vfs_;
  std::unique_ptr<SqliteWriter> writer_;
  Committer committer_;
  SqliteReaders readers_;
};

Result<SqliteDatabase::Parts> open_parts(const SqliteOptions& options) {
  TRY(FileLock lock, FileLock::acquire(options.path));
  CHECK_OK(create_private_file(options.path));
  TRY(auto log_vfs, SqliteLogVfs::over(options.vfs));
  const auto open = [&](const std::string& vfs, SqliteConnection::Mode mode, int cache_kib) {
    return SqliteConnection::open(
        {.path = options.path, .vfs = vfs, .mode = mode, .cache_kib = cache_kib});
  };
  // The writer first: it makes the log that the others need.
  TRY(auto writer, open(log_vfs->name(), SqliteConnection::Mode::kWrite, kWriterCacheKib));
  TRY(auto for_checkpoints, open(options.vfs, SqliteConnection::Mode::kWrite, kCheckpointCacheKib));
  std::vector<std::unique_ptr<SqliteConnection>> readers;
  for (std::size_t i = 0; i < std::max<std::size_t>(options.readers, 1); ++i) {
    TRY(auto reader, open(options.vfs, SqliteConnection::Mode::kRead, kReaderCacheKib));
    readers.push_back(std::move(reader));
  }
  return SqliteDatabase::Parts{std::move(lock), std::move(log_vfs), std::move(writer),
                               std::move(for_checkpoints), std::move(readers)};
}

/// SQLite's own count of all memory is one mutex that every thread would take at each allocation.
void configure_library_once() {
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)configured;  // refused if somebody has used SQLite before: then it is merely slower
}

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options) {
  configure_library_once();
  TRY(auto parts, open_parts(options));
  return std::make_unique<SqliteDatabase>(std::move(parts), options);
}

}  // namespace flowsell::store
