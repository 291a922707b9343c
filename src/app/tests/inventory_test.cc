#include "privacy/inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "migrations.h"
#include "store/sqlite.h"
#include "testkit/database.h"

namespace flowsell::app {
namespace {

using privacy::Fate;
using privacy::HeldTable;
using privacy::Place;
using Names = std::set<std::string>;

const store::Sql kTables(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
const store::Sql kColumns(
    "SELECT m.name || '.' || c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c "
    "WHERE m.type = 'table'");

/// The schema, as SQLite has it: on PostgreSQL partitions come on top.
struct Schema {
  explicit Schema(const std::vector<store::Migration>& migrations)
      : db(*store::open_sqlite({.path = (folder / "schema.db").string(), .readers = 1})) {
    if (const auto done = db->migrate(migrations); !done)
      throw std::runtime_error(done.error().detail);
  }
  ~Schema() { db->stop(); }
  Names names(const store::Sql& sql) const {
    const auto all = testkit::texts(*db, sql);
    return {all.begin(), all.end()};
  }
  testkit::TempFolder folder;
  std::unique_ptr<store::Database> db;
};

Names tables_of(bool (*is_there)(Place)) {
  Names names;
  for (const HeldTable& table : privacy::inventory()) {
    if (is_there(table.place)) names.emplace(table.name);
  }
  return names;
}

TEST(Inventory, HasEveryTableWhereItIs) {
  const auto of_cell = tables_of([](Place place) { return place != Place::kShared; });
  const auto shared = tables_of([](Place place) { return place != Place::kCell; });
  EXPECT_EQ(Schema(cell_migrations()).names(kTables), of_cell);
  EXPECT_EQ(Schema(shared_migrations()).names(kTables), shared);
}

TEST(Inventory, HasEveryColumnOfWhatIsExported) {
  Names columns = Schema(cell_migrations()).names(kColumns);
  columns.merge(Schema(shared_migrations()).names(kColumns));
  for (const HeldTable& table : privacy::inventory()) {
    if (table.columns.empty()) continue;
    Names listed, there;
    std::string_view rest = table.columns;
    while (!rest.empty()) {
      const auto space = rest.find(' ');
      std::string_view word = rest.substr(0, space);
      rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
      if (std::string_view("@#%!~").contains(word.front())) word.remove_prefix(1);
      listed.emplace(word.substr(0, word.find(':')));
    }
    const std::string prefix = std::string(table.name) + ".";
    for (const std::string& column : columns) {
      if (column.starts_with(prefix)) there.insert(column.substr(prefix.size()));
    }
    EXPECT_EQ(listed, there) << table.name;
  }
}

TEST(Inventory, SaysWhyWhereRowsStayOrAreNotExported) {
  for (const HeldTable& table : privacy::inventory()) {
    const bool all_go = table.of_account == Fate::kKeys || table.of_account == Fate::kRows;
    EXPECT_TRUE(!table.why.empty() || (all_go && !table.columns.empty())) << table.name;
    // What goes by itself is found by a column.
    if (all_go) EXPECT_FALSE(table.user_column.empty()) << table.name;
    if (table.of_workspace == Fate::kKeys || table.of_workspace == Fate::kRows)
      EXPECT_FALSE(table.workspace_column.empty()) << table.name;
  }
}

}  // namespace
}  // namespace flowsell::app
