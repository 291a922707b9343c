// What only the PostgreSQL engine does: it may lose its server.
#include "store/postgres.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "database_suite.h"
#include "tcp_relay.h"

namespace flowsell::store {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class Fact>
bool eventually(Fact fact) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!fact()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A database that is reached through a relay.
class PostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!PostgresSchema::is_available()) GTEST_SKIP() << "script/test starts the server";
    schema_.emplace();
    relay_.emplace(PostgresSchema::port());
    db_ = open(through_relay());
    ASSERT_TRUE(db_);
    ASSERT_TRUE(db_->migrate(kItemMigrations));
  }

  std::string through_relay() const {
    return schema_->conninfo() + " port=" + std::to_string(relay_->port());
  }

  static std::unique_ptr<Database> open(const std::string& conninfo) {
    auto opened =
        open_postgres({.conninfo = Secret(conninfo), .readers = 1, .wait_for_owner = kPatience});
    if (!opened) ADD_FAILURE() << opened.error().detail;
    return opened ? *std::move(opened) : nullptr;
  }

  Result<> commit_item(std::int64_t id) {
    InsertItem op(id);
    return db_->commit_now(op);
  }

  /// Commits an item while the relay is in `mode`, and cuts the connection once it has kept
  /// something back.
  std::future<Result<>> commit_cut_short(std::int64_t id, TcpRelay::Mode mode) {
    const auto before = relay_->swallowed();
    relay_->set(mode);
    auto committed = std::async(std::launch::async, [this, id] { return commit_item(id); });
    EXPECT_TRUE(eventually([&] { return relay_->swallowed() > before; }));
    // The server has got all when it has answered something.
    relay_->set(TcpRelay::Mode::kRefuses);
    relay_->cut();
    return committed;
  }

  /// What is there, seen by a session of its own.
  std::vector<std::int64_t> items() { return integers_now(*db_, kAllItems); }

  void lose_server() {
    relay_->set(TcpRelay::Mode::kRefuses);
    relay_->cut();
  }
  void find_server() { relay_->set(TcpRelay::Mode::kForwards); }

  std::optional<PostgresSchema> schema_;
  std::optional<TcpRelay> relay_;
  std::unique_ptr<Database> db_;
};

TEST_F(PostgresTest, CommitWhoseAnswerWasLostIsFoundCommitted) {
  auto committed = commit_cut_short(1, TcpRelay::Mode::kSwallowsAnswers);
  find_server();
  EXPECT_TRUE(committed.get());
  EXPECT_THAT(items(), ElementsAre(1));
}

TEST_F(PostgresTest, CommitThatNeverCameToTheServerIsFoundMissing) {
  auto committed = commit_cut_short(1, TcpRelay::Mode::kSwallowsRequests);
  find_server();
  EXPECT_EQ(code_of(committed.get()), ErrorCode::kStoreUnavailable);
  EXPECT_TRUE(eventually([this] { return db_->healthy(); }));
  EXPECT_THAT(items(), IsEmpty());
}

TEST_F(PostgresTest, CallerIsNotToldBeforeItIsKnown) {
  auto committed = commit_cut_short(1, TcpRelay::Mode::kSwallowsAnswers);
  EXPECT_EQ(committed.wait_for(600ms), std::future_status::timeout);
  find_server();
  EXPECT_TRUE(committed.get());
}

TEST_F(PostgresTest, OthersAreRefusedAtOnceWhileOneIsUndecided) {
  auto committed = commit_cut_short(1, TcpRelay::Mode::kSwallowsAnswers);
  EXPECT_TRUE(eventually([this] { return !db_->healthy(); }));
  EXPECT_EQ(code_of(commit_item(2)), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(committed.wait_for(0s), std::future_status::timeout);
  find_server();
  EXPECT_TRUE(committed.get());
}

TEST_F(PostgresTest, StopDoesNotWaitForWhatIsUndecided) {
  auto committed = commit_cut_short(1, TcpRelay::Mode::kSwallowsAnswers);
  EXPECT_TRUE(eventually([this] { return !db_->healthy(); }));
  db_->stop();
  EXPECT_EQ(code_of(committed.get()), ErrorCode::kStoreUnavailable);
}

TEST_F(PostgresTest, LostServerMakesItUnhealthyAndItComesBackByItself) {
  lose_server();
  EXPECT_EQ(code_of(commit_item(1)), ErrorCode::kStoreUnavailable);
  EXPECT_FALSE(db_->healthy());
  find_server();
  EXPECT_TRUE(eventually([this] { return db_->healthy(); }));
  EXPECT_TRUE(commit_item(1));
}

TEST_F(PostgresTest, WritesAreRefusedAtOnceWithoutAServer) {
  lose_server();
  (void)commit_item(1);
  const auto refused = commit_item(2);
  EXPECT_EQ(code_of(refused), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(refused.error().retry_after, 1s);
}

TEST_F(PostgresTest, ReadsAreRefusedWithoutAServerAndWorkWhenItIsBack) {
  ASSERT_TRUE(commit_item(1));
  ASSERT_THAT(items(), ElementsAre(1));
  lose_server();
  const auto read = [this] {
    return db_->read_now([](Connection& db) { (void)integers(db, kAllItems); });
  };
  EXPECT_TRUE(eventually([&] { return code_of(read()) == ErrorCode::kStoreUnavailable; }));
  find_server();
  EXPECT_TRUE(eventually([&] { return read().has_value(); }));
  EXPECT_THAT(items(), ElementsAre(1));
}

TEST_F(PostgresTest, WhoWasSupersededWritesNothingEverAgain) {
  lose_server();
  (void)commit_item(1);
  auto second = open(schema_->conninfo());
  ASSERT_TRUE(second);
  find_server();
  EXPECT_EQ(code_of(commit_item(2)), ErrorCode::kStoreUnavailable);
  second.reset();
  EXPECT_TRUE(open(schema_->conninfo())) << "and holds up no other owner";
  EXPECT_EQ(code_of(commit_item(3)), ErrorCode::kStoreUnavailable);
  EXPECT_THAT(items(), IsEmpty());
}

TEST_F(PostgresTest, LostCommitOfWhoWasSupersededIsDecidedWhileAnotherOneOwnsTheDatabase) {
  auto committed = commit_cut_short(1, TcpRelay::Mode::kSwallowsRequests);
  const auto second = open(schema_->conninfo());
  ASSERT_TRUE(second);
  find_server();
  EXPECT_EQ(code_of(committed.get()), ErrorCode::kStoreUnavailable);
}

TEST_F(PostgresTest, OwnerThatLostItsRightIsEndedThoughItLives) {
  ASSERT_TRUE(commit_item(1));
  auto next = open_postgres({.conninfo = Secret(schema_->conninfo()),
                             .readers = 1,
                             .wait_for_owner = kPatience,
                             .may_end_owner = [] { return true; }});
  ASSERT_TRUE(next);
  EXPECT_EQ(code_of(commit_item(2)), ErrorCode::kStoreUnavailable);
  InsertItem op(3);
  EXPECT_TRUE((*next)->commit_now(op));
  EXPECT_THAT(items(), ElementsAre(1, 3));
}

TEST_F(PostgresTest, OwnerIsLeftAloneByWhoMayNotEndIt) {
  EXPECT_FALSE(open_postgres({.conninfo = Secret(schema_->conninfo()),
                              .readers = 1,
                              .wait_for_owner = 300ms,
                              .may_end_owner = [] { return false; }}));
  EXPECT_TRUE(commit_item(1));
}

TEST_F(PostgresTest, OwnerOfAnotherSchemaIsNotMeant) {
  const PostgresSchema other;
  EXPECT_TRUE(open_postgres(
      {.conninfo = Secret(other.conninfo()), .readers = 1, .may_end_owner = [] { return true; }}));
  EXPECT_TRUE(commit_item(1));
}

TEST_F(PostgresTest, SchemaIsMadeWhereItIsNamed) {
  const std::string name = schema_->name() + "_part \"x\"";
  {
    auto part =
        open_postgres({.conninfo = Secret(schema_->conninfo()), .readers = 1, .schema = name});
    ASSERT_TRUE(part) << part.error().detail;
    ASSERT_TRUE((*part)->migrate(kItemMigrations));
    InsertItem op(7);
    EXPECT_TRUE((*part)->commit_now(op));
    EXPECT_THAT(integers_now(**part, kAllItems), ElementsAre(7));
  }
  EXPECT_THAT(items(), IsEmpty());
  schema_->run(R"(DROP SCHEMA ")" + schema_->name() + R"(_part ""x""" CASCADE)");
}

/// An operation that lasts until it may end.
struct LongOp : WriteOp {
  explicit LongOp(std::shared_future<void> until) : WriteOp(kKind), may_end(std::move(until)) {}
  std::shared_future<void> may_end;
  std::promise<void> has_begun;
  static Result<> apply(Connection& /*db*/, std::span<WriteOp* const> ops) {
    as<LongOp>(ops.front()).has_begun.set_value();
    as<LongOp>(ops.front()).may_end.wait();
    return {};
  }
  static const WriteKind kKind;
};
constexpr WriteKind LongOp::kKind{"long", 1, &LongOp::apply};

class PostgresTurns : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    db_.reset();
    db_ = open_part("one");
    other_ = open_part("two");
    ASSERT_TRUE(db_ && other_);
  }
  void TearDown() override {
    if (IsSkipped()) return;
    for (const char* part : {"one", "two"})
      schema_->run("DROP SCHEMA " + schema_->name() + part + " CASCADE");
  }
  std::unique_ptr<Database> open_part(const std::string& part) {
    auto opened = open_postgres({.conninfo = Secret(schema_->conninfo()),
                                 .readers = 1,
                                 .schema = schema_->name() + part,
                                 .turns = turns_});
    if (!opened || !(*opened)->migrate(kItemMigrations)) return nullptr;
    return *std::move(opened);
  }
  std::shared_ptr<Turns> turns_ = std::make_shared<Turns>(1);
  std::unique_ptr<Database> other_;
};

TEST(Turns, AreAsManyAsWasSaidLast) {
  Turns turns(2);
  EXPECT_TRUE(turns.take() && turns.take());
  turns.set_count(1);
  turns.give_back();
  EXPECT_FALSE(turns.take());  // one is out still
  turns.give_back();
  EXPECT_TRUE(turns.take());
  EXPECT_FALSE(turns.take());
  turns.set_count(2);
  EXPECT_TRUE(turns.take());
}

TEST_F(PostgresTurns, TurnIsGivenBackWithEachBatch) {
  for (int id = 1; id <= 5; ++id) {
    InsertItem op(id);
    EXPECT_TRUE(commit_item(id));
    EXPECT_TRUE(other_->commit_now(op));
  }
  EXPECT_TRUE(turns_->take());
}

TEST_F(PostgresTurns, WhoWaitsTooLongForItsTurnGoesWithoutOne) {
  std::promise<void> end;
  LongOp op(end.get_future().share());
  auto committed = std::async(std::launch::async, [&] { return other_->commit_now(op); });
  op.has_begun.get_future().wait();
  EXPECT_TRUE(commit_item(1));
  end.set_value();
  EXPECT_TRUE(committed.get());
}

class SharedPostgres : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    db_ = open_shared(through_relay());
    other_ = open_shared(schema_->conninfo());
    ASSERT_TRUE(db_ && other_);
  }
  static std::unique_ptr<Database> open_shared(const std::string& conninfo) {
    auto opened = open_postgres({.conninfo = Secret(conninfo), .readers = 1, .is_shared = true});
    return opened ? *std::move(opened) : nullptr;
  }
  std::unique_ptr<Database> other_;
};

TEST_F(SharedPostgres, ManyProcessesWrite) {
  InsertItem op(2);
  EXPECT_TRUE(commit_item(1));
  EXPECT_TRUE(other_->commit_now(op));
  EXPECT_THAT(items(), ElementsAre(1, 2));
}

TEST_F(SharedPostgres, LostCommitFailsWithoutWaiting) {
  auto committed = commit_cut_short(1, TcpRelay::Mode::kSwallowsAnswers);
  EXPECT_EQ(code_of(committed.get()), ErrorCode::kStoreUnavailable);
}

TEST_F(SharedPostgres, ItComesBackByItself) {
  lose_server();
  EXPECT_FALSE(commit_item(1));
  find_server();
  EXPECT_TRUE(eventually([this] { return db_->healthy(); }));
  EXPECT_TRUE(commit_item(1));
}

TEST_F(PostgresTest, TransactionOfWhoWasSupersededFailsThoughItsConnectionHolds) {
  schema_->run("UPDATE store_writer SET epoch = epoch + 1");
  EXPECT_EQ(code_of(commit_item(1)), ErrorCode::kStoreUnavailable);
  EXPECT_THAT(items(), IsEmpty());
}

TEST_F(PostgresTest, DatabaseThatLacksWhatWasCommittedIsWrittenToNeverAgain) {
  ASSERT_TRUE(commit_item(1));
  ASSERT_TRUE(commit_item(2));
  lose_server();
  EXPECT_FALSE(commit_item(3));
  // What a standby would have that was promoted before it had the last transaction.
  schema_->run("UPDATE store_writer SET batch = batch - 1; DELETE FROM item WHERE id = 2");
  find_server();
  const auto connections = relay_->accepted();
  EXPECT_TRUE(eventually([&] { return relay_->accepted() > connections; })) << "it tries again";
  EXPECT_TRUE(open(schema_->conninfo())) << "and leaves it to another process";
  EXPECT_EQ(code_of(commit_item(4)), ErrorCode::kStoreUnavailable);
  EXPECT_THAT(items(), ElementsAre(1));
}

TEST_F(PostgresTest, TransactionInAnothersWayIsTriedAgain) {
  schema_->run(
      "CREATE SEQUENCE tries;"
      "CREATE FUNCTION lose_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF nextval('tries') = 1 THEN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END IF; "
      "RETURN NEW; END $$;"
      "CREATE TRIGGER lose_once BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION lose_once()");
  EXPECT_TRUE(commit_item(1));
  EXPECT_TRUE(db_->healthy());
  EXPECT_THAT(items(), ElementsAre(1));
}

TEST_F(PostgresTest, ErrorOfAValueDoesNotHoldIt) {
  schema_->run("ALTER TABLE item ADD CONSTRAINT short CHECK (note::bigint > 0)");
  InsertItem op(1);
  op.note = "confidential";
  const auto committed = db_->commit_now(op);
  ASSERT_FALSE(committed);
  EXPECT_THAT(committed.error().detail, testing::Not(HasSubstr("confidential")));
}

TEST_F(PostgresTest, MigrationMayTakeLongerThanAnyOtherStatement) {
  db_.reset();
  auto opened = open_postgres(
      {.conninfo = Secret(schema_->conninfo()), .readers = 1, .statement_timeout = 1s});
  ASSERT_TRUE(opened);
  const Migration slow[] = {kItemMigrations[0], {2, "slow", "", "SELECT pg_sleep(1.2)"}};
  EXPECT_TRUE((*opened)->migrate(slow));
}

// ---- opening

constexpr Sql kSynchronousCommit("SELECT current_setting('synchronous_commit')");

/// What the writing session has for a setting.
struct AskOp : WriteOp {
  AskOp() : WriteOp(kKind) {}
  std::string said;
  static Result<> apply(Connection& db, std::span<WriteOp* const> ops) {
    for (WriteOp* op : ops)
      CHECK_OK(db.query(kSynchronousCommit, {},
                        [op](const Row& row) { as<AskOp>(op).said = row.text(0); }));
    return {};
  }
  static const WriteKind kKind;
};
constexpr WriteKind AskOp::kKind{"ask", 1, &AskOp::apply};

std::string synchronous_commit_of(const std::string& conninfo) {
  auto db = open_postgres({.conninfo = Secret(conninfo), .readers = 1});
  AskOp ask;
  if (!db || !(*db)->commit_now(ask)) return "failed";
  return ask.said;
}

TEST_F(PostgresTest, CommitsAreDurableThoughTheDatabaseSaysTheyNeedNotBe) {
  db_.reset();
  const std::string options = schema_->conninfo();
  EXPECT_EQ(synchronous_commit_of(options + "\\ -csynchronous_commit=off"), "on");
}

TEST_F(PostgresTest, StricterDurabilityIsLeftAsItIs) {
  db_.reset();
  const std::string options = schema_->conninfo();
  EXPECT_EQ(synchronous_commit_of(options + "\\ -csynchronous_commit=remote_apply"),
            "remote_apply");
}

TEST(OpenPostgres, ServerThatIsNotThereIsUnavailable) {
  const auto opened = open_postgres({.conninfo = Secret("host=127.0.0.1 port=1 password=geheim")});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kStoreUnavailable);
  EXPECT_THAT(opened.error().detail, testing::Not(HasSubstr("geheim")));
}

TEST(OpenPostgres, OtherEncodingThanUtf8IsRefused) {
  if (!PostgresSchema::is_available()) GTEST_SKIP() << "script/test starts the server";
  PostgresSchema::run_on_server("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0");
  const auto opened =
      open_postgres({.conninfo = Secret(PostgresSchema::conninfo_of("ascii")), .readers = 1});
  PostgresSchema::run_on_server("DROP DATABASE ascii WITH (FORCE)");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().detail, HasSubstr("UTF8"));
}

}  // namespace
}  // namespace flowsell::store
