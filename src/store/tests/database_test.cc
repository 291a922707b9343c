// What every engine of store::Database must do. A new engine is one more entry in kEngines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "database_suite.h"

namespace flowsell::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_P(DatabaseSuite, CommittedOperationIsSeenByAReader) {
  InsertItem op(7);
  ASSERT_TRUE(db_->commit_now(op));
  EXPECT_THAT(items(), ElementsAre(7));
}

TEST_P(DatabaseSuite, OperationsThatWaitTogetherShareOneCommit) {
  commit_together(*db_, items_from_1_to(300));
  EXPECT_EQ(db_->stats().commits, 2U) << "the one that was held, then all others";
}

TEST_P(DatabaseSuite, StatsCountOperations) {
  commit_together(*db_, items_from_1_to(300));
  EXPECT_EQ(db_->stats().operations, 301U);
}

TEST_P(DatabaseSuite, NothingWaitsOnceAllAreDone) {
  commit_together(*db_, items_from_1_to(10));
  db_->stop();
  EXPECT_EQ(db_->stats().waiting, 0U);
}

TEST_P(DatabaseSuite, StatsCountWhatWaits) {
  auto ops = items_from_1_to(3);
  Hold hold(*db_);
  for (const auto& op : ops) db_->submit(*op, [](Result<>) {});
  EXPECT_EQ(db_->stats().waiting, 3U);
  hold.release();
  db_->stop();
}

// ---- order

Result<> append_to_trail(Connection& db, std::span<WriteOp* const> ops);
constexpr WriteKind kEarlyKind{"early", 1, append_to_trail};
constexpr WriteKind kMiddleKind{"middle", 2, append_to_trail};
constexpr WriteKind kLateKind{"late", 3, append_to_trail};
constexpr Sql kAppend("INSERT INTO trail(position, what) SELECT count(*), ?1 FROM trail");
constexpr Sql kTrail("SELECT what FROM trail ORDER BY position");

struct TrailOp : WriteOp {
  TrailOp(const WriteKind& op_kind, std::string text) : WriteOp(op_kind), what(std::move(text)) {}
  std::string what;
};

Result<> append_to_trail(Connection& db, std::span<WriteOp* const> ops) {
  for (WriteOp* op : ops) CHECK_OK(db.write(kAppend, {as<TrailOp>(op).what}));
  return {};
}

TEST_P(DatabaseSuite, KindsRunInTheirOrderAndOperationsOfAKindInThatOfArrival) {
  std::vector<std::unique_ptr<TrailOp>> ops;
  for (const char* what : {"a", "b"}) {
    ops.push_back(std::make_unique<TrailOp>(kMiddleKind, std::string("middle ") + what));
    ops.push_back(std::make_unique<TrailOp>(kLateKind, std::string("late ") + what));
    ops.push_back(std::make_unique<TrailOp>(kEarlyKind, std::string("early ") + what));
  }
  commit_together(*db_, ops);

  std::vector<std::string> trail;
  const auto read = db_->read_now([&trail](Connection& db) {
    (void)db.query(kTrail, {}, [&trail](const Row& row) { trail.emplace_back(row.text(0)); });
  });
  ASSERT_TRUE(read);
  EXPECT_THAT(trail, ElementsAre("early a", "early b", "middle a", "middle b", "late a", "late b"));
}

// ---- one operation's fault

class OneBadAmongHundred : public DatabaseSuite {
 protected:
  void SetUp() override {
    DatabaseSuite::SetUp();
    if (IsSkipped()) return;
    InsertItem first(50);
    ASSERT_TRUE(db_->commit_now(first));
    auto ops = items_from_1_to(100);
    ops[49]->note = "of the second 50";  // its key row can be written, its item row can't
    results_ = commit_together(*db_, ops);
  }
  std::vector<Result<>> results_;
};

TEST_P(OneBadAmongHundred, OnlyTheGuiltyOneFails) {
  for (std::size_t i = 0; i < results_.size(); ++i)
    EXPECT_EQ(results_[i].has_value(), i != 49) << "item " << i + 1;
}

TEST_P(OneBadAmongHundred, ItsErrorIsInternal) {
  EXPECT_EQ(code_of(results_[49]), ErrorCode::kInternal);
}

TEST_P(OneBadAmongHundred, ItsErrorHoldsNoValue) {
  EXPECT_THAT(results_[49].error().detail, Not(HasSubstr("second")));
}

TEST_P(OneBadAmongHundred, NothingOfItIsWritten) { EXPECT_EQ(std::ranges::count(keys(), 50), 1); }

TEST_P(OneBadAmongHundred, TheOthersAreWrittenOnce) {
  EXPECT_EQ(items().size(), 101U);  // 1 to 100 and the one that was held
}

TEST_P(OneBadAmongHundred, SharedWorkIsDoneOnceForEachOfTheOthers) {
  EXPECT_THAT(integers_now(*db_, kItemTally), ElementsAre(101));
}

TEST_P(OneBadAmongHundred, TheStoreStaysHealthy) { EXPECT_TRUE(db_->healthy()); }

TEST_P(OneBadAmongHundred, FewTransactionsAreTried) {
  EXPECT_LE(db_->stats().bisected, 7U);  // log2(100), rounded up
}

struct FlakyOp : WriteOp {
  FlakyOp() : WriteOp(kKind) {}
  int applied = 0;
  static Result<> apply(Connection&, std::span<WriteOp* const> ops) {
    bool fails = false;
    for (WriteOp* op : ops) fails = as<FlakyOp>(op).applied++ == 0 || fails;
    if (fails) return fail(ErrorCode::kInternal, "the first time fails");
    return {};
  }
  static const WriteKind kKind;
};
constexpr WriteKind FlakyOp::kKind{"flaky", 5, &FlakyOp::apply};

TEST_P(DatabaseSuite, KindThatFailsOnceIsAppliedAgainInHalves) {
  std::vector<std::unique_ptr<FlakyOp>> ops;
  for (int i = 0; i < 4; ++i) ops.push_back(std::make_unique<FlakyOp>());
  const auto results = commit_together(*db_, ops);
  EXPECT_TRUE(std::ranges::all_of(results, [](const Result<>& r) { return r.has_value(); }));
}

struct ThrowingOp : WriteOp {
  ThrowingOp() : WriteOp(kKind) {}
  static Result<> apply(Connection&, std::span<WriteOp* const>) {
    throw std::runtime_error("thrown by a test");
  }
  static const WriteKind kKind;
};
constexpr WriteKind ThrowingOp::kKind{"throwing", 5, &ThrowingOp::apply};

TEST_P(DatabaseSuite, ExceptionOfAKindIsItsOperationsError) {
  ThrowingOp op;
  EXPECT_EQ(code_of(db_->commit_now(op)), ErrorCode::kInternal);
}

struct UnavailableOp : WriteOp {
  UnavailableOp() : WriteOp(kKind) {}
  int applied = 0;
  static Result<> apply(Connection&, std::span<WriteOp* const> ops) {
    for (WriteOp* op : ops) ++as<UnavailableOp>(op).applied;
    return fail(ErrorCode::kStoreUnavailable, "no disk");
  }
  static const WriteKind kKind;
};
constexpr WriteKind UnavailableOp::kKind{"unavailable", 5, &UnavailableOp::apply};

TEST_P(DatabaseSuite, FaultOfTheStoreIsNotBisected) {
  std::vector<std::unique_ptr<UnavailableOp>> ops;
  for (int i = 0; i < 4; ++i) ops.push_back(std::make_unique<UnavailableOp>());
  commit_together(*db_, ops);
  EXPECT_EQ(ops[3]->applied, 1);
}

/// Records how the transactions ended that it took part in: c is committed, r rolled back.
struct EndingOp : WriteOp {
  explicit EndingOp(bool fails = false) : WriteOp(kKind), is_bad(fails) {}
  bool is_bad;
  std::string ends;
  static Result<> apply(Connection&, std::span<WriteOp* const> ops) {
    for (WriteOp* op : ops) {
      if (as<EndingOp>(op).is_bad) return fail(ErrorCode::kInternal, "a bad one");
    }
    return {};
  }
  static void ended(std::span<WriteOp* const> ops, bool committed) noexcept {
    for (WriteOp* op : ops) as<EndingOp>(op).ends += committed ? 'c' : 'r';
  }
  static const WriteKind kKind;
};
constexpr WriteKind EndingOp::kKind{"ending", 6, &EndingOp::apply, &EndingOp::ended};

TEST_P(DatabaseSuite, KindIsToldOfItsCommitBeforeTheCallerIs) {
  EndingOp op;
  ASSERT_TRUE(db_->commit_now(op));
  EXPECT_EQ(op.ends, "c");
}

TEST_P(DatabaseSuite, KindIsToldOfEveryRollbackOnTheWay) {
  std::vector<std::unique_ptr<EndingOp>> ops;
  for (int i = 0; i < 4; ++i) ops.push_back(std::make_unique<EndingOp>(i == 2));
  commit_together(*db_, ops);
  EXPECT_EQ(ops[0]->ends, "rc");
  EXPECT_EQ(ops[1]->ends, "rc");
  EXPECT_EQ(ops[2]->ends, "rrr");
  EXPECT_EQ(ops[3]->ends, "rrc");
}

TEST_P(DatabaseSuite, KindIsToldWhenAnotherOneFails) {
  UnavailableOp bad;
  EndingOp op;
  std::latch done{2};
  Hold hold(*db_);
  db_->submit(bad, [&done](Result<>) { done.count_down(); });
  db_->submit(op, [&done](Result<>) { done.count_down(); });
  hold.release();
  done.wait();
  EXPECT_EQ(op.ends, "r");
}

TEST_P(DatabaseSuite, FaultOfTheStoreMakesItUnhealthy) {
  UnavailableOp op;
  (void)db_->commit_now(op);
  EXPECT_FALSE(db_->healthy());
}

TEST_P(DatabaseSuite, CommitMakesItHealthyAgain) {
  UnavailableOp bad;
  (void)db_->commit_now(bad);
  InsertItem good(1);
  (void)db_->commit_now(good);
  EXPECT_TRUE(db_->healthy());
}

TEST_P(DatabaseSuite, StoreThatFailedIsProbedWithoutNewWork) {
  UnavailableOp bad;
  (void)db_->commit_now(bad);
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!db_->healthy() && std::chrono::steady_clock::now() < patience) std::this_thread::yield();
  EXPECT_TRUE(db_->healthy());
}

// ---- reading

TEST_P(DatabaseSuite, ReaderSeesOneSnapshotWhileAnotherCommits) {
  std::vector<std::int64_t> before, after;
  const auto read = db_->read_now([&](Connection& snapshot) {
    before = integers(snapshot, kAllItems).value();
    InsertItem op(1);
    ASSERT_TRUE(db_->commit_now(op));
    after = integers(snapshot, kAllItems).value();
  });
  ASSERT_TRUE(read);
  EXPECT_THAT(after, IsEmpty());
}

TEST_P(DatabaseSuite, ReaderCanNotWrite) {
  Result<std::int64_t> written = 0;
  (void)db_->read_now([&](Connection& db) { written = db.run(kAppend, {"by a reader"}); });
  EXPECT_FALSE(written);
}

TEST_P(DatabaseSuite, ExceptionOfAReadIsItsError) {
  EXPECT_EQ(
      code_of(db_->read_now([](Connection&) { throw std::runtime_error("thrown by a test"); })),
      ErrorCode::kInternal);
}

TEST_P(DatabaseSuite, ReaderWorksAfterAReadThatThrew) {
  for (int i = 0; i < 4; ++i)
    (void)db_->read_now([](Connection&) { throw std::runtime_error("thrown by a test"); });
  EXPECT_THAT(items(), IsEmpty());
}

constexpr Sql kEcho("SELECT ?1, ?2, ?3, ?4");

TEST_P(DatabaseSuite, ValuesComeBackAsTheyWentIn) {
  const auto read = db_->read_now([](Connection& db) {
    const std::string_view bytes("\0x\xff", 3);
    const auto asked = db.query(kEcho, {std::int64_t{-5}, "text", Param::blob(bytes), nullptr},
                                [&](const Row& row) {
                                  EXPECT_EQ(row.integer(0), -5);
                                  EXPECT_EQ(row.text(1), "text");
                                  EXPECT_EQ(row.text(2), bytes);
                                  EXPECT_TRUE(row.is_null(3));
                                });
    EXPECT_TRUE(asked);
  });
  EXPECT_TRUE(read);
}

TEST_P(DatabaseSuite, EmptyTextAndBlobAreNotNull) {
  const auto read = db_->read_now([](Connection& db) {
    const auto asked = db.query(
        kEcho, {"", std::string_view(), Param::blob({}), 0},
        [](const Row& row) { EXPECT_FALSE(row.is_null(0) || row.is_null(1) || row.is_null(2)); });
    EXPECT_TRUE(asked);
  });
  EXPECT_TRUE(read);
}

TEST_P(DatabaseSuite, StatementMayRunInsideItsOwnCallback) {
  auto ops = items_from_1_to(3);
  commit_together(*db_, ops);
  int rows = 0;
  const auto read = db_->read_now([&](Connection& db) {
    (void)db.query(kAllItems, {},
                   [&](const Row&) { (void)db.query(kAllItems, {}, [&](const Row&) { ++rows; }); });
  });
  ASSERT_TRUE(read);
  EXPECT_EQ(rows, 16);  // 4 items, counted once for each
}

TEST_P(DatabaseSuite, MissingParameterIsRefused) {
  Result<> asked;
  (void)db_->read_now(
      [&](Connection& db) { asked = db.query(kEcho, {1, 2, 3}, [](const Row&) {}); });
  EXPECT_EQ(code_of(asked), ErrorCode::kInternal);
}

// ---- migrations

TEST_P(DatabaseSuite, MigrationsAreAppliedOnce) { EXPECT_TRUE(db_->migrate(kItemMigrations)); }

constexpr Migration kTwoMigrations[] = {
    kItemMigrations[0],
    {2, "another table", "CREATE TABLE other(id BIGINT PRIMARY KEY)"},
};
constexpr Sql kMigrationNumbers("SELECT number FROM schema_migrations ORDER BY number");

TEST_P(DatabaseSuite, NewMigrationIsAppliedToAnOldDatabase) {
  ASSERT_TRUE(db_->migrate(kTwoMigrations));
  EXPECT_THAT(integers_now(*db_, kMigrationNumbers), ElementsAre(1, 2));
}

TEST_P(DatabaseSuite, DatabaseNewerThanTheProgramIsRefused) {
  ASSERT_TRUE(db_->migrate(kTwoMigrations));
  EXPECT_EQ(code_of(db_->migrate(kItemMigrations)), ErrorCode::kInternal);
}

TEST_P(DatabaseSuite, DatabaseThatANewerProgramOnlyExpandedIsTaken) {
  const Migration of_tomorrow[] = {kItemMigrations[0],
                                   {.number = 2,
                                    .name = "another column",
                                    .sql = "ALTER TABLE item ADD COLUMN colour TEXT",
                                    .expands = true}};
  ASSERT_TRUE(db_->migrate(of_tomorrow));
  ASSERT_TRUE(db_->migrate(kItemMigrations));
  InsertItem op(1);
  EXPECT_TRUE(db_->commit_now(op));
  EXPECT_THAT(integers_now(*db_, kMigrationNumbers), ElementsAre(1, 2));
}

struct DropColumn final : WriteOp {
  DropColumn() : WriteOp(kKind) {}
  static Result<> apply(Connection& db, std::span<WriteOp* const> /*ops*/) {
    static constexpr Sql kDrop("ALTER TABLE schema_migrations DROP COLUMN expands");
    return db.write(kDrop, {});
  }
  static const WriteKind kKind;
};
constexpr WriteKind DropColumn::kKind{"drop_column", 1, &DropColumn::apply};

TEST_P(DatabaseSuite, TableOfMigrationsOfAnEarlyProgramIsTaken) {
  DropColumn op;
  ASSERT_TRUE(db_->commit_now(op));
  ASSERT_TRUE(db_->migrate(kTwoMigrations));
  EXPECT_THAT(integers_now(*db_, kMigrationNumbers), ElementsAre(1, 2));
}

TEST_P(DatabaseSuite, FailedMigrationLeavesNothingOfItself) {
  const Migration with_fault[] = {
      kItemMigrations[0],
      {2, "half", "CREATE TABLE half(id BIGINT PRIMARY KEY); CREATE TABLE item(id BIGINT)"},
  };
  ASSERT_FALSE(db_->migrate(with_fault));
  EXPECT_THAT(integers_now(*db_, kMigrationNumbers), ElementsAre(1));
}

TEST_P(DatabaseSuite, FailedMigrationIsNamed) {
  const Migration with_fault[] = {kItemMigrations[0], {2, "half", "CREATE TABLE item(id BIGINT)"}};
  EXPECT_THAT(db_->migrate(with_fault).error().detail, HasSubstr("migration 2 (half)"));
}

TEST_P(DatabaseSuite, WritesWorkAfterAFailedMigration) {
  const Migration with_fault[] = {kItemMigrations[0], {2, "half", "CREATE TABLE item(id BIGINT)"}};
  (void)db_->migrate(with_fault);
  InsertItem op(1);
  EXPECT_TRUE(db_->commit_now(op));
}

// ---- life

TEST_P(DatabaseSuite, ReopenedDatabaseHasEverything) {
  commit_together(*db_, items_from_1_to(100));
  reopen();
  EXPECT_EQ(items().size(), 101U);
}

TEST_P(DatabaseSuite, SecondHandleIsRefused) {
  auto second = GetParam().open(place_, std::chrono::milliseconds(0));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kStoreUnavailable);
}

TEST_P(DatabaseSuite, StopCommitsWhatWaits) {
  auto ops = items_from_1_to(50);
  std::atomic<int> succeeded = 0;
  Hold hold(*db_);
  for (const auto& op : ops)
    db_->submit(*op, [&](Result<> result) { succeeded += result.has_value() ? 1 : 0; });
  hold.release();
  db_->stop();
  EXPECT_EQ(succeeded, 50);
}

TEST_P(DatabaseSuite, WriteAfterStopIsRefused) {
  db_->stop();
  InsertItem op(1);
  EXPECT_EQ(code_of(db_->commit_now(op)), ErrorCode::kShuttingDown);
}

TEST_P(DatabaseSuite, ReadAfterStopIsRefused) {
  db_->stop();
  EXPECT_EQ(code_of(db_->read_now([](Connection&) {})), ErrorCode::kShuttingDown);
}

TEST_P(DatabaseSuite, StopMayBeCalledByManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([this] { db_->stop(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(db_->commit_now(*std::make_unique<InsertItem>(1)));
}

// ---- coroutines

Task<std::vector<std::int64_t>> read_items(Database& db) {
  auto found = db.read([](Connection& connection) { return integers(connection, kAllItems); });
  co_return co_await std::move(found);
}

TEST_P(DatabaseSuite, CoroutineReads) {
  InsertItem op(3);
  ASSERT_TRUE(db_->commit_now(op));
  EXPECT_THAT(run(read_items(*db_)).value(), ElementsAre(3));
}

TEST_P(DatabaseSuite, CoroutineGetsItsOperationsError) {
  InsertItem first(3);
  ASSERT_TRUE(db_->commit_now(first));
  InsertItem second(3);
  EXPECT_EQ(code_of(run(db_->commit(second))), ErrorCode::kInternal);
}

TEST_P(DatabaseSuite, CoroutineIsRefusedAfterStop) {
  db_->stop();
  InsertItem op(3);
  EXPECT_EQ(code_of(run(db_->commit(op))), ErrorCode::kShuttingDown);
}

TEST_P(DatabaseSuite, CoroutinesReadIsRefusedAfterStop) {
  db_->stop();
  EXPECT_EQ(run(read_items(*db_)).error().code, ErrorCode::kShuttingDown);
}

/// Commits items one after the other; counts those that came back on the thread they left from.
Awaitable<void> commit_items(Database& db, std::int64_t first, int count, std::atomic<int>& good) {
  const auto home = std::this_thread::get_id();
  for (std::int64_t id = first; id < first + count; ++id) {
    InsertItem op(id);
    const auto result = co_await db.commit(op);
    if (result && std::this_thread::get_id() == home) ++good;
  }
}

class ManyCoroutines : public DatabaseSuite {
 protected:
  static constexpr int kCoroutines = 200, kEach = 20;

  void SetUp() override {
    DatabaseSuite::SetUp();
    if (IsSkipped()) return;
    std::int64_t first = 1;
    for (auto& io : contexts_) {
      for (int i = 0; i < kCoroutines; ++i, first += kEach) {
        net::co_spawn(io, commit_items(*db_, first, kEach, good_), [](std::exception_ptr e) {
          if (e) std::rethrow_exception(e);
        });
      }
    }
    std::vector<std::thread> threads;
    for (auto& io : contexts_) threads.emplace_back([&io] { io.run(); });
    for (std::thread& thread : threads) thread.join();
  }
  std::atomic<int> good_ = 0;
};

TEST_P(ManyCoroutines, AllResumeOnTheirOwnThread) { EXPECT_EQ(good_, 2 * kCoroutines * kEach); }

TEST_P(ManyCoroutines, AllAreWritten) {
  EXPECT_EQ(items().size(), std::size_t{2 * kCoroutines * kEach});
}

TEST_P(ManyCoroutines, ShareTransactions) {
  EXPECT_LT(db_->stats().commits, db_->stats().operations / 10);
}

constexpr auto kEngineName = [](const auto& engine) { return std::string(engine.param.name); };
INSTANTIATE_TEST_SUITE_P(Engines, DatabaseSuite, testing::ValuesIn(kEngines), kEngineName);
INSTANTIATE_TEST_SUITE_P(Engines, OneBadAmongHundred, testing::ValuesIn(kEngines), kEngineName);
INSTANTIATE_TEST_SUITE_P(Engines, ManyCoroutines, testing::ValuesIn(kEngines), kEngineName);

}  // namespace
}  // namespace flowsell::store
