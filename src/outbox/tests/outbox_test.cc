#include "outbox/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "outbox_fixture.h"
#include "runtime/spawn.h"

namespace flowsell::outbox {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class OutboxTest : public testing::Test, protected OutboxFixture {};

TEST_F(OutboxTest, IdleOutboxRunsAJobAtOnce) {
  accept_now(1, 1);
  EXPECT_THAT(handler.wait_for_attempts(1), ElementsAre(1));
}

TEST_F(OutboxTest, FinishedJobLeavesNoRow) {
  accept_now(1, 1);
  ASSERT_TRUE(handler.wait_for_done(1));
  EXPECT_THAT(states(), IsEmpty());
}

TEST_F(OutboxTest, OneLaneRunsOneAtATimeInOrder) {
  handler.hold();
  for (std::uint32_t n = 1; n <= 5; ++n) accept_now(n, 1);
  EXPECT_THAT(handler.wait_for_attempts(1), ElementsAre(1));
  handler.let_go();
  EXPECT_THAT(handler.wait_for_attempts(5), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(OutboxTest, OrderInALaneIsKeptOverRetries) {
  handler.hold();
  handler.retry(1, 2);
  handler.retry(3, 1);
  for (std::uint32_t n = 1; n <= 3; ++n) accept_now(n, 1);
  handler.let_go();
  EXPECT_THAT(handler.wait_for_attempts(6), ElementsAre(1, 1, 1, 2, 3, 3));
}

TEST_F(OutboxTest, HeldLaneHoldsNoOtherLane) {
  handler.hold();
  accept_now(1, 1);
  accept_now(2, 1);
  accept_now(3, 2);
  EXPECT_THAT(handler.wait_for_attempts(2), ElementsAre(1, 3));
}

TEST_F(OutboxTest, ReleasedSlotMakesRoomForTheNext) {
  outbox.release(outbox.reserve(JobKind::kSend, group_id(1), 1));
  accept_now(1, 1);
  EXPECT_THAT(handler.wait_for_attempts(1), ElementsAre(1));
}

TEST_F(OutboxTest, NothingIsQueuedOrInFlightInTheEnd) {
  handler.hold();
  for (std::uint32_t n = 1; n <= 3; ++n) accept_now(n, 1);
  handler.let_go();
  ASSERT_TRUE(handler.wait_for_done(3));
  EXPECT_TRUE(testkit::eventually([&] { return outbox.in_flight() == 0; }));
  EXPECT_EQ(outbox.queued(), 0);
}

TEST_F(OutboxTest, JobsThatComeWhileTheOneAheadEndsAreNotForgotten) {
  constexpr std::uint32_t kJobs = 2000;
  std::vector<std::future<void>> accepted;
  for (std::uint32_t n = 1; n <= kJobs; ++n) {
    auto& context = pool.context(n % 2);
    accepted.push_back(net::co_spawn(context, accept(n, n % 3), net::use_future));
    if (n % 8 == 0) accepted.back().wait();
  }
  for (auto& each : accepted) each.wait();
  EXPECT_TRUE(handler.wait_for_done(kJobs));
}

TEST_F(OutboxTest, FiveThousandQueuedJobsRunExactlyOnceInOrderOfTheirLanes) {
  constexpr std::uint32_t kJobs = 5000;
  constexpr std::uint32_t kLanes = 2000;
  ASSERT_TRUE(testkit::write(*db, [](store::Connection& connection) -> Result<> {
    for (std::uint32_t n = 0; n < kJobs; ++n) {
      CHECK_OK(insert_job(connection, a_job(n, n % kLanes), JobState::kReady));
    }
    return {};
  }));
  ASSERT_TRUE(outbox.recover());
  outbox.start();
  ASSERT_TRUE(handler.wait_for_done(kJobs));
  const auto ran = handler.wait_for_attempts(kJobs);
  std::vector<std::uint32_t> next(kLanes);
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) next[lane] = lane;
  for (const std::uint32_t n : ran) {
    ASSERT_EQ(n, next[n % kLanes]);
    next[n % kLanes] += kLanes;
  }
  EXPECT_EQ(ran.size(), kJobs);
}

TEST_F(OutboxTest, RecoveryAsksTheHandlerAboutClaimedJobsOnly) {
  leave(a_job(1, 1), JobState::kClaimed);
  leave(a_job(2, 2), JobState::kReady);
  ASSERT_TRUE(outbox.recover());
  EXPECT_THAT(handler.recovered, ElementsAre(1));
}

TEST_F(OutboxTest, RecoveryHasNoEndBeforeTheLastClaimedJob) {
  ASSERT_TRUE(testkit::write(*db, [](store::Connection& connection) -> Result<> {
    for (std::uint32_t n = 0; n < 501; ++n)
      CHECK_OK(insert_job(connection, a_job(n, n), JobState::kClaimed));
    return {};
  }));
  ASSERT_TRUE(outbox.recover());
  EXPECT_EQ(handler.recovered.size(), 501U);
}

TEST_F(OutboxTest, JobsOfAnEarlierProcessRunAfterTheStart) {
  leave(a_job(1, 1), JobState::kReady);
  ASSERT_TRUE(outbox.recover());
  outbox.start();
  EXPECT_THAT(handler.wait_for_attempts(1), ElementsAre(1));
}

TEST_F(OutboxTest, LaneThatLostItsHeadInACrashRunsAfterTheStart) {
  leave(a_job(2, 1), JobState::kWaiting);
  ASSERT_TRUE(outbox.recover());
  outbox.start();
  EXPECT_THAT(handler.wait_for_attempts(1), ElementsAre(2));
}

TEST_F(OutboxTest, OfABackupTheHandlerIsAskedAboutEveryQueuedJobAndWhatItGivesUpIsGone) {
  leave(a_job(1, 1), JobState::kReady);
  leave(a_job(2, 1), JobState::kReady);
  leave(a_job(3, 2), JobState::kClaimed);
  ASSERT_TRUE(outbox.recover(FoundIn::kBackup));
  EXPECT_THAT(handler.given_up, ElementsAre(1, 2));
  EXPECT_THAT(handler.recovered, ElementsAre(3));
  EXPECT_THAT(states(), IsEmpty());
  EXPECT_EQ(outbox.queued(), 0);
}

TEST_F(OutboxTest, OfABackupWhatStaysRunsThoughItsLaneLostItsHead) {
  handler.kept = {2};
  leave(a_job(1, 1), JobState::kReady);
  leave(a_job(2, 1), JobState::kReady);
  ASSERT_TRUE(outbox.recover(FoundIn::kBackup));
  outbox.start();
  EXPECT_THAT(handler.wait_for_attempts(1), ElementsAre(2));
}

TEST_F(OutboxTest, OfABackupAllIsGivenUpHoweverMuchItIs) {
  ASSERT_TRUE(testkit::write(*db, [](store::Connection& connection) -> Result<> {
    for (std::uint32_t n = 0; n < 1001; ++n)
      CHECK_OK(insert_job(connection, a_job(n, n % 7), JobState::kReady));
    return {};
  }));
  ASSERT_TRUE(outbox.recover(FoundIn::kBackup));
  EXPECT_EQ(handler.given_up.size(), 1001U);
  EXPECT_THAT(states(), IsEmpty());
}

TEST_F(OutboxTest, OfItsOwnDataNothingQueuedIsGivenUp) {
  leave(a_job(1, 1), JobState::kReady);
  ASSERT_TRUE(outbox.recover());
  EXPECT_THAT(handler.given_up, IsEmpty());
}

TEST_F(OutboxTest, ClaimThatTheDatabaseRefusedIsMadeAgain) {
  std::atomic<int> refusals{1};
  handler.when_claimed = [&](store::Connection&) -> Result<> {
    return refusals-- > 0 ? Result<>(fail(ErrorCode::kStoreUnavailable, "test")) : Result<>();
  };
  leave(a_job(1, 1), JobState::kReady);
  ASSERT_TRUE(outbox.recover());
  outbox.start();
  EXPECT_THAT(handler.wait_for_attempts(1), ElementsAre(1));
}

TEST_F(OutboxTest, RefusedClaimCountsNoAttempt) {
  std::atomic<int> refusals{1};
  handler.when_claimed = [&](store::Connection&) -> Result<> {
    return refusals-- > 0 ? Result<>(fail(ErrorCode::kStoreUnavailable, "test")) : Result<>();
  };
  handler.hold();
  leave(a_job(1, 1), JobState::kReady);
  ASSERT_TRUE(outbox.recover());
  outbox.start();
  handler.wait_for_attempts(1);
  EXPECT_THAT(attempts(), ElementsAre(1));
}

class StoppingOutbox : public OutboxTest {
 protected:
  /// Stops while the claim of job 1 is inside its transaction.
  void stop_during_claim() {
    std::promise<void> claiming;
    handler.when_claimed = [&](store::Connection&) -> Result<> {
      claiming.set_value();
      testkit::eventually([this] { return outbox.stopping(); });
      return {};
    };
    leave(a_job(1, 1), JobState::kReady);
    ASSERT_TRUE(outbox.recover());
    outbox.start();
    claiming.get_future().wait();
    outbox.stop(10s);
    handler.when_claimed = nullptr;
  }
};

TEST_F(StoppingOutbox, BeginsNoAttemptOfWhatWasJustClaimed) {
  stop_during_claim();
  EXPECT_THAT(handler.wait_for_attempts(0), IsEmpty());
}

TEST_F(StoppingOutbox, UnclaimsWhatHasNotBegun) {
  stop_during_claim();
  EXPECT_THAT(states(), ElementsAre(static_cast<int>(JobState::kReady)));
}

TEST_F(StoppingOutbox, UnclaimsAgainUntilTheDatabaseTakesIt) {
  std::promise<void> claiming;
  handler.when_claimed = [&](store::Connection& connection) -> Result<> {
    claiming.set_value();
    testkit::eventually([this] { return outbox.stopping(); });
    // In the way of the job that comes back.
    CHECK_OK(insert_job(connection, a_job(1, 1), JobState::kWaiting));
    return {};
  };
  leave(a_job(1, 1), JobState::kReady);
  ASSERT_TRUE(outbox.recover());
  outbox.start();
  claiming.get_future().wait();
  outbox.close();
  EXPECT_FALSE(outbox.wait_idle(200ms));
  ASSERT_TRUE(testkit::write(*db, [](store::Connection& connection) {
    return drop_queued_job(connection, a_job(1, 1).id);
  }));
  EXPECT_TRUE(outbox.wait_idle(10s));
  EXPECT_THAT(states(), ElementsAre(static_cast<int>(JobState::kReady)));
}

TEST_F(StoppingOutbox, DoesNotCountTheAttemptThatWasNotMade) {
  stop_during_claim();
  EXPECT_THAT(attempts(), ElementsAre(0));
}

TEST_F(StoppingOutbox, QueuesWhatIsStillAccepted) {
  outbox.stop(10s);
  accept_now(1, 1);
  EXPECT_THAT(states(), ElementsAre(static_cast<int>(JobState::kReady)));
}

TEST_F(StoppingOutbox, WaitsForTheAttemptsInFlight) {
  handler.hold();
  accept_now(1, 1);
  handler.wait_for_attempts(1);
  auto stopped = std::async(std::launch::async, [this] { outbox.stop(10s); });
  testkit::eventually([this] { return outbox.stopping(); });
  handler.let_go();
  stopped.wait();
  EXPECT_THAT(states(), IsEmpty());
}

}  // namespace
}  // namespace flowsell::outbox
