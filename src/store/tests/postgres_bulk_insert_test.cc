#include "postgres_bulk_insert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flowsell::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

TEST(BulkInsert, IsMadeOfAnInsertOfItsParametersInTheirOrder) {
  const auto insert = BulkInsert::of("INSERT INTO t (a, b) VALUES (?1, ?2)");
  ASSERT_TRUE(insert);
  EXPECT_EQ(insert->table, "t");
  EXPECT_THAT(insert->columns, ElementsAre("a", "b"));
  EXPECT_THAT(insert->key, IsEmpty());
}

TEST(BulkInsert, KnowsTheKeyOfAConflictThatIsIgnored) {
  const auto insert =
      BulkInsert::of("INSERT INTO t (a, b, c) VALUES (?1, ?2, ?3) ON CONFLICT (c, a) DO NOTHING");
  ASSERT_TRUE(insert);
  EXPECT_THAT(insert->key, ElementsAre(2U, 0U));
}

TEST(BulkInsert, KnowsWhatAConflictUpdates) {
  const std::vector<std::string> types = {"bigint", "bigint"};
  const auto insert = BulkInsert::of(
      "INSERT INTO t (a, b) VALUES (?1, ?2) ON CONFLICT (a) DO UPDATE SET b = t.b + excluded.b");
  ASSERT_TRUE(insert);
  EXPECT_EQ(insert->statement(types),
            "INSERT INTO t (a, b) SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT (a) "
            "DO UPDATE SET b = t.b + excluded.b");
}

TEST(BulkInsert, KeyOfARowIsOfItsColumnsOnly) {
  const auto insert = BulkInsert::of(
      "INSERT INTO t (a, b, c) VALUES (?1, ?2, ?3) ON CONFLICT (a, c) DO UPDATE SET b = 1");
  const std::vector<Param> row = {"x", 1, "y"}, same = {"x", 2, "y"}, other = {"x", 1, "z"};
  EXPECT_EQ(insert->key_of(row), insert->key_of(same));
  EXPECT_NE(insert->key_of(row), insert->key_of(other));
}

class NoBulkInsert : public testing::TestWithParam<const char*> {};
TEST_P(NoBulkInsert, IsMadeOfAnyOtherStatement) { EXPECT_FALSE(BulkInsert::of(GetParam())); }
INSTANTIATE_TEST_SUITE_P(
    Statements, NoBulkInsert,
    testing::Values("", "SELECT 1", "DELETE FROM t WHERE a = ?1", "INSERT INTO t",
                    "INSERT INTO t (a, b) VALUES (?2, ?1)", "INSERT INTO t (a, b) VALUES (?1, 7)",
                    "INSERT INTO t (a) VALUES (lower(?1))",
                    "INSERT INTO t (a) SELECT count(*), ?1 FROM t",
                    "INSERT INTO t (a, b) VALUES (?1, ?2) ON CONFLICT (a) DO UPDATE SET b = ?2",
                    "INSERT INTO t (a) VALUES (?1) ON CONFLICT (z) DO NOTHING",
                    "INSERT INTO t (a) VALUES (?1) RETURNING a"));

TEST(BulkInsert, StatementTakesAnArrayForEachColumn) {
  const std::string types[] = {"bytea", "bigint"};
  EXPECT_EQ(BulkInsert::of("INSERT INTO t (a, b) VALUES (?1, ?2)")->statement(types),
            "INSERT INTO t (a, b) SELECT * FROM unnest($1::bytea[], $2::bigint[])");
}

TEST(BulkInsert, StatementReturnsTheKeysThatWereInserted) {
  const std::string types[] = {"bytea", "bigint"};
  EXPECT_EQ(BulkInsert::of("INSERT INTO t (a, b) VALUES (?1, ?2) ON CONFLICT (b) DO NOTHING")
                ->statement(types),
            "INSERT INTO t (a, b) SELECT * FROM unnest($1::bytea[], $2::bigint[]) ON CONFLICT (b) "
            "DO NOTHING RETURNING b");
}

TEST(ColumnArrays, HoldElementsWithTheirLengths) {
  ColumnArrays arrays;
  arrays.add({"ab", 258});
  arrays.add({nullptr, -1});
  EXPECT_EQ(arrays.array(0, 25),
            "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\2\0\0\0\1\0\0\0\2ab\xff\xff\xff\xff"s);
  EXPECT_EQ(arrays.array(1, 20),
            "\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\2\0\0\0\1\0\0\0\x08\0\0\0\0\0\0\1\2\0\0\0\x08"
            "\xff\xff\xff\xff\xff\xff\xff\xff"s);
}

}  // namespace
}  // namespace flowsell::store
