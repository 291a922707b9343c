#include "testkit/database.h"

#include <cstdlib>
#include <map>
#include <string_view>

#include "postgres_schema.h"
#include "store/growing_table.h"
#include "store/postgres.h"
#include "store/sqlite.h"

namespace flowsell::testkit {
namespace {

/// Schemas that earlier tests of this process have left, by the rooms whose tables they have: to
/// make one takes longer than most tests.
std::multimap<std::string, std::unique_ptr<store::PostgresSchema>>& free_schemas() {
  static std::multimap<std::string, std::unique_ptr<store::PostgresSchema>> schemas;
  return schemas;
}

constexpr const char* kEmptyAllTables = R"sql(
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema()
      AND tablename NOT IN ('schema_migrations', 'store_writer') LOOP
    EXECUTE 'DELETE FROM ' || quote_ident(name);
  END LOOP;
END $$)sql";

void give_back(const std::string& rooms, store::PostgresSchema* schema) {
  std::unique_ptr<store::PostgresSchema> owned(schema);
  try {
    owned->run(kEmptyAllTables);
    free_schemas().emplace(rooms, std::move(owned));
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): then it is not used again
  }
}

std::shared_ptr<store::PostgresSchema> take_schema(const std::string& rooms) {
  std::unique_ptr<store::PostgresSchema> schema;
  if (const auto found = free_schemas().find(rooms); found != free_schemas().end()) {
    schema = std::move(found->second);
    free_schemas().erase(found);
  } else {
    schema = std::make_unique<store::PostgresSchema>();
  }
  return {schema.release(), [rooms](store::PostgresSchema* used) { give_back(rooms, used); }};
}

std::string name_of(const std::vector<store::Migration>& migrations) {
  std::string name;
  for (const store::Migration& migration : migrations)
    name += std::to_string(migration.number) + " ";
  return name;
}

Result<std::unique_ptr<store::Database>> open_on_postgres(
    TempFolder& folder, const std::vector<store::Migration>& migrations) {
  if (!folder.companion()) folder.companion() = take_schema(name_of(migrations));
  const auto& schema = *static_cast<store::PostgresSchema*>(folder.companion().get());
  return store::open_postgres({.conninfo = Secret(schema.conninfo()), .readers = 2});
}

}  // namespace

bool tests_run_on_postgres() {
  const char* engine = std::getenv("FLOWSELL_TEST_ENGINE");
  return engine != nullptr && std::string_view(engine) == "postgres";
}

std::unique_ptr<store::Database> open_database(TempFolder& folder,
                                               const std::vector<Migrations>& rooms) {
  auto all = rooms;
  all.push_back(store::partition_migrations());
  const auto migrations = store::merge_migrations(all);
  auto db = tests_run_on_postgres() ? open_on_postgres(folder, migrations)
                                    : store::open_sqlite({.path = (folder / "test.db").string()});
  if (!db) throw std::runtime_error(db.error().detail);
  const auto done = (*db)->migrate(migrations);
  if (!done) throw std::runtime_error(done.error().detail);
  return *std::move(db);
}

}  // namespace flowsell::testkit
