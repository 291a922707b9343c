#include "metering/idempotency.h"

#include <gtest/gtest.h>

#include "metering/metering.h"
#include "testkit/database.h"

namespace flowsell::metering {
namespace {

using namespace std::chrono_literals;
using identity::Mode;
using Kind = IdempotencyVerdict::Kind;

struct HeaderCase {
  const char* name;
  std::string value;
  std::optional<std::string> key;
};
class IdempotencyHeader : public testing::TestWithParam<HeaderCase> {};

TEST_P(IdempotencyHeader, IsReadAsTheTableSays) {
  const auto parsed = Idempotency::parse_header(GetParam().value);
  EXPECT_EQ(parsed ? std::optional(*parsed) : std::nullopt, GetParam().key);
  EXPECT_EQ(testkit::code_of(parsed),
            GetParam().key ? std::nullopt : std::optional(ErrorCode::kInvalidIdempotencyKey));
}

const HeaderCase kHeaderCases[] = {
    {"Bare", "order-17", "order-17"},
    {"Quoted", "\"order-17\"", "order-17"},
    {"OneCharacter", "a", "a"},
    {"Longest", std::string(255, 'a'), std::string(255, 'a')},
    {"LongestQuoted", "\"" + std::string(255, 'a') + "\"", std::string(255, 'a')},
    {"OneTooLong", std::string(256, 'a'), std::nullopt},
    {"Empty", "", std::nullopt},
    {"EmptyQuoted", "\"\"", std::nullopt},
    {"OneQuote", "\"", std::nullopt},
    {"QuoteInside", "a\"b", std::nullopt},
    {"Backslash", "a\\b", std::nullopt},
    {"FirstPrintable", " ", " "},
    {"LastPrintable", "~", "~"},
    {"ControlCharacter", "a\x1f", std::nullopt},
    {"Delete", "a\x7f", std::nullopt},
    {"NotAscii", "caf\xc3\xa9", std::nullopt},
};
INSTANTIATE_TEST_SUITE_P(Table, IdempotencyHeader, testing::ValuesIn(kHeaderCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

class IdempotencyTest : public testing::Test {
 protected:
  ~IdempotencyTest() override { db_->stop(); }

  IdempotentCall call(std::string_view body = "{}", std::string_view key = "k",
                      Mode mode = Mode::kTest, std::string_view path = "/v1/messages") {
    return idempotency_.begin(workspace_, mode, "POST", path, key, body, clock_.now());
  }
  IdempotencyVerdict take(const IdempotentCall& made, std::uint8_t resource = 1,
                          Time running_until = {}) {
    IdBytes id{};
    id[15] = resource;
    return testkit::in_transaction(*db_, [&](store::Connection& db) {
      return idempotency_.take(db, workspace_, made, id, running_until, clock_.now());
    });
  }
  void end(const IdempotentCall& made, bool done) {
    ASSERT_TRUE(testkit::write(
        *db_, [&](store::Connection& db) { return idempotency_.end(db, workspace_, made, done); }));
  }
  Idempotency::Dropped drop_expired() {
    return testkit::in_transaction(
        *db_, [&](store::Connection& db) { return idempotency_.drop_expired(db, clock_.now()); });
  }

  testkit::TempFolder folder_;
  ManualClock clock_{*parse_time("2026-11-23T12:00:00Z")};
  IdSource ids_{clock_};
  WorkspaceId workspace_ = ids_.next<IdKind::kWorkspace>();
  std::unique_ptr<crypto::RotatingKeys> keys_ =
      *crypto::RotatingKeys::open({folder_ / "keys", "fingerprint", 24h, 96h}, clock_.now());
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  Idempotency idempotency_{*keys_};
};

TEST_F(IdempotencyTest, FirstCallTakesTheKey) { EXPECT_EQ(take(call()).kind, Kind::kFirst); }

TEST_F(IdempotencyTest, SameCallIsAReplayOfWhatTheFirstMade) {
  take(call(), 7);
  const auto verdict = take(call(), 8);
  EXPECT_EQ(verdict.kind, Kind::kReplay);
  EXPECT_EQ(verdict.resource[15], 7);
}

TEST_F(IdempotencyTest, SameKeyWithAnotherBodyIsReused) {
  take(call("{}"));
  EXPECT_EQ(take(call("{} ")).kind, Kind::kReused);
}

TEST_F(IdempotencyTest, AnotherKeyIsFirst) {
  take(call("{}", "k"));
  EXPECT_EQ(take(call("{}", "l")).kind, Kind::kFirst);
}

TEST_F(IdempotencyTest, AnotherPathIsFirst) {
  take(call());
  EXPECT_EQ(take(call("{}", "k", Mode::kTest, "/v1/webhook_endpoints")).kind, Kind::kFirst);
}

TEST_F(IdempotencyTest, AnotherModeIsFirst) {
  take(call());
  EXPECT_EQ(take(call("{}", "k", Mode::kLive)).kind, Kind::kFirst);
}

TEST_F(IdempotencyTest, AnotherWorkspaceIsFirst) {
  take(call());
  workspace_ = ids_.next<IdKind::kWorkspace>();
  EXPECT_EQ(take(call()).kind, Kind::kFirst);
}

TEST_F(IdempotencyTest, LookTakesNothing) {
  const auto looked = testkit::in_transaction(*db_, [&](store::Connection& db) {
    return idempotency_.look(db, workspace_, call(), clock_.now());
  });
  EXPECT_EQ(looked.kind, Kind::kFirst);
  EXPECT_EQ(take(call()).kind, Kind::kFirst);
}

TEST_F(IdempotencyTest, LookSeesWhatWasTaken) {
  take(call(), 7);
  const auto looked = testkit::in_transaction(*db_, [&](store::Connection& db) {
    return idempotency_.look(db, workspace_, call(), clock_.now());
  });
  EXPECT_EQ(looked.kind, Kind::kReplay);
}

TEST_F(IdempotencyTest, LeasedCallRuns) {
  take(call(), 1, clock_.now() + 60s);
  EXPECT_EQ(take(call()).kind, Kind::kRunning);
}

TEST_F(IdempotencyTest, LeasedCallWithAnotherBodyIsReused) {
  take(call("{}"), 1, clock_.now() + 60s);
  EXPECT_EQ(take(call("[]")).kind, Kind::kReused);
}

TEST_F(IdempotencyTest, LeaseHoldsToItsLastMoment) {
  take(call(), 1, clock_.now() + 60s);
  clock_.advance(59'999ms);
  EXPECT_EQ(take(call()).kind, Kind::kRunning);
}

TEST_F(IdempotencyTest, LeaseThatRanOutFreesTheKey) {
  take(call(), 1, clock_.now() + 60s);
  clock_.advance(60s);
  EXPECT_EQ(take(call()).kind, Kind::kFirst);
}

TEST_F(IdempotencyTest, KeyOfALeaseThatRanOutIsTakenAnew) {
  take(call(), 1, clock_.now() + 60s);
  clock_.advance(60s);
  take(call(), 2);
  EXPECT_EQ(take(call()).resource[15], 2);
}

TEST_F(IdempotencyTest, LeaseOfYesterdayThatRanOutFreesTheKey) {
  clock_.advance(11h + 59min + 30s);
  take(call(), 1, clock_.now() + 60s);
  clock_.advance(60s);
  EXPECT_EQ(take(call()).kind, Kind::kFirst);
}

TEST_F(IdempotencyTest, CallThatEndedWellIsReplayed) {
  const auto made = call();
  take(made, 7, clock_.now() + 60s);
  end(made, true);
  EXPECT_EQ(take(call()).kind, Kind::kReplay);
}

TEST_F(IdempotencyTest, CallThatEndedBadlyFreesTheKey) {
  const auto made = call();
  take(made, 7, clock_.now() + 60s);
  end(made, false);
  EXPECT_EQ(take(call()).kind, Kind::kFirst);
}

TEST_F(IdempotencyTest, KeyOfYesterdayIsReplayedUnderYesterdaysFingerprintKey) {
  take(call(), 7);
  clock_.advance(24h);
  const auto verdict = take(call(), 8);
  EXPECT_EQ(verdict.kind, Kind::kReplay);
  EXPECT_EQ(verdict.resource[15], 7);
}

TEST_F(IdempotencyTest, KeyOfYesterdayWithAnotherBodyIsReused) {
  take(call("{}"));
  clock_.advance(24h);
  EXPECT_EQ(take(call("[]")).kind, Kind::kReused);
}

TEST_F(IdempotencyTest, KeyOfADayWhoseFingerprintKeyIsGoneIsUnverifiable) {
  take(call(), 7);
  keys_->destroy_expired(clock_.now() + 1000h);
  clock_.advance(24h);
  const auto verdict = take(call(), 8);
  EXPECT_EQ(verdict.kind, Kind::kUnverifiable);
  EXPECT_EQ(verdict.resource[15], 7);
}

TEST_F(IdempotencyTest, KeyFromBeforeARestoreIsUnverifiableOnTheSameDayToo) {
  take(call(), 7);
  keys_->destroy_expired(clock_.now() + 1000h);  // the restored server's day has another
  idempotency_.set_restored_at(clock_.now());
  EXPECT_EQ(take(call(), 8).kind, Kind::kUnverifiable);
}

TEST_F(IdempotencyTest, KeyIsKeptForSeventyTwoHours) {
  take(call());
  clock_.advance(72h);
  keys_->destroy_expired(clock_.now());
  drop_expired();
  EXPECT_EQ(take(call()).kind, Kind::kReplay);
}

TEST_F(IdempotencyTest, KeyIsForgottenADayLater) {
  take(call());
  clock_.advance(96h);
  EXPECT_EQ(drop_expired().keys, 1);
  EXPECT_EQ(take(call()).kind, Kind::kFirst);
}

TEST_F(IdempotencyTest, KeyOfYesterdayIsFoundAfterARestart) {
  take(call());
  clock_.advance(24h);
  Idempotency restarted(*keys_);
  ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) { return restarted.load_days(db); }));
  const auto verdict = testkit::in_transaction(*db_, [&](store::Connection& db) {
    return restarted.take(db, workspace_, call(), IdBytes{}, Time{}, clock_.now());
  });
  EXPECT_EQ(verdict.kind, Kind::kReplay);
}

TEST_F(IdempotencyTest, NeitherKeyNorBodyIsInAnyFile) {
  take(call("the body of a request", "the-key-of-a-request"));
  EXPECT_FALSE(folder_.holds("the body of a request"));
  EXPECT_FALSE(folder_.holds("the-key-of-a-request"));
}

}  // namespace
}  // namespace flowsell::metering
