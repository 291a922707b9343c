#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/failpoint.h"
#include "core/random.h"
#include "migrations.h"
#include "sqlite_backup_files.h"
#include "sqlite_connection.h"
#include "sqlite_files.h"
#include "store/backup.h"
#include "store/restores.h"

namespace flowsell::store {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// One statement, so one snapshot, whatever the server commits meanwhile. Unlike a copy of pages it
/// leaves out what was deleted and not yet overwritten.
constexpr Sql kVacuumInto("VACUUM INTO ?1");
constexpr Sql kMark(
    "INSERT INTO restores (epoch, backup_at) SELECT coalesce(max(epoch), 0) + 1, ?1 FROM restores");
/// What an earlier restore left open stays open under the newer epoch: nothing ends here.
constexpr Sql kNewest(
    "SELECT epoch, backup_at, restored_at IS NULL FROM restores ORDER BY epoch DESC LIMIT 1");
constexpr Sql kBegin("UPDATE restores SET restored_at = ?1 WHERE restored_at IS NULL");
constexpr Sql kHasTable("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1");
constexpr Sql kIntegrity("PRAGMA integrity_check(1)");

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::kConflict, std::move(why));
}

/// Puts what went wrong in front of the error.
std::unexpected<Error> because(std::string_view what, Error error) {
  error.detail = fmt::format("{}: {}", what, error.detail);
  return std::unexpected(std::move(error));
}

Result<bool> has_table(SqliteConnection& db, const char* name) {
  bool has = false;
  CHECK_OK(db.query(kHasTable, {name}, [&has](const Row&) { has = true; }));
  return has;
}

Result<> check_schema(SqliteConnection& db, std::span<const Migration> known) {
  TRY(const bool is_ours, has_table(db, "schema_migrations"));
  if (!is_ours) return refuse("it is not a database of connectd");
  CHECK_OK(check_migrations(db, known));
  TRY(const bool has_restores, has_table(db, "restores"));
  if (!has_restores)
    return refuse("it was last used by an older connectd: start this one on it first");
  return {};
}

Result<> check_integrity(SqliteConnection& db) {
  std::string found;
  CHECK_OK(db.query(kIntegrity, {}, [&found](const Row& row) { found = row.text(0); }));
  if (found != "ok")
    return fail(ErrorCode::kStoreUnavailable, "SQLite's integrity check: " + found);
  return {};
}

struct Mark {
  BackupFacts facts;
  bool is_unused = false;  ///< no restore has begun
};

Result<std::optional<Mark>> newest_mark(SqliteConnection& db) {
  std::optional<Mark> mark;
  CHECK_OK(db.query(kNewest, {}, [&mark](const Row& row) {
    mark = Mark{{row.integer(0), row.time(1), 0}, row.integer(2) != 0};
  }));
  return mark;
}

Result<std::unique_ptr<SqliteConnection>> open_private(const std::string& path) {
  return SqliteConnection::open(
      {.path = path, .vfs = {}, .mode = SqliteConnection::Mode::kPrivate, .cache_kib = 8 * 1024});
}

/// While a copy is made: has the system write it as it grows, since a sync of all of it at once
/// would hold up the server's own; and gives up after a time.
class CopyWatch {
 public:
  CopyWatch(sqlite3* db, const std::string& target, std::chrono::seconds time_max)
      : db_(db),
        fd_(::open(target.c_str(), O_RDWR | O_CLOEXEC)),
        end_(SteadyClock::now() + time_max) {
    sqlite3_progress_handler(db_, kStepsBetweenLooks, &CopyWatch::look, this);
  }
  ~CopyWatch() {
    sqlite3_progress_handler(db_, 0, nullptr, nullptr);
    if (fd_ >= 0) ::close(fd_);
  }
  CopyWatch(const CopyWatch&) = delete;
  CopyWatch& operator=(const CopyWatch&) = delete;
  bool is_over() const { return SteadyClock::now() >= end_; }

 private:
  static constexpr int kStepsBetweenLooks = 10'000;
  static constexpr std::chrono::milliseconds kBetweenWrites{20};

  /// Not 0 interrupts the statement.
  static int look(void* self) {
    auto& me = *static_cast<CopyWatch*>(self);
    const auto now = SteadyClock::now();
    if (now >= me.next_write_) {
      if (me.fd_ >= 0) ::sync_file_range(me.fd_, 0, 0, SYNC_FILE_RANGE_WRITE);
      me.next_write_ = now + kBetweenWrites;
    }
    return now >= me.end_ ? 1 : 0;
  }

  sqlite3* db_;
  int fd_;
  SteadyClock::time_point end_;
  SteadyClock::time_point next_write_{};
};

Result<> copy_snapshot(const BackupOptions& options, const std::string& target) {
  TRY(const auto source, SqliteConnection::open({.path = options.database,
                                                 .vfs = {},
                                                 .mode = SqliteConnection::Mode::kRead,
                                                 .cache_kib = 2 * 1024}));
  if (auto known = check_schema(*source, options.known); !known)
    return because("the database can't be backed up", std::move(known).error());
  const CopyWatch watch(source->handle(), target, options.time_max);
  auto copied = source->run(kVacuumInto, {target});
  if (copied) return {};
  if (!watch.is_over()) return because("the copy failed", std::move(copied).error());
  return fail(ErrorCode::kStoreUnavailable,
              fmt::format("the copy was given up after {} s, so that the server's log can start "
                          "over: use a faster disk and move the file afterwards",
                          options.time_max.count()));
}

std::string temporary_name(const std::string& target) {
  const std::filesystem::path path(target);
  const std::string name =
      fmt::format(".{}.{:016x}.partial", path.filename().string(), random_bits());
  return (path.parent_path() / name).string();
}

/// Makes sure that nothing is lost where the file at `database` appears, and that nothing there is
/// taken for a part of it.
Result<> clear_place(const std::string& database) {
  if (file_size(database) > 0) {
    return refuse(
        fmt::format("'{}' is there already: restore into a folder without a database", database));
  }
  for (const char* suffix : {"-wal", "-journal"}) {
    // SQLite would put its pages into the restored file.
    if (file_size(database + suffix) > 0)
      return refuse(
          fmt::format("'{}{}' of an earlier database is there: move it away", database, suffix));
  }
  for (const char* suffix : {"", "-wal", "-journal", "-shm"}) ::unlink((database + suffix).c_str());
  return {};
}

/// Of SQLite's file format: a head that no other file has, and whether the file has a log beside
/// it.
Result<> check_head(const std::string& backup) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr std::size_t kHeadBytes = 100;
  constexpr std::size_t kWriteVersionAt = 18;
  constexpr char kWithLog = 2;
  if (!file_exists(backup)) return refuse(fmt::format("'{}' is not there", backup));
  const std::string head = first_bytes(backup, kHeadBytes);
  if (head.size() < kHeadBytes || !head.starts_with(kMagic))
    return refuse(
        fmt::format("'{}' is no backup, or damaged: it is not an SQLite database", backup));
  if (head[kWriteVersionAt] == kWithLog)
    return refuse(
        fmt::format("'{}' is no backup but a server's own file, and may lack what is in its "
                    "log: use what connectd backup makes of its folder",
                    backup));
  return {};
}

/// Checks the copy of a backup, and notes the restore in it.
Result<BackupFacts> prepare_copy(const std::string& copy, const RestoreOptions& options) {
  TRY(const auto db, open_private(copy));
  CHECK_OK(check_integrity(*db));
  CHECK_OK(check_schema(*db, options.known));
  TRY(const auto mark, newest_mark(*db));
  if (!mark || !mark->is_unused) return refuse("it was not made by connectd backup");
  CHECK_OK(db->run(kBegin, {options.now}));
  return mark->facts;
}

}  // namespace

Result<BackupFacts> backup_sqlite(const BackupOptions& options) {
  if (file_exists(options.target))
    return refuse(fmt::format("'{}' exists already: name another file", options.target));
  if (!file_exists(options.database))
    return refuse(fmt::format("there is no database at '{}'", options.database));
  TRY(auto file, UnfinishedFile::create(temporary_name(options.target)));
  CHECK_OK(copy_snapshot(options, file.path()));
  BackupFacts facts;
  {
    TRY(const auto copy, open_private(file.path()));
    CHECK_OK(copy->run(kMark, {options.now}));
    if (auto sound = check_integrity(*copy); !sound)
      return because("the copy is damaged", std::move(sound).error());
    TRY(const auto mark, newest_mark(*copy));
    if (mark) facts = mark->facts;
  }
  TRY(facts.bytes, file.sync());
  failpoint("backup.written");
  CHECK_OK(file.publish(options.target));
  return facts;
}

Result<BackupFacts> restore_sqlite(const RestoreOptions& options) {
  CHECK_OK(check_head(options.backup));
  auto lock = FileLock::acquire(options.database);
  if (!lock) return because("a connectd runs on this folder", std::move(lock).error());
  CHECK_OK(clear_place(options.database));
  // The lock is held: nobody else makes this name.
  TRY(auto file, UnfinishedFile::create(options.database + ".restoring"));
  CHECK_OK(file.copy_of(options.backup));
  auto facts = prepare_copy(file.path(), options);
  if (!facts)
    return because(fmt::format("'{}' can't be restored", options.backup), std::move(facts).error());
  TRY(facts->bytes, file.sync());
  failpoint("restore.copied");
  CHECK_OK(file.publish(options.database));
  failpoint("restore.named");
  return facts;
}

}  // namespace flowsell::store
