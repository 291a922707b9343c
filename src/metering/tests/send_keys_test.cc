#include "metering/send_keys.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "metering/metering.h"
#include "testkit/database.h"

namespace flowsell::metering {
namespace {

using namespace std::chrono_literals;
using Kind = IdempotencyVerdict::Kind;

/// A transaction on the keys, as Accept makes them: it ends with what is stored, and is told how it
/// ended.
struct KeysOp final : store::WriteOp {
  using Body = std::function<Result<>(store::Connection&)>;
  KeysOp(SendKeys& k, Body b) : WriteOp(kKind), keys(k), body(std::move(b)) {}
  SendKeys& keys;
  Body body;

  static Result<> apply(store::Connection& db, std::span<store::WriteOp* const> ops) {
    return store::as<KeysOp>(ops.front()).body(db);
  }
  static void ended(std::span<store::WriteOp* const> ops, bool committed) noexcept {
    store::as<KeysOp>(ops.front()).keys.ended(committed);
  }
  static constexpr store::WriteKind kKind{"keys", 10, apply, ended};
};

const store::Sql kParts("SELECT COUNT(*) FROM send_key_parts");
const store::Sql kLosePart(
    "DELETE FROM send_key_parts WHERE id = (SELECT MIN(id) + 1 FROM send_key_parts)");
const store::Sql kRecentRows("SELECT COUNT(*) FROM recent_send_keys");

class SendKeysTest : public testing::Test {
 protected:
  ~SendKeysTest() override { db_->stop(); }

  IdempotentCall call(int key, std::string_view body = "{}") {
    return idempotency_.begin(workspace_, identity::Mode::kTest, "POST", "/v1/messages",
                              std::to_string(key), body, clock_.now());
  }
  static IdBytes resource(int number) {
    IdBytes id{};
    for (std::size_t i = 0; i < 4; ++i)
      id[12 + i] = static_cast<std::uint8_t>(number >> 8 * (3 - i));
    return id;
  }
  Result<> transact(KeysOp::Body body) {
    KeysOp op(*keys_, std::move(body));
    return db_->commit_now(op);
  }
  IdempotencyVerdict take(int key, int made = 1, std::string_view body = "{}") {
    IdempotencyVerdict verdict;
    EXPECT_TRUE(transact([&](store::Connection& db) -> Result<> {
      TRY(verdict, keys_->take(db, call(key, body), resource(made), clock_.now()));
      return keys_->store_taken(db);
    }));
    return verdict;
  }
  /// Takes [from, until) for resources of the same numbers, 100 in a transaction.
  void take_all(int from, int until) {
    for (int first = from; first < until; first += 100) {
      ASSERT_TRUE(transact([&](store::Connection& db) -> Result<> {
        for (int key = first; key < std::min(first + 100, until); ++key) {
          TRY(const auto verdict, keys_->take(db, call(key), resource(key), clock_.now()));
          EXPECT_EQ(verdict.kind, Kind::kFirst) << key;
        }
        return keys_->store_taken(db);
      }));
    }
  }
  void expect_replays(int from, int until) {
    ASSERT_TRUE(transact([&](store::Connection& db) -> Result<> {
      for (int key = from; key < until; ++key) {
        TRY(const auto verdict, keys_->look(db, call(key), clock_.now()));
        EXPECT_EQ(verdict.kind, Kind::kReplay) << key;
        EXPECT_EQ(verdict.resource, resource(key)) << key;
      }
      return {};
    }));
  }
  void restart(std::size_t recent_max = SendKeys::kRecentMax) {
    keys_ = std::make_unique<SendKeys>(*fingerprint_keys_, recent_max);
    ASSERT_TRUE(transact([&](store::Connection& db) { return keys_->load(db); }));
  }
  std::int64_t drop_expired() {
    std::int64_t dropped = 0;
    EXPECT_TRUE(transact([&](store::Connection& db) -> Result<> {
      TRY(dropped, keys_->drop_expired(db, clock_.now()));
      return {};
    }));
    return dropped;
  }
  void tidy_all() {
    bool more = true;
    while (more) {
      ASSERT_TRUE(transact([&](store::Connection& db) -> Result<> {
        TRY(more, keys_->tidy(db, clock_.now()));
        return {};
      }));
    }
  }

  testkit::TempFolder folder_;
  ManualClock clock_{*parse_time("2026-11-23T12:00:00Z")};
  IdSource ids_{clock_};
  WorkspaceId workspace_ = ids_.next<IdKind::kWorkspace>();
  std::unique_ptr<crypto::RotatingKeys> fingerprint_keys_ =
      *crypto::RotatingKeys::open({folder_ / "keys", "fingerprint", 24h, 96h}, clock_.now());
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  Idempotency idempotency_{*fingerprint_keys_};
  std::unique_ptr<SendKeys> keys_ = std::make_unique<SendKeys>(*fingerprint_keys_);
};

TEST_F(SendKeysTest, FirstCallTakesTheKey) { EXPECT_EQ(take(1).kind, Kind::kFirst); }

TEST_F(SendKeysTest, SameCallIsAReplayOfWhatTheFirstMade) {
  take(1, 7);
  const auto verdict = take(1, 8);
  EXPECT_EQ(verdict.kind, Kind::kReplay);
  EXPECT_EQ(verdict.resource, resource(7));
}

TEST_F(SendKeysTest, SameKeyWithAnotherBodyIsReused) {
  take(1, 7, "{}");
  EXPECT_EQ(take(1, 7, "[]").kind, Kind::kReused);
}

class RestoredSendKeys : public SendKeysTest {
 protected:
  void lose_fingerprint_keys() { fingerprint_keys_->destroy_expired(clock_.now() + 1000h); }
  /// A message's id of now: it begins with the time.
  int take_message(int key, std::string_view body = "{}") {
    IdempotencyVerdict verdict;
    const auto made = ids_.next<IdKind::kMessage>();
    EXPECT_TRUE(transact([&](store::Connection& db) -> Result<> {
      TRY(verdict, keys_->take(db, call(key, body), made.bytes(), clock_.now()));
      return keys_->store_taken(db);
    }));
    return static_cast<int>(verdict.kind);
  }
  static constexpr int kFirst = static_cast<int>(Kind::kFirst);
  static constexpr int kReplay = static_cast<int>(Kind::kReplay);
  static constexpr int kReused = static_cast<int>(Kind::kReused);
  static constexpr int kUnverifiable = static_cast<int>(Kind::kUnverifiable);
};

TEST_F(RestoredSendKeys, KeyFromBeforeIsUnverifiableWithTheSameBody) {
  ASSERT_EQ(take_message(1), kFirst);
  lose_fingerprint_keys();
  clock_.advance(1h);
  keys_->set_restored_at(clock_.now());
  EXPECT_EQ(take_message(1), kUnverifiable);
  clock_.advance(24h);
  EXPECT_EQ(take_message(1), kUnverifiable);
}

TEST_F(RestoredSendKeys, KeyFromBeforeIsAReplayWhereItsFingerprintKeyIsThere) {
  ASSERT_EQ(take_message(1), kFirst);
  clock_.advance(1h);
  keys_->set_restored_at(clock_.now());
  EXPECT_EQ(take_message(1), kReplay);
}

TEST_F(RestoredSendKeys, KeyFromAfterIsJudgedAsEver) {
  keys_->set_restored_at(clock_.now());
  ASSERT_EQ(take_message(1), kFirst);
  EXPECT_EQ(take_message(1), kReplay);
  EXPECT_EQ(take_message(1, "[]"), kReused);
}

TEST_F(SendKeysTest, SecondCallOfOneTransactionIsAReplay) {
  IdempotencyVerdict second;
  ASSERT_TRUE(transact([&](store::Connection& db) -> Result<> {
    TRY([[maybe_unused]] const auto first, keys_->take(db, call(1), resource(7), clock_.now()));
    TRY(second, keys_->take(db, call(1), resource(8), clock_.now()));
    return keys_->store_taken(db);
  }));
  EXPECT_EQ(second.kind, Kind::kReplay);
  EXPECT_EQ(second.resource, resource(7));
}

TEST_F(SendKeysTest, KeyOfATransactionThatFailedIsFree) {
  ASSERT_FALSE(transact([&](store::Connection& db) -> Result<> {
    TRY([[maybe_unused]] const auto first, keys_->take(db, call(1), resource(7), clock_.now()));
    CHECK_OK(keys_->store_taken(db));
    return fail(ErrorCode::kInternal, "wanted");
  }));
  EXPECT_EQ(take(1).kind, Kind::kFirst);
}

TEST_F(SendKeysTest, LookTakesNothing) {
  ASSERT_TRUE(transact([&](store::Connection& db) -> Result<> {
    TRY(const auto verdict, keys_->look(db, call(1), clock_.now()));
    EXPECT_EQ(verdict.kind, Kind::kFirst);
    return keys_->store_taken(db);
  }));
  EXPECT_EQ(take(1).kind, Kind::kFirst);
}

TEST_F(SendKeysTest, KeysAreKnownAfterARestart) {
  take_all(0, 250);
  restart();
  expect_replays(0, 250);
}

TEST_F(SendKeysTest, ManyKeysBecomeARun) {
  take_all(0, 9'000);
  EXPECT_EQ(keys_->stats().runs, 1U);
  EXPECT_EQ(keys_->stats().recent, 9'000U - 8'200U);
  expect_replays(0, 9'000);
  EXPECT_EQ(take(9'000).kind, Kind::kFirst);
}

TEST_F(SendKeysTest, RunsAreKnownAfterARestart) {
  take_all(0, 9'000);
  restart();
  expect_replays(0, 9'000);
  EXPECT_EQ(take(9'000).kind, Kind::kFirst);
}

TEST_F(SendKeysTest, RunsAreMergedByTheWay) {
  restart(100);
  take_all(0, 10'000);
  EXPECT_LE(keys_->stats().runs, 3U * 8U);
  expect_replays(0, 10'000);
  restart(100);
  expect_replays(0, 10'000);
}

TEST_F(SendKeysTest, MergedRunsLeaveNothingBehind) {
  restart(100);
  take_all(0, 800);
  tidy_all();
  EXPECT_EQ(keys_->stats().runs, 1U);
  EXPECT_EQ(keys_->stats().garbage, 0U);
  EXPECT_EQ(testkit::numbers(*db_, kParts).at(0), 10);  // 84 keys each
}

TEST_F(SendKeysTest, MergeCutOffByACrashIsGarbageOfTheNextStart) {
  restart(2'000);
  take_all(0, 16'000);
  take_all(16'000, 16'100);  // with some entries of the merge, not all
  restart(2'000);
  EXPECT_EQ(keys_->stats().garbage, 1U);
  tidy_all();
  EXPECT_EQ(testkit::numbers(*db_, kParts).at(0), (16'000 + 83) / 84);
  expect_replays(0, 16'000);
}

TEST_F(SendKeysTest, MergeInATransactionThatFailedBeginsAnew) {
  restart(2'000);
  take_all(0, 16'000);
  ASSERT_FALSE(transact([&](store::Connection& db) -> Result<> {
    TRY([[maybe_unused]] const bool more, keys_->tidy(db, clock_.now()));
    return fail(ErrorCode::kInternal, "wanted");
  }));
  EXPECT_EQ(keys_->stats().garbage, 0U);
  tidy_all();
  EXPECT_EQ(keys_->stats().runs, 1U);
  EXPECT_EQ(testkit::numbers(*db_, kParts).at(0), (16'000 + 83) / 84);
  expect_replays(0, 16'000);
}

TEST_F(SendKeysTest, MergeOfADamagedRunStopsNothingElse) {
  restart(2'000);
  take_all(0, 16'000);
  ASSERT_TRUE(transact([](store::Connection& db) -> Result<> {
    CHECK_OK(db.write(kLosePart, {}));
    return {};
  }));
  tidy_all();
  EXPECT_EQ(keys_->stats().runs, 8U);
  clock_.advance(96h);
  EXPECT_EQ(drop_expired(), 16'000);
}

TEST_F(SendKeysTest, KeyOfYesterdayIsReplayedUnderYesterdaysFingerprintKey) {
  take(1, 7);
  clock_.advance(24h);
  const auto verdict = take(1, 8);
  EXPECT_EQ(verdict.kind, Kind::kReplay);
  EXPECT_EQ(verdict.resource, resource(7));
  EXPECT_EQ(take(1, 7, "[]").kind, Kind::kReused);
}

TEST_F(SendKeysTest, RequestMadeBeforeMidnightMeetsItsRepetitionMadeAfterIt) {
  clock_.advance(12h - 1ms);
  const auto before = call(1);
  clock_.advance(2ms);
  take(1, 7);
  ASSERT_TRUE(transact([&](store::Connection& db) -> Result<> {
    TRY(const auto verdict, keys_->take(db, before, resource(8), clock_.now()));
    EXPECT_EQ(verdict.kind, Kind::kReplay);
    return {};
  }));
}

TEST_F(SendKeysTest, KeyIsKeptForSeventyTwoHours) {
  take_all(0, 9'000);
  clock_.advance(72h);
  EXPECT_EQ(drop_expired(), 0);
  expect_replays(0, 9'000);
}

TEST_F(SendKeysTest, KeyIsForgottenADayLater) {
  take_all(0, 9'000);
  clock_.advance(96h);
  EXPECT_EQ(take(1).kind, Kind::kFirst);
  EXPECT_EQ(drop_expired(), 9'000);
  tidy_all();
  EXPECT_EQ(testkit::numbers(*db_, kParts).at(0), 0);
  EXPECT_EQ(testkit::numbers(*db_, kRecentRows).at(0), 1);
  EXPECT_EQ(take(2).kind, Kind::kFirst);
  EXPECT_EQ(take(1).kind, Kind::kReplay);
}

TEST_F(SendKeysTest, NeitherKeyNorBodyIsInAnyFile) {
  const auto made =
      idempotency_.begin(workspace_, identity::Mode::kTest, "POST", "/v1/messages",
                         "the-key-of-a-request", "the body of a request", clock_.now());
  ASSERT_TRUE(transact([&](store::Connection& db) -> Result<> {
    TRY([[maybe_unused]] const auto first, keys_->take(db, made, resource(1), clock_.now()));
    return keys_->store_taken(db);
  }));
  EXPECT_FALSE(folder_.holds("the body of a request"));
  EXPECT_FALSE(folder_.holds("the-key-of-a-request"));
}

/// Random transactions, failures, restarts, days and clean-ups against a map that says what must
/// come of each.
class SendKeysModel : public SendKeysTest, public testing::WithParamInterface<unsigned> {
 protected:
  struct Known {
    int resource;
    std::int64_t day;
  };
  bool is_known(int key) const {
    const auto found = known_.find(key);
    return found != known_.end() && found->second.day >= day_of(clock_.now() - Idempotency::kKept);
  }
  void take_some() {
    const bool fails = random_() % 8 == 0;
    const std::size_t count = 1 + random_() % 40;
    std::map<int, Known> taken;
    const auto done = transact([&](store::Connection& db) -> Result<> {
      taken.clear();
      for (std::size_t i = 0; i < count; ++i) {
        const int key = static_cast<int>(random_() % 6'000);
        const int made = ++made_;
        TRY(const auto verdict, keys_->take(db, call(key), resource(made), clock_.now()));
        const bool known = taken.contains(key) || is_known(key);
        EXPECT_EQ(verdict.kind, known ? Kind::kReplay : Kind::kFirst) << key;
        if (!known) {
          taken[key] = {made, day_of(clock_.now())};
        } else {
          const int first = taken.contains(key) ? taken[key].resource : known_[key].resource;
          EXPECT_EQ(verdict.resource, resource(first)) << key;
        }
      }
      CHECK_OK(keys_->store_taken(db));
      if (random_() % 16 == 0) {
        TRY([[maybe_unused]] const bool more, keys_->tidy(db, clock_.now()));
        TRY([[maybe_unused]] const auto dropped, keys_->drop_expired(db, clock_.now()));
      }
      return fails ? fail(ErrorCode::kInternal, "wanted") : Result<>{};
    });
    EXPECT_EQ(bool{done}, !fails);
    if (!fails) {
      for (const auto& [key, what] : taken) known_[key] = what;
    }
  }

  std::mt19937 random_{GetParam()};
  std::map<int, Known> known_;
  int made_ = 0;
};

TEST_P(SendKeysModel, AgreesWithAMap) {
  restart(50);
  // A step is some round trips where the database is a server.
  const int steps = testkit::tests_run_on_postgres() ? 300 : 1'500;
  for (int step = 0; step < steps && !HasFailure(); ++step) {
    switch (random_() % 64) {
      case 0:
        restart(50);
        break;
      case 1:
        clock_.advance(5h);
        break;
      case 2:
        drop_expired();
        break;
      default:
        take_some();
    }
  }
  EXPECT_LT(keys_->stats().garbage, 100U);
  tidy_all();
  EXPECT_EQ(keys_->stats().garbage, 0U);
}
INSTANTIATE_TEST_SUITE_P(Seeds, SendKeysModel, testing::Range(1U, 9U));

}  // namespace
}  // namespace flowsell::metering
