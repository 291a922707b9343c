#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "sqlite_connection.h"

namespace flowsell::store {

/// Moves what the write-ahead log holds into the database file, so that the log does not grow for
/// ever, without making commits wait: a thread with a connection of its own copies the bulk, and
/// the writer, between two batches, copies only what was written meanwhile; the log then starts
/// over with the next transaction.
class SqliteCheckpoints {
 public:
  /// `own`: the thread's connection. `writer` outlives it. The copying begins at `log_pages` pages
  /// of log.
  SqliteCheckpoints(std::unique_ptr<SqliteConnection> own, SqliteConnection& writer,
                    std::size_t log_pages);
  ~SqliteCheckpoints();
  SqliteCheckpoints(const SqliteCheckpoints&) = delete;
  SqliteCheckpoints& operator=(const SqliteCheckpoints&) = delete;

  /// To be called by the writer's thread while no transaction is open. Takes milliseconds where it
  /// copies.
  void between_batches();
  /// The same thread: moves all of the log into the database file and cuts the log's file to
  /// nothing. Fails with kStoreUnavailable while a reader looks at the log, or the disk fails.
  Result<> empty_log();
  void stop();

 private:
  enum class Phase : std::uint8_t {
    kIdle,
    kCopying,  ///< the thread is at it
    kCopied,   ///< it has copied what the log held when it began
    kFailed,
  };
  static int on_commit(void* self, sqlite3* db, const char* schema, int pages_in_log);
  void run();
  std::optional<std::uint64_t> wait_for_copying();  ///< the log's number; nullopt: stop
  void log_started_over();
  Phase seen_phase();
  void set_phase(Phase phase);
  void start_copying();
  void finish();
  void force();
  bool wait_for_thread();  ///< false: it takes too long
  void plan_next(int pages_in_log);

  std::unique_ptr<SqliteConnection> own_;
  SqliteConnection& writer_;
  const int log_pages_;
  const int log_pages_hard_;

  int pages_in_log_ = 0;  ///< of the writer's thread, as are the next two
  int next_at_;           ///< pages in the log at which something is to be done
  int force_at_;

  std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::kIdle;
  int pages_copied_ = 0;
  std::uint64_t log_number_ = 0;  ///< grows each time the log starts over
  bool stopping_ = false;
  std::thread thread_;  ///< last: it uses all of the above
};

}  // namespace flowsell::store
