#include "backup.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "migrations.h"
#include "store/backup.h"

namespace flowsell::app {
namespace {

namespace fs = std::filesystem;

/// A copy takes a core of its own while it lasts: the server goes first.
constexpr int kNiceness = 10;

constexpr std::string_view kBackupHolds = R"(wrote {} ({} bytes)
It holds the database as of {}: all that was acknowledged before; restore epoch {}.
It does not hold
  - the master key (security.master_key, its command, or master.key in the data folder): keep it
    elsewhere. Without it the workspace keys in the backup can't be opened, nor the provider tokens
    and endpoint secrets under them;
  - the keys of waiting content and of idempotency fingerprints (the folder keys), on purpose: what
    waits in the backup is never sent again, unfinished messages are unknown after a restore;
  - settings.
)";

constexpr std::string_view kRestoreDid = R"(restored {} into {} (epoch {}, {} bytes, as of {})
Put the master key in its place before the first start: with another key connectd does not start.
The first start turns every message that was unfinished in the backup into unknown, and sends none
of them again. Do not let the old server run beside it.
)";

Result<fs::path> database_of(const config::Settings& settings) {
  if (!settings.database.url.empty()) {
    return fail(
        ErrorCode::kInvalidRequest,
        "database.url is set: backup and restore are for the embedded SQLite; of PostgreSQL use "
        "pg_basebackup and its point-in-time recovery (PITR)");
  }
  return fs::path(settings.data.dir) / "connect.db";
}

/// "2026-11-26T06:15:00.123Z" without what not every file system or shell likes.
std::string name_of_time(Time now) {
  std::string name;
  for (const char c : format_time(now)) {
    if (c != '-' && c != ':' && c != '.') name += c;
  }
  return "connect-" + name + ".db";
}

}  // namespace

Result<std::string> back_up(const config::Settings& settings, const std::string& target, Time now) {
  TRY(const fs::path database, database_of(settings));
  std::error_code error;
  const fs::path file =
      fs::is_directory(target, error) ? fs::path(target) / name_of_time(now) : fs::path(target);
  [[maybe_unused]] const int niceness = ::nice(kNiceness);
  const auto migrations = all_migrations();
  TRY(const auto made, store::backup_sqlite({.database = database.string(),
                                             .target = file.string(),
                                             .known = migrations,
                                             .now = now}));
  return fmt::format(kBackupHolds, file.string(), made.bytes, format_time(made.taken_at),
                     made.epoch);
}

Result<std::string> restore(const config::Settings& settings, const std::string& backup, Time now) {
  TRY(const fs::path database, database_of(settings));
  const fs::path folder = database.parent_path();
  std::error_code error;
  const bool is_new = fs::create_directories(folder, error);
  if (error) return fail(ErrorCode::kInternal, "data.dir: the folder can't be made");
  if (is_new) fs::permissions(folder, fs::perms::owner_all, error);
  const auto migrations = all_migrations();
  TRY(const auto done,
      store::restore_sqlite(
          {.backup = backup, .database = database.string(), .known = migrations, .now = now}));
  return fmt::format(kRestoreDid, backup, folder.string(), done.epoch, done.bytes,
                     format_time(done.taken_at));
}

}  // namespace flowsell::app
