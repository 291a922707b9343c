#include "store/growing_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "database_suite.h"

namespace flowsell::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Migration kTables[] = {
    {100, "things",
     "CREATE TABLE things (workspace_id BLOB NOT NULL, id BLOB NOT NULL, note INTEGER, PRIMARY KEY "
     "(workspace_id, id)) STRICT, WITHOUT ROWID;"
     "CREATE TABLE days (day INTEGER NOT NULL, note INTEGER, PRIMARY KEY (day, note)) STRICT, "
     "WITHOUT ROWID;",
     "CREATE TABLE things (workspace_id BYTEA NOT NULL, id BYTEA NOT NULL, note BIGINT, PRIMARY "
     "KEY (workspace_id, id)) PARTITION BY RANGE (id);"
     "CREATE TABLE things_default PARTITION OF things DEFAULT;"
     "CREATE TABLE days (day BIGINT NOT NULL, note BIGINT, PRIMARY KEY (day, note)) PARTITION BY "
     "RANGE (day);"
     "CREATE TABLE days_default PARTITION OF days DEFAULT;"}};

const GrowingTable kThings("things");
const DailyTable kDays("days");

constexpr Sql kInsert("INSERT INTO things (workspace_id, id, note) VALUES (?1, ?2, ?3)");
constexpr Sql kNotes("SELECT note FROM things ORDER BY note");
constexpr Sql kStray("SELECT note FROM things_default ORDER BY note");
constexpr Sql kOfNovember("SELECT note FROM things_2026_11 ORDER BY note");
constexpr Sql kInsertDay("INSERT INTO days (day, note) VALUES (?1, ?2)");
constexpr Sql kDayNotes("SELECT note FROM days ORDER BY note");
constexpr Sql kStrayDays("SELECT note FROM days_default ORDER BY note");
constexpr Sql kPartitions(
    "SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('things')");

Time at(const char* text) { return *parse_time(text); }

class GrowingTableTest : public DatabaseSuite {
 protected:
  void SetUp() override {
    if (!GetParam().is_available()) GTEST_SKIP() << "script/test starts the server";
    reopen();
    ASSERT_TRUE(db_->migrate(merge_migrations({partition_migrations(), kTables})));
  }

  bool has_partitions() const { return std::string_view(GetParam().name) == "Postgres"; }

  void write(std::function<Result<>(Connection&)> body) {
    FreeOp op(std::move(body));
    const auto written = db_->commit_now(op);
    ASSERT_TRUE(written) << written.error().detail;
  }

  void make(const char* from, const char* until) {
    write([&](Connection& db) { return kThings.make_partitions(db, at(from), at(until)); });
  }

  void insert(const char* when, std::int64_t note, std::uint8_t workspace = 1) {
    IdBytes id = lowest_id_bytes(at(when));
    id[14] = static_cast<std::uint8_t>(note >> 8);
    id[15] = static_cast<std::uint8_t>(note);
    IdBytes owner{};
    owner[0] = workspace;
    write([&](Connection& db) {
      return db.write(kInsert, {WorkspaceId(owner), MessageId(id), note});
    });
  }

  GrowingTable::Trimmed trim(const char* until, const WorkspaceId& behind = {}) {
    GrowingTable::Trimmed out;
    write([&](Connection& db) -> Result<> {
      TRY(out, kThings.trim(db, lowest_id_bytes(at(until)), behind));
      return {};
    });
    return out;
  }

  std::int64_t adopt() {
    std::int64_t left = -1;
    write([&](Connection& db) -> Result<> {
      TRY(left, kThings.adopt_rows(db, at("2026-12-15T00:00:00Z")));
      return {};
    });
    return left;
  }

  std::vector<std::int64_t> notes() { return integers_now(*db_, kNotes); }
};

TEST_P(GrowingTableTest, RowsAreInThePartitionOfTheirMonth) {
  if (!has_partitions()) GTEST_SKIP();
  make("2026-10-31T23:00:00Z", "2026-12-01T00:00:00Z");
  EXPECT_THAT(integers_now(*db_, kPartitions), ElementsAre(4));  // and the default
  insert("2026-10-31T23:59:59.999Z", 1);
  insert("2026-11-01T00:00:00Z", 2);
  insert("2026-11-30T23:59:59.999Z", 3);
  insert("2026-12-01T00:00:00Z", 4);
  EXPECT_THAT(integers_now(*db_, kOfNovember), ElementsAre(2, 3));
  EXPECT_THAT(integers_now(*db_, kStray), IsEmpty());
  make("2026-10-31T23:00:00Z", "2026-12-01T00:00:00Z");
  EXPECT_THAT(integers_now(*db_, kPartitions), ElementsAre(4));
}

TEST_P(GrowingTableTest, RowsWithoutAMonthWaitInTheDefaultAndAreAdopted) {
  insert("2026-11-05T00:00:00Z", 1);
  insert("2026-09-05T00:00:00Z", 2);
  insert("1970-01-01T00:00:01Z", 3);  // what a broken clock says gets no month
  insert("2099-01-01T00:00:00Z", 4);
  EXPECT_EQ(adopt(), 0);
  EXPECT_THAT(notes(), ElementsAre(1, 2, 3, 4));
  if (!has_partitions()) return;
  EXPECT_THAT(integers_now(*db_, kStray), ElementsAre(3, 4));
  EXPECT_THAT(integers_now(*db_, kOfNovember), ElementsAre(1));
}

TEST_P(GrowingTableTest, AMonthThatIsMadeTakesItsRowsOutOfTheDefault) {
  insert("2026-11-05T00:00:00Z", 1);
  insert("2026-09-05T00:00:00Z", 2);
  make("2026-11-05T00:00:00Z", "2026-11-05T00:00:00Z");
  EXPECT_THAT(notes(), ElementsAre(1, 2));
  if (has_partitions()) EXPECT_THAT(integers_now(*db_, kStray), ElementsAre(2));
}

TEST_P(GrowingTableTest, TrimRemovesWhatIsOlder) {
  make("2026-09-01T00:00:00Z", "2026-12-01T00:00:00Z");
  insert("2026-09-05T00:00:00Z", 1);
  insert("2026-10-05T00:00:00Z", 2, 2);
  insert("2026-11-05T00:00:00Z", 3);
  insert("2026-11-05T00:00:00Z", 4, 2);
  WorkspaceId behind;
  int partitions = 0;
  for (bool more = true; more;) {
    const auto step = trim("2026-11-01T00:00:00Z", behind);
    behind = step.behind;
    more = step.more;
    partitions += static_cast<int>(step.partitions);
  }
  EXPECT_THAT(notes(), ElementsAre(3, 4));
  EXPECT_EQ(partitions, has_partitions() ? 2 : 0);
}

TEST_P(GrowingTableTest, APartitionGoesWhenItIsOverAsAWhole) {
  if (!has_partitions()) GTEST_SKIP();
  make("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
  insert("2026-11-05T00:00:00Z", 1);
  EXPECT_EQ(trim("2026-11-30T23:59:59.999Z").partitions, 0);
  EXPECT_THAT(notes(), ElementsAre(1));
  EXPECT_EQ(trim("2026-12-01T00:00:00Z").partitions, 1);
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_P(GrowingTableTest, TrimRemovesStrayRowsToo) {
  insert("1970-01-01T00:00:01Z", 1);
  insert("2099-01-01T00:00:00Z", 2);
  trim("2026-11-01T00:00:00Z");
  EXPECT_THAT(notes(), ElementsAre(2));
}

TEST_P(GrowingTableTest, AStepIsBounded) {
  if (has_partitions()) GTEST_SKIP();
  for (std::int64_t note = 0; note < 700; ++note) insert("2026-10-05T00:00:00Z", note);
  const auto first = trim("2026-11-01T00:00:00Z");
  EXPECT_EQ(first.rows, 500);
  EXPECT_TRUE(first.more);
  const auto second = trim("2026-11-01T00:00:00Z", first.behind);
  EXPECT_EQ(second.rows, 200);
  EXPECT_FALSE(second.more);
}

TEST_P(GrowingTableTest, APartitionThatIsReadIsDroppedLater) {
  if (!has_partitions()) GTEST_SKIP();
  make("2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z");
  insert("2026-10-05T00:00:00Z", 1);
  ASSERT_TRUE(db_->read_now([&](Connection& db) {
    ASSERT_TRUE(db.query(kNotes, {}, [](const Row&) {}));
    const auto step = trim("2026-11-01T00:00:00Z");  // by the writer, while this snapshot is open
    EXPECT_TRUE(step.waits);
    EXPECT_EQ(step.partitions, 0);
  }));
  EXPECT_THAT(notes(), ElementsAre(1));
  EXPECT_EQ(trim("2026-11-01T00:00:00Z").partitions, 1);
}

TEST_P(GrowingTableTest, SpanIsThatOfItsIds) {
  if (has_partitions()) GTEST_SKIP() << "asked of the source of a copy only";
  const auto span = [this] {
    Result<std::optional<GrowingTable::Span>> out;
    EXPECT_TRUE(db_->read_now([&](Connection& db) { out = kThings.span(db); }));
    return *out;
  };
  EXPECT_FALSE(span());
  insert("2026-11-05T00:00:00Z", 1, 2);
  insert("2026-09-05T00:00:00Z", 2, 3);
  EXPECT_EQ(span()->first, at("2026-09-05T00:00:00Z"));
  EXPECT_EQ(span()->last, at("2026-11-05T00:00:00Z"));
}

TEST_P(GrowingTableTest, DaysAreMadeAndDropped) {
  const auto insert_day = [this](std::int64_t day) {
    write([day](Connection& db) { return db.write(kInsertDay, {day, day}); });
  };
  const auto drop = [this](std::int64_t day) {
    bool dropped = false;
    write([&](Connection& db) -> Result<> {
      TRY(dropped, kDays.drop_partition(db, day));
      return {};
    });
    return dropped;
  };
  insert_day(99);
  insert_day(100);
  write([](Connection& db) { return kDays.make_partitions(db, 100, 102); });
  insert_day(101);
  EXPECT_FALSE(drop(100));
  EXPECT_THAT(integers_now(*db_, kDayNotes), ElementsAre(99, 100, 101));
  EXPECT_EQ(drop(101), has_partitions());
  EXPECT_FALSE(drop(101));
  if (!has_partitions()) return;
  EXPECT_THAT(integers_now(*db_, kDayNotes), ElementsAre(99, 101));
  EXPECT_THAT(integers_now(*db_, kStrayDays), ElementsAre(99));
}

INSTANTIATE_TEST_SUITE_P(Engines, GrowingTableTest, testing::ValuesIn(kEngines),
                         [](const auto& param_info) { return param_info.param.name; });

}  // namespace
}  // namespace flowsell::store
