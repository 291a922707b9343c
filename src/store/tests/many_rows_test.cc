// One statement for many rows, on every engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "database_suite.h"

namespace flowsell::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr Sql kAddKey(
    "INSERT INTO item_key (note, id) VALUES (?1, ?2) ON CONFLICT (note) DO NOTHING");
constexpr Sql kSumUp(
    "INSERT INTO item_key (note, id) VALUES (?1, ?2) ON CONFLICT (note) DO UPDATE SET id = "
    "item_key.id + excluded.id");
constexpr Sql kAddLoose("INSERT INTO loose (id, note, bytes, amount) VALUES (?1, ?2, ?3, ?4)");
constexpr Sql kRaise("UPDATE loose SET amount = amount + 1 WHERE id = ?1");
constexpr Sql kLoose("SELECT note, bytes, amount FROM loose ORDER BY id");
constexpr Sql kAmountsOf("SELECT amount FROM loose WHERE note = ?1 ORDER BY id");
constexpr Sql kAmounts("SELECT amount FROM loose ORDER BY id");

class ManyRows : public DatabaseSuite {
 protected:
  Result<> write(std::function<Result<>(Connection&)> body) {
    FreeOp op(std::move(body));
    return db_->commit_now(op);
  }

  std::vector<std::int64_t> run_each(const Sql& sql, const std::vector<Param>& rows,
                                     std::size_t width) {
    std::vector<std::int64_t> counts;
    const auto written = write([&](Connection& db) -> Result<> {
      TRY(counts, db.run_each(sql, rows, width));
      return {};
    });
    EXPECT_TRUE(written);
    return counts;
  }
};

TEST_P(ManyRows, EachSaysWhetherItWasInserted) {
  ASSERT_THAT(run_each(kAddKey, {"old", 1}, 2), ElementsAre(1));
  EXPECT_THAT(run_each(kAddKey, {"a", 1, "old", 2, "b", 3, "a", 4}, 2), ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(keys(), ElementsAre(1, 1, 3));
}

TEST_P(ManyRows, EachOfAnUpdateSaysHowManyItChanged) {
  run_each(kAddLoose, {1, "a", nullptr, 10, 3, "c", nullptr, 30}, 4);
  EXPECT_THAT(run_each(kRaise, {1, 2, 3}, 1), ElementsAre(1, 0, 1));
  EXPECT_THAT(integers_now(*db_, kAmounts), ElementsAre(11, 31));
}

TEST_P(ManyRows, RowsThatUpdateEachOtherAllCount) {
  EXPECT_TRUE(write([&](Connection& db) -> Result<> {
    for (const auto& [note, id] : {std::pair("a", 1), std::pair("b", 10), std::pair("a", 2),
                                   std::pair("a", 4), std::pair("b", 20)})
      CHECK_OK(db.write(kSumUp, {note, id}));
    return {};
  }));
  EXPECT_THAT(keys(), ElementsAre(7, 30));
  EXPECT_THAT(run_each(kSumUp, {"a", 1, "a", 1, "c", 5}, 2), ElementsAre(1, 1, 1));
  EXPECT_THAT(keys(), ElementsAre(5, 9, 30));
}

TEST_P(ManyRows, NoRowIsNothing) { EXPECT_THAT(run_each(kAddKey, {}, 2), IsEmpty()); }

TEST_P(ManyRows, EachQuestionGetsItsOwnRows) {
  run_each(kAddLoose, {1, "a", nullptr, 10, 2, "a", nullptr, 20, 3, "b", nullptr, 30}, 4);
  std::vector<std::pair<std::size_t, std::int64_t>> seen;
  const auto asked = write([&](Connection& db) -> Result<> {
    seen.clear();
    CHECK_OK(db.write(kRaise, {3}));  // what was written before is seen
    return db.query_each(
        kAmountsOf, std::vector<Param>{"b", "nobody", "a", "b"}, 1,
        [&](std::size_t at, const Row& row) { seen.emplace_back(at, row.integer(0)); });
  });
  EXPECT_TRUE(asked);
  EXPECT_THAT(seen, ElementsAre(Pair(0, 31), Pair(2, 10), Pair(2, 20), Pair(3, 31)));
}

TEST_P(ManyRows, NoQuestionIsNothing) {
  EXPECT_TRUE(write([&](Connection& db) -> Result<> {
    return db.query_each(kAmountsOf, {}, 1, [](std::size_t, const Row&) { FAIL(); });
  }));
}

TEST_P(ManyRows, QuestionThatFailsFailsAll) {
  EXPECT_FALSE(write([&](Connection& db) -> Result<> {
    return db.query_each(kAmountsOf, std::vector<Param>{"a", "b"}, 2,
                         [](std::size_t, const Row&) { FAIL(); });
  }));
}

TEST_P(ManyRows, ValuesComeBackAsTheyWentIn) {
  const std::string_view bytes("\0x\xff", 3);
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  run_each(kAddLoose,
           {1, "text", Param::blob(bytes), least, 2, nullptr, nullptr, nullptr, 3, "",
            Param::blob({}), 0},
           4);
  std::vector<std::string> texts, blobs;
  std::vector<std::int64_t> amounts;
  std::vector<bool> nulls;
  const auto read = db_->read_now([&](Connection& db) {
    EXPECT_TRUE(db.query(kLoose, {}, [&](const Row& row) {
      texts.emplace_back(row.text(0));
      blobs.emplace_back(row.text(1));
      amounts.push_back(row.integer(2));
      nulls.push_back(row.is_null(0) && row.is_null(1) && row.is_null(2));
    }));
  });
  ASSERT_TRUE(read);
  EXPECT_THAT(texts, ElementsAre("text", "", ""));
  EXPECT_THAT(blobs, ElementsAre(std::string(bytes), "", ""));
  EXPECT_THAT(amounts, ElementsAre(least, 0, 0));
  EXPECT_THAT(nulls, ElementsAre(false, true, false));
}

TEST_P(ManyRows, WrittenRowsAreSeenByWhatFollows) {
  std::vector<std::int64_t> seen;
  ASSERT_TRUE(write([&](Connection& db) -> Result<> {
    for (std::int64_t id = 1; id <= 3; ++id)
      CHECK_OK(db.write(kAddLoose, {id, "row", nullptr, id}));
    CHECK_OK(db.write(kRaise, {2}));
    TRY(seen, integers(db, kAmounts));
    return {};
  }));
  EXPECT_THAT(seen, ElementsAre(1, 3, 3));
}

TEST_P(ManyRows, EachIsAskedOfTheseRowsAloneNotOfThoseWrittenBefore) {
  std::vector<std::int64_t> inserted;
  ASSERT_TRUE(write([&](Connection& db) -> Result<> {
    CHECK_OK(db.write(kAddKey, {"a", 1}));
    const std::vector<Param> rows = {"a", 2, "b", 3};
    TRY(inserted, db.run_each(kAddKey, rows, 2));
    return {};
  }));
  EXPECT_THAT(inserted, ElementsAre(0, 1));
}

TEST_P(ManyRows, RowThatCanNotBeTakesAllWithIt) {
  EXPECT_FALSE(write([](Connection& db) -> Result<> {
    for (const int id : {1, 2, 1}) CHECK_OK(db.write(kAddLoose, {id, nullptr, nullptr, 0}));
    return {};
  }));
  EXPECT_THAT(integers_now(*db_, kAmounts), IsEmpty());
}

TEST_P(ManyRows, RowsOfATransactionThatFailedAreNotInTheNext) {
  (void)write([](Connection& db) -> Result<> {
    CHECK_OK(db.write(kAddLoose, {1, nullptr, nullptr, 1}));
    return fail(ErrorCode::kInternal, "a test's");
  });
  run_each(kAddLoose, {2, nullptr, nullptr, 2}, 4);
  EXPECT_THAT(integers_now(*db_, kAmounts), ElementsAre(2));
}

constexpr auto kEngineName = [](const auto& engine) { return std::string(engine.param.name); };
INSTANTIATE_TEST_SUITE_P(Engines, ManyRows, testing::ValuesIn(kEngines), kEngineName);

}  // namespace
}  // namespace flowsell::store
