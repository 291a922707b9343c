#include "migrate_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "cluster/schema.h"
#include "growth.h"
#include "keys.h"
#include "migrations.h"
#include "privacy/inventory.h"
#include "store/copy.h"
#include "store/postgres.h"
#include "store/sqlite.h"
#include "telemetry/log.h"

namespace flowsell::app {
namespace {

namespace fs = std::filesystem;
using DatabasePtr = std::unique_ptr<store::Database>;

constexpr std::string_view kSqlite = "sqlite:";
constexpr std::string_view kMoved = ".moved";

constexpr std::string_view kDone = R"(copied {} rows of {} tables, and compared each
{} is now {}: nothing starts on it by mistake.
Start connectd with database.url set to the PostgreSQL database, and with the same data.dir: the keys
of what waits are there.
)";

fs::path moved_name(const fs::path& file) {
  fs::path moved = file;
  if (moved.extension() != kMoved) moved += kMoved;
  return moved;
}

Result<fs::path> source_file(const config::Settings& settings, std::string_view from) {
  if (!from.empty() && !from.starts_with(kSqlite))
    return fail(ErrorCode::kInvalidRequest, "--from: expected sqlite:FOLDER, or nothing");
  const fs::path folder =
      from.empty() ? fs::path(settings.data.dir) : fs::path(from.substr(kSqlite.size()));
  fs::path file = folder / "connect.db";
  std::error_code error;
  if (fs::is_regular_file(file, error)) return file;
  // An earlier call that was cut short behind the renaming.
  fs::path moved = moved_name(file);
  if (fs::is_regular_file(moved, error)) return moved;
  return fail(ErrorCode::kNotFound, fmt::format("{} is not there", file.string()));
}

Result<Secret> target_conninfo(const config::Settings& settings, const Secret& to) {
  if (to.empty() && settings.database.url.empty())
    return fail(ErrorCode::kInvalidRequest,
                "name the target: --to postgres://..., or database.url");
  if (to.empty()) return settings.database.url;
  const std::string_view text = to.reveal();
  if (!text.starts_with("postgres://") && !text.starts_with("postgresql://"))
    return fail(ErrorCode::kInvalidRequest,
                "--to: expected postgres://...; other forms of libpq's go into database.url");
  return to;
}

Result<DatabasePtr> migrated(Result<DatabasePtr> opened,
                             const std::vector<store::Migration>& migrations) {
  if (!opened) return opened;
  CHECK_OK((*opened)->migrate(migrations));
  return opened;
}

Result<DatabasePtr> open_shared(const config::Settings& settings, const Secret& conninfo) {
  TRY(auto shared, open_shared_postgres(conninfo, 1));
  CHECK_OK(cluster::divide(*shared, settings.cluster.cells));
  return shared;
}

/// All workspaces of a database on SQLite go into one cell.
Result<DatabasePtr> first_cell(store::Database& shared, Secret conninfo) {
  TRY(const auto schema, cluster::schema_of(shared));
  return migrated(store::open_postgres({.conninfo = std::move(conninfo),
                                        .readers = 1,
                                        .schema = cluster::cell_schema(schema, 0),
                                        .wait_for_owner = std::chrono::milliseconds(0)}),
                  cell_migrations());
}

// One database on SQLite has it all. On PostgreSQL accounts and their mails are in the tables that
// replicas share, and so are the audit log's chains that are no workspace's.
bool is_shared(std::string_view table) {
  return std::ranges::any_of(privacy::inventory(), [table](const privacy::HeldTable& each) {
    return each.name == table && each.place == privacy::Place::kShared;
  });
}

std::optional<std::string> rows_of_cell(std::string_view table) {
  if (is_shared(table)) return std::nullopt;
  return table.starts_with("audit_") ? "scope IN (SELECT id FROM workspaces)" : "";
}

std::optional<std::string> rows_that_are_shared(std::string_view table) {
  if (table.starts_with("audit_")) return "scope NOT IN (SELECT id FROM workspaces)";
  const bool is_of_both = table == "closed_accounts";
  return is_shared(table) || is_of_both ? std::optional<std::string>("") : std::nullopt;
}

}  // namespace

Result<std::string> migrate_store(const config::Settings& settings, const std::string& from,
                                  const Secret& to, Time now) {
  TRY(const fs::path file, source_file(settings, from));
  TRY(Secret conninfo, target_conninfo(settings, to));
  TRY(auto source,
      migrated(store::open_sqlite({.path = file.string(), .readers = 1}), all_migrations()));
  CHECK_OK(make_root_keys(settings, *source, now));
  TRY(auto shared, open_shared(settings, conninfo));
  TRY(auto target, first_cell(*shared, std::move(conninfo)));
  CHECK_OK(store::begin_copy(*target, now));
  CHECK_OK(prepare_copy(*source, *target, now));
  std::int64_t rows = 0;
  const auto tell = [&](const store::CopiedTable& table) {
    rows += table.rows;
    log::info("a table was copied", {{"table", table.name}, {"rows", table.rows}});
  };
  TRY(const auto of_all, store::copy_tables(*source, *shared, rows_that_are_shared, tell));
  TRY(const auto of_cell, store::copy_tables(*source, *target, rows_of_cell, tell));
  source.reset();  // its log goes into the file
  const fs::path moved = moved_name(file);
  std::error_code error;
  fs::rename(file, moved, error);
  if (error) return fail(ErrorCode::kInternal, fmt::format("{} can't be renamed", file.string()));
  // Only now: a copy that is finished while its source can still be started would be sent twice.
  CHECK_OK(store::finish_copy(*target, now));
  return fmt::format(kDone, rows, of_all.size() + of_cell.size(), file.string(),
                     moved.filename().string());
}

}  // namespace flowsell::app
