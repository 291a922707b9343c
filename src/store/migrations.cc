#include "migrations.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/time.h"
#include "telemetry/log.h"

namespace flowsell::store {
namespace {

constexpr Migration kTable{
    0, "the migrations' own table",
    "CREATE TABLE IF NOT EXISTS schema_migrations(number INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " applied_at INTEGER NOT NULL, expands INTEGER NOT NULL DEFAULT 0) STRICT;"};
// Early databases have the table without its last column.
constexpr Sql kTellsExpansions(
    "SELECT count(*) FROM pragma_table_info('schema_migrations') WHERE name = 'expands'",
    "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('schema_migrations') AND "
    "attname = 'expands' AND NOT attisdropped");
constexpr Migration kTellExpansions{
    0, "the migrations' own table",
    "ALTER TABLE schema_migrations ADD COLUMN expands INTEGER NOT NULL DEFAULT 0;"};
constexpr Sql kApplied("SELECT number, expands FROM schema_migrations");
constexpr Sql kAppliedEarly("SELECT number, 0 FROM schema_migrations");
constexpr Sql kRecord(
    "INSERT INTO schema_migrations(number, name, applied_at, expands) VALUES(?1, ?2, ?3, ?4)");

/// Numbers, and whether a program that does not know them may run.
using Applied = std::map<std::int64_t, bool>;

Result<bool> tells_expansions(Connection& db) {
  bool tells = false;
  CHECK_OK(db.query(kTellsExpansions, {}, [&](const Row& row) { tells = row.integer(0) != 0; }));
  return tells;
}

Result<Applied> read_applied(Connection& db, const Sql& all) {
  Applied applied;
  CHECK_OK(db.query(all, {}, [&applied](const Row& row) {
    applied.emplace(row.integer(0), row.integer(1) != 0);
  }));
  return applied;
}

Result<> refuse_unknown(const Applied& applied, std::span<const Migration> known) {
  for (const auto& [number, expands] : applied) {
    const auto has_number = [wanted = number](const Migration& m) { return m.number == wanted; };
    if (expands || std::ranges::any_of(known, has_number)) continue;
    return fail(
        ErrorCode::kInternal,
        fmt::format("the database has migration {}, which this program does not know: it was last "
                    "used by a "
                    "newer program; start that one, or restore the backup made before the upgrade",
                    number));
  }
  return {};
}

Result<> apply_statements(Writer& writer, const Migration& migration) {
  CHECK_OK(writer.begin());
  CHECK_OK(writer.execute(writer.statements_of(migration)));
  CHECK_OK(writer.connection().write(
      kRecord, {migration.number, migration.name, SystemClock().now(), migration.expands ? 1 : 0}));
  return writer.commit();
}

Result<> apply_one(Writer& writer, const Migration& migration) {
  auto applied = apply_statements(writer, migration);
  if (applied) {
    log::info("a migration was applied", {{"number", migration.number}, {"name", migration.name}});
    return {};
  }
  writer.rollback();
  Error error = std::move(applied).error();
  error.detail =
      fmt::format("migration {} ({}): {}", migration.number, migration.name, error.detail);
  return std::unexpected(std::move(error));
}

Result<> apply_due(Writer& writer, std::span<const Migration> migrations) {
  CHECK_OK(writer.execute(writer.statements_of(kTable)));
  TRY(const bool tells, tells_expansions(writer.connection()));
  if (!tells) CHECK_OK(writer.execute(writer.statements_of(kTellExpansions)));
  TRY(const auto applied, read_applied(writer.connection(), kApplied));
  CHECK_OK(refuse_unknown(applied, migrations));

  std::vector<const Migration*> due;
  for (const Migration& migration : migrations) {
    if (!applied.contains(migration.number)) due.push_back(&migration);
  }
  std::ranges::sort(due, {}, &Migration::number);
  for (const Migration* migration : due) CHECK_OK(apply_one(writer, *migration));
  return {};
}

}  // namespace

std::vector<Migration> merge_migrations(const std::vector<std::span<const Migration>>& rooms) {
  std::vector<Migration> all;
  for (const auto room : rooms) all.insert(all.end(), room.begin(), room.end());
  std::ranges::sort(all, {}, &Migration::number);
  return all;
}

Result<> check_migrations(Connection& db, std::span<const Migration> known) {
  TRY(const bool tells, tells_expansions(db));
  TRY(const auto applied, read_applied(db, tells ? kApplied : kAppliedEarly));
  return refuse_unknown(applied, known);
}

Result<> apply_migrations(Writer& writer, std::span<const Migration> migrations) {
  CHECK_OK(writer.lock_schema());
  auto applied = apply_due(writer, migrations);
  writer.unlock_schema();
  return applied;
}

}  // namespace flowsell::store
