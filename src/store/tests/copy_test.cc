#include "store/copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "database_suite.h"

namespace flowsell::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Every form of table that the rooms have.
constexpr Migration kMigrations[] = {
    {1, "tables",
     "CREATE TABLE many (id INTEGER PRIMARY KEY, note TEXT, bytes BLOB) STRICT;"
     "CREATE TABLE pairs (workspace_id BLOB NOT NULL, id BLOB NOT NULL, amount INTEGER, "
     "PRIMARY KEY (workspace_id, id)) STRICT, WITHOUT ROWID;"
     "CREATE TABLE empty_one (id INTEGER PRIMARY KEY) STRICT;"}};

constexpr Sql kInsertMany("INSERT INTO many (id, note, bytes) VALUES (?1, ?2, ?3)");
constexpr Sql kInsertPair("INSERT INTO pairs (workspace_id, id, amount) VALUES (?1, ?2, ?3)");
constexpr Sql kDeleteMany("DELETE FROM many WHERE id > ?1");
constexpr Sql kChangeOne("UPDATE many SET note = 'other' WHERE id = ?1");
constexpr Sql kManyIds("SELECT id FROM many ORDER BY id");
constexpr Sql kAmounts("SELECT amount FROM pairs ORDER BY workspace_id, id");

std::optional<std::string> all_rows(std::string_view /*table*/) { return ""; }

/// From SQLite to any engine.
class Copy : public testing::TestWithParam<Engine> {
 protected:
  static constexpr std::int64_t kRows = 1234;  // more than two portions

  void SetUp() override {
    if (!GetParam().is_available()) GTEST_SKIP() << "script/test starts the server";
    from_ = *kEngines[0].open(from_place_, kPatience);
    to_ = *GetParam().open(to_place_, kPatience);
    ASSERT_TRUE(from_->migrate(kMigrations));
    ASSERT_TRUE(to_->migrate(kMigrations));
    write(*from_, [](Connection& db) -> Result<> {
      for (std::int64_t id = 1; id <= kRows; ++id) {
        const std::string bytes("\0\xff", 2);
        CHECK_OK(db.write(kInsertMany, {id, id % 3 == 0 ? Param(nullptr) : Param("note"),
                                        id % 5 == 0 ? Param(nullptr) : Param::blob(bytes)}));
      }
      for (const char* workspace : {"\x01", "\x7f", "\xff"}) {
        for (const char* id : {"\x02", "\x80"})
          CHECK_OK(db.write(kInsertPair, {Param::blob(workspace), Param::blob(id), -1}));
      }
      return {};
    });
  }

  static void write(Database& db, std::function<Result<>(Connection&)> body) {
    FreeOp op(std::move(body));
    const auto written = db.commit_now(op);
    ASSERT_TRUE(written) << written.error().detail;
  }

  Result<std::vector<CopiedTable>> copy() {
    return copy_tables(*from_, *to_, all_rows, [](const CopiedTable&) {});
  }

  Place from_place_, to_place_;
  std::unique_ptr<Database> from_, to_;
};

TEST_P(Copy, HasAllRowsOfAllTables) {
  const auto copied = copy();
  ASSERT_TRUE(copied) << copied.error().detail;
  std::vector<std::string> said;
  for (const auto& table : *copied) said.push_back(table.name + " " + std::to_string(table.rows));
  EXPECT_THAT(said, ElementsAre("empty_one 0", "many 1234", "pairs 6"));
  EXPECT_EQ(integers_now(*to_, kManyIds), integers_now(*from_, kManyIds));
  EXPECT_THAT(integers_now(*to_, kAmounts), ElementsAre(-1, -1, -1, -1, -1, -1));
}

TEST_P(Copy, GoesOnBehindWhatIsThere) {
  ASSERT_TRUE(copy());
  write(*to_, [](Connection& db) -> Result<> {
    CHECK_OK(db.write(kDeleteMany, {kRows / 2}));
    return {};
  });
  ASSERT_TRUE(copy());
  EXPECT_EQ(integers_now(*to_, kManyIds), integers_now(*from_, kManyIds));
}

TEST_P(Copy, OfItselfAgainChangesNothing) {
  ASSERT_TRUE(copy());
  EXPECT_TRUE(copy());
  EXPECT_EQ(integers_now(*to_, kManyIds), integers_now(*from_, kManyIds));
}

TEST_P(Copy, RowThatDiffersIsFound) {
  ASSERT_TRUE(copy());
  write(*to_, [](Connection& db) -> Result<> {
    CHECK_OK(db.write(kChangeOne, {700}));
    return {};
  });
  const auto again = copy();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_THAT(again.error().detail, HasSubstr("table many differs"));
}

TEST_P(Copy, TargetWithRowsOfItsOwnIsRefused) {
  write(*to_, [](Connection& db) -> Result<> {
    CHECK_OK(db.write(kInsertMany, {kRows + 1, "another's", nullptr}));
    return {};
  });
  EXPECT_FALSE(copy());
}

TEST_P(Copy, TakesOnlyTheRowsThatAreWanted) {
  const auto some = [](std::string_view table) -> std::optional<std::string> {
    if (table == "pairs") return std::nullopt;
    return table == "many" ? "id % 2 = 0" : "";
  };
  const auto take = [&] { return copy_tables(*from_, *to_, some, [](const CopiedTable&) {}); };
  ASSERT_TRUE(take());
  EXPECT_EQ(integers_now(*to_, kManyIds).size(), kRows / 2U);
  EXPECT_THAT(integers_now(*to_, kManyIds).front(), 2);
  EXPECT_THAT(integers_now(*to_, kAmounts), testing::IsEmpty());
  EXPECT_TRUE(take()) << "a second call finds it done";
}

TEST_P(Copy, TellsOfEachTable) {
  std::vector<std::string> told;
  ASSERT_TRUE(copy_tables(*from_, *to_, all_rows,
                          [&told](const CopiedTable& table) { told.push_back(table.name); }));
  EXPECT_THAT(told, ElementsAre("empty_one", "many", "pairs"));
}

constexpr auto kEngineName = [](const auto& engine) { return std::string(engine.param.name); };
INSTANTIATE_TEST_SUITE_P(Engines, Copy, testing::ValuesIn(kEngines), kEngineName);

}  // namespace
}  // namespace flowsell::store
