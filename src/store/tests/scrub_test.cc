#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "store/change.h"
#include "support/database_suite.h"

namespace flowsell::store {
namespace {

constexpr std::array kNotes = {Migration{
    900, "notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"}};
constexpr WriteKind kKind{"note", 500, apply_each<Change>};
constexpr std::string_view kMark = "what nobody may find again";
const Sql kInsert("INSERT INTO notes (id, text) VALUES (?1, ?2)");
const Sql kDelete("DELETE FROM notes WHERE id % 2 = 0");
const Sql kCount("SELECT COUNT(*) FROM notes");

bool holds(const std::string& file, std::string_view bytes) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {}).contains(bytes);
}

class Scrub : public DatabaseSuite {
 protected:
  void SetUp() override {
    DatabaseSuite::SetUp();
    if (IsSkipped()) return;
    std::vector<Migration> all(std::begin(kItemMigrations), std::end(kItemMigrations));
    all.insert(all.end(), kNotes.begin(), kNotes.end());
    ASSERT_TRUE(db_->migrate(all));
    // Rows of many lengths, with others between: pages are divided, and cells move.
    ASSERT_TRUE(write([](Connection& db) -> Result<> {
      for (std::int64_t id = 0; id < 2000; ++id) {
        std::string text(static_cast<std::size_t>(id * 7919 % 900), '.');
        text += id % 2 == 0 ? kMark : std::string_view("stays");
        CHECK_OK(db.write(kInsert, {id, text}));
      }
      return {};
    }));
    ASSERT_TRUE(write([](Connection& db) { return db.write(kDelete, {}); }));
  }
  template <class F>
  Result<> write(F body) {
    return change_now(*db_, kKind, std::move(body));
  }
  Result<> scrub() {
    constexpr std::array<std::string_view, 1> kTables = {"notes"};
    return db_->scrub(kTables);
  }
};

TEST_P(Scrub, RowsThatWereNotDeletedStay) {
  ASSERT_TRUE(scrub());
  EXPECT_EQ(integers_now(*db_, kCount), (std::vector<std::int64_t>{1000}));
  EXPECT_TRUE(write([](Connection& db) { return db.write(kInsert, {0, "again"}); }));
  EXPECT_TRUE(scrub());
  reopen();
  EXPECT_EQ(integers_now(*db_, kCount), (std::vector<std::int64_t>{1001}));
}

TEST_P(Scrub, NoByteOfWhatWasDeletedIsInSqlitesFiles) {
  if (std::string_view(GetParam().name) != "Sqlite") GTEST_SKIP() << "PostgreSQL promises less";
  ASSERT_TRUE(scrub());
  for (const char* file : {"test.db", "test.db-wal"})
    EXPECT_FALSE(holds(place_.folder.file(file), kMark)) << file;
  EXPECT_TRUE(holds(place_.folder.file("test.db"), "stays"));
}

INSTANTIATE_TEST_SUITE_P(Engines, Scrub, testing::ValuesIn(kEngines),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::store
