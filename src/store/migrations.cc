#include "migrations.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/time.h"
#include "telemetry/log.h"

namespace flowsell::store {
namespace {

constexpr Migration kTable{
    0, "the migrations' own table",
    "CREATE TABLE IF NOT EXISTS schema_migrations(number INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " applied_at INTEGER NOT NULL) STRICT;"};
constexpr Sql kApplied("SELECT number FROM schema_migrations");
constexpr Sql kRecord("INSERT INTO schema_migrations(number, name, applied_at) VALUES(?1, ?2, ?3)");

Result<std::set<std::int64_t>> applied_numbers(Connection& db) {
  std::set<std::int64_t> numbers;
  CHECK_OK(db.query(kApplied, {}, [&numbers](const Row& row) { numbers.insert(row.integer(0)); }));
  return numbers;
}

Result<> refuse_unknown(const std::set<std::int64_t>& applied, std::span<const Migration> known) {
  for (const std::int64_t number : applied) {
    if (std::ranges::any_of(known, [number](const Migration& m) { return m.number == number; }))
      continue;
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
  CHECK_OK(
      writer.connection().write(kRecord, {migration.number, migration.name, SystemClock().now()}));
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
  TRY(const auto applied, applied_numbers(writer.connection()));
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
  TRY(const auto applied, applied_numbers(db));
  return refuse_unknown(applied, known);
}

Result<> apply_migrations(Writer& writer, std::span<const Migration> migrations) {
  CHECK_OK(writer.lock_schema());
  auto applied = apply_due(writer, migrations);
  writer.unlock_schema();
  return applied;
}

}  // namespace flowsell::store
