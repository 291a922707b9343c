#include "group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs.h"

namespace flowsell::outbox {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Now kNow{SteadyTime(1h), kNoon};

Now after(std::chrono::milliseconds span) { return {kNow.steady + span, kNow.wall + span}; }

struct AGroup : Group {
  explicit AGroup(GroupPolicy policy = {}) : Group(JobKind::kSend, group_id(1), policy) {}
};

std::vector<std::uint32_t> numbers_of(const std::vector<JobRef>& refs) {
  std::vector<std::uint32_t> out;
  for (const JobRef& each : refs) out.push_back(number_of(each.id));
  return out;
}

void enqueue(Group& group, const JobRef& job) {
  group.enqueued(job, group.reserve(job.lane, kNow), JobState::kReady);
}

/// A group that already has something queued in a lane of its own, due in an hour: nothing is
/// claimed at once any more.
struct BusyGroup : AGroup {
  explicit BusyGroup(GroupPolicy policy = {}) : AGroup(policy) {
    set_queued(1);
    begin_refill();
    end_refill({ref(1'000'000, 999, kNoon + 1h)}, true);
  }
};

Disposition done(std::optional<JobRef> promoted = std::nullopt) {
  Disposition how;
  how.promoted = promoted;
  return how;
}

Disposition retry(Time due, bool healthy = true) {
  Disposition how;
  how.kind = Disposition::Kind::kRetry;
  how.due = due;
  how.healthy = healthy;
  return how;
}

Disposition unhealthy() {
  Disposition how;
  how.healthy = false;
  return how;
}

TEST(Group, IdleGroupClaimsAtOnce) {
  AGroup group;
  EXPECT_EQ(group.reserve(1, kNow), JobState::kClaimed);
}

TEST(Group, JobBehindOneInFlightWaits) {
  AGroup group;
  group.reserve(1, kNow);
  EXPECT_EQ(group.reserve(1, kNow), JobState::kWaiting);
}

TEST(Group, JobBehindAQueueIsReadyNotClaimed) {
  BusyGroup group;
  EXPECT_EQ(group.reserve(1, kNow), JobState::kReady);
}

TEST(Group, LastFreeSlotIsClaimed) {
  AGroup group(GroupPolicy{.concurrency = 2});
  group.reserve(1, kNow);
  EXPECT_EQ(group.reserve(2, kNow), JobState::kClaimed);
}

TEST(Group, FullGroupQueues) {
  AGroup group(GroupPolicy{.concurrency = 2});
  group.reserve(1, kNow);
  group.reserve(2, kNow);
  EXPECT_EQ(group.reserve(3, kNow), JobState::kReady);
}

TEST(Group, SpentPaceQueues) {
  AGroup group(GroupPolicy{.per_second = 1});
  group.reserve(1, kNow);
  EXPECT_EQ(group.reserve(2, kNow), JobState::kReady);
}

TEST(Group, PairLimitQueuesTheFortySixth) {
  AGroup group(GroupPolicy{.pair_limit = true});
  for (int i = 0; i < 45; ++i) {
    ASSERT_EQ(group.reserve(1, kNow), JobState::kClaimed);
    group.finished(ref(1, 1), done(), kNow);
  }
  EXPECT_EQ(group.reserve(1, kNow), JobState::kReady);
}

TEST(Group, ReleasedClaimFreesItsLane) {
  AGroup group;
  group.release(1, group.reserve(1, kNow));
  EXPECT_EQ(group.reserve(1, kNow), JobState::kClaimed);
}

TEST(Group, ReleasedQueuePlaceIsNotCounted) {
  BusyGroup group;
  group.release(1, group.reserve(1, kNow));
  EXPECT_EQ(group.queued(), 1);
}

TEST(Group, PicksInOrderOfTimeThenAge) {
  BusyGroup group;
  enqueue(group, ref(3, 3));
  enqueue(group, ref(2, 2));
  enqueue(group, ref(1, 1, kNoon + 1ms));
  EXPECT_THAT(numbers_of(group.pick(after(1ms))), ElementsAre(2, 3, 1));
}

TEST(Group, DoesNotPickWhatIsNotDue) {
  BusyGroup group;
  enqueue(group, ref(1, 1, kNoon + 1ms));
  EXPECT_THAT(group.pick(kNow), IsEmpty());
}

TEST(Group, DoesNotPickFromALaneInFlight) {
  BusyGroup group;
  enqueue(group, ref(1, 1));
  group.pick(kNow);
  group.promoted(ref(2, 1));
  EXPECT_THAT(group.pick(kNow), IsEmpty());
}

TEST(Group, PicksNoMoreThanItsWidth) {
  BusyGroup group(GroupPolicy{.concurrency = 2});
  for (std::uint32_t n = 1; n <= 3; ++n) enqueue(group, ref(n, n));
  EXPECT_THAT(group.pick(kNow), SizeIs(2));
}

TEST(Group, PicksABlockAndThenWaitsForTheNext) {
  BusyGroup group(GroupPolicy{.per_second = 20});
  for (std::uint32_t n = 1; n <= 4; ++n) enqueue(group, ref(n, n));
  EXPECT_THAT(group.pick(kNow), SizeIs(2));
  EXPECT_THAT(group.pick(after(99ms)), IsEmpty());
  EXPECT_THAT(group.pick(after(100ms)), SizeIs(2));
}

TEST(Group, PairLimitedLaneIsPassedOver) {
  BusyGroup group(GroupPolicy{.pair_limit = true});
  for (std::uint32_t n = 1; n <= 45; ++n) {
    enqueue(group, ref(n, 1));
    ASSERT_THAT(group.pick(kNow), SizeIs(1));
    group.claim_done();
    group.finished(ref(n, 1), done(), kNow);
  }
  enqueue(group, ref(46, 1));
  enqueue(group, ref(47, 2));
  EXPECT_THAT(numbers_of(group.pick(kNow)), ElementsAre(47));
}

TEST(Group, PairLimitedLaneComesWhenItsTimeHasCome) {
  BusyGroup group(GroupPolicy{.pair_limit = true});
  for (std::uint32_t n = 1; n <= 45; ++n) {
    enqueue(group, ref(n, 1));
    group.pick(kNow);
    group.finished(ref(n, 1), done(), kNow);
  }
  enqueue(group, ref(46, 1));
  ASSERT_THAT(group.pick(kNow), IsEmpty());
  EXPECT_THAT(group.pick(after(5999ms)), IsEmpty());
  EXPECT_THAT(numbers_of(group.pick(after(6s))), ElementsAre(46));
}

TEST(Group, RetriedJobComesAtItsTime) {
  BusyGroup group;
  enqueue(group, ref(1, 1));
  group.pick(kNow);
  group.finished(ref(1, 1), retry(kNoon + 1s), kNow);
  EXPECT_THAT(group.pick(after(999ms)), IsEmpty());
  EXPECT_THAT(numbers_of(group.pick(after(1s))), ElementsAre(1));
}

TEST(Group, RetryHoldsWhatIsBehindItInTheLane) {
  BusyGroup group;
  enqueue(group, ref(1, 1));
  group.pick(kNow);
  group.promoted(ref(2, 1));
  group.finished(ref(1, 1), retry(kNoon + 1s), kNow);
  EXPECT_THAT(numbers_of(group.pick(after(1s))), ElementsAre(1));
}

TEST(Group, RetryDoesNotHoldOtherLanes) {
  BusyGroup group;
  enqueue(group, ref(1, 1));
  enqueue(group, ref(2, 2));
  group.pick(kNow);
  group.finished(ref(1, 1), retry(kNoon + 1h), kNow);
  group.finished(ref(2, 2), done(ref(3, 2)), kNow);
  EXPECT_THAT(numbers_of(group.pick(kNow)), ElementsAre(3));
}

TEST(Group, MissedClaimFreesTheSlot) {
  BusyGroup group(GroupPolicy{.concurrency = 1});
  enqueue(group, ref(1, 1));
  enqueue(group, ref(2, 2));
  group.pick(kNow);
  group.claim_missed(ref(1, 1));
  EXPECT_THAT(numbers_of(group.pick(kNow)), ElementsAre(2));
}

TEST(Group, FailedClaimIsPickedAgain) {
  BusyGroup group;
  enqueue(group, ref(1, 1));
  group.pick(kNow);
  group.claim_failed(ref(1, 1));
  EXPECT_THAT(numbers_of(group.pick(kNow)), ElementsAre(1));
}

// A job is told to wait behind one in flight. Whoever comes last of "its row exists" and "the one
// ahead has ended without seeing it" must wake it.

TEST(GroupOrphan, IsNoneWhileTheJobAheadIsInFlight) {
  AGroup group;
  group.reserve(1, kNow);
  EXPECT_FALSE(group.enqueued(ref(2, 1), group.reserve(1, kNow), JobState::kWaiting));
}

TEST(GroupOrphan, IsSeenWhenTheJobAheadEndedBefore) {
  AGroup group;
  group.reserve(1, kNow);
  const auto reserved = group.reserve(1, kNow);
  group.finished(ref(1, 1), done(), kNow);
  EXPECT_TRUE(group.enqueued(ref(2, 1), reserved, JobState::kWaiting));
}

TEST(GroupOrphan, IsSeenWhenTheJobAheadEndsAfterwards) {
  AGroup group;
  group.reserve(1, kNow);
  group.enqueued(ref(2, 1), group.reserve(1, kNow), JobState::kWaiting);
  EXPECT_TRUE(group.finished(ref(1, 1), done(), kNow));
}

TEST(GroupOrphan, IsNoneWhenTheSettlingPromotedIt) {
  AGroup group;
  group.reserve(1, kNow);
  group.enqueued(ref(2, 1), group.reserve(1, kNow), JobState::kWaiting);
  EXPECT_FALSE(group.finished(ref(1, 1), done(ref(2, 1)), kNow));
}

TEST(GroupOrphan, IsNoneBehindARetry) {
  AGroup group;
  group.reserve(1, kNow);
  group.enqueued(ref(2, 1), group.reserve(1, kNow), JobState::kWaiting);
  EXPECT_FALSE(group.finished(ref(1, 1), retry(kNoon), kNow));
}

TEST(GroupOrphan, IsSeenWhenTheJobAheadWasNeverInserted) {
  AGroup group;
  const auto ahead = group.reserve(1, kNow);
  group.enqueued(ref(2, 1), group.reserve(1, kNow), JobState::kWaiting);
  EXPECT_TRUE(group.release(1, ahead));
}

TEST(GroupOrphan, IsSeenWhenTheClaimAheadMissed) {
  BusyGroup group;
  enqueue(group, ref(1, 1));
  group.pick(kNow);
  group.enqueued(ref(2, 1), group.reserve(1, kNow), JobState::kWaiting);
  EXPECT_TRUE(group.claim_missed(ref(1, 1)));
}

TEST(GroupHealth, EachFailureHalvesTheWidth) {
  BusyGroup group(GroupPolicy{.concurrency = 8});
  for (std::uint32_t n = 1; n <= 20; ++n) enqueue(group, ref(n, n));
  ASSERT_THAT(group.pick(kNow), SizeIs(8));
  group.finished(ref(1, 1), unhealthy(), kNow);
  for (std::uint32_t n = 2; n <= 5; ++n) group.claim_missed(ref(n, n));
  EXPECT_THAT(group.pick(kNow), SizeIs(1));  // 3 in flight, a width of 4
}

TEST(GroupHealth, TheWidthNeverFallsBelowOne) {
  BusyGroup group(GroupPolicy{.concurrency = 2});
  for (std::uint32_t n = 1; n <= 6; ++n) enqueue(group, ref(n, n));
  for (int i = 0; i < 2; ++i) {
    const auto picked = group.pick(kNow);
    for (const JobRef& each : picked) group.finished(each, unhealthy(), kNow);
  }
  EXPECT_THAT(group.pick(kNow), SizeIs(1));
}

TEST(GroupHealth, OneSuccessRestoresTheWidth) {
  BusyGroup group(GroupPolicy{.concurrency = 4});
  for (std::uint32_t n = 1; n <= 9; ++n) enqueue(group, ref(n, n));
  group.pick(kNow);
  for (std::uint32_t n = 1; n <= 3; ++n) group.finished(ref(n, n), unhealthy(), kNow);
  group.finished(ref(4, 4), done(), kNow);
  EXPECT_THAT(group.pick(kNow), SizeIs(4));
}

class FailedGroup : public testing::Test {
 protected:
  void fail(int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_THAT(group_.pick(kNow), SizeIs(1));
      group_.finished(ref(1, 1), retry(kNoon, false), kNow);
    }
  }
  void SetUp() override { enqueue(group_, ref(1, 1)); }
  BusyGroup group_{GroupPolicy{.concurrency = 1}};
};

TEST_F(FailedGroup, IsNotPausedAfterFourFailures) {
  fail(4);
  EXPECT_THAT(group_.pick(kNow), SizeIs(1));
}

TEST_F(FailedGroup, IsPausedForASecondAfterFive) {
  fail(5);
  EXPECT_THAT(group_.pick(after(999ms)), IsEmpty());
  EXPECT_THAT(group_.pick(after(1s)), SizeIs(1));
}

TEST_F(FailedGroup, WakesAtTheEndOfItsPause) {
  fail(5);
  EXPECT_EQ(group_.wake_at(kNow), kNow.steady + 1s);
}

TEST_F(FailedGroup, ClaimsNothingAtOnceWhilePaused) {
  fail(5);
  group_.set_queued(0);
  EXPECT_EQ(group_.reserve(2, kNow), JobState::kReady);
}

TEST_F(FailedGroup, IsPausedForHalfAMinuteAtMost) {
  Now now = kNow;
  for (int i = 0; i < 30; ++i) {
    ASSERT_THAT(group_.pick(now), SizeIs(1));
    group_.finished(ref(1, 1), retry(kNoon, false), now);
    now = {now.steady + 30s, now.wall + 30s};
  }
  EXPECT_THAT(group_.pick(now), SizeIs(1));
}

TEST(Group, PauseByTheProviderHoldsEveryLane) {
  BusyGroup group;
  enqueue(group, ref(1, 1));
  enqueue(group, ref(2, 2, kNoon + 1ms));
  group.pick(kNow);
  auto how = retry(kNoon);
  how.pause_group_until = kNoon + 1min;
  group.finished(ref(1, 1), how, kNow);
  EXPECT_THAT(group.pick(after(59'999ms)), IsEmpty());
  EXPECT_THAT(group.pick(after(1min)), SizeIs(2));
}

TEST(GroupWindow, HoldsNoMoreThanItsBoundOfLateJobs) {
  BusyGroup group(GroupPolicy{.concurrency = 1'000'000});
  for (std::uint32_t n = 1; n <= 3 * Group::kWindowMax; ++n) enqueue(group, ref(n, n));
  EXPECT_THAT(group.pick(kNow), SizeIs(testing::Le(2 * Group::kWindowMax)));
}

TEST(GroupWindow, AsksForMoreWhenItRunsLow) {
  AGroup group(GroupPolicy{.concurrency = 1'000'000});
  group.set_queued(5000);
  EXPECT_TRUE(group.wants_refill());
}

TEST(GroupWindow, AsksOnlyOnceAtATime) {
  AGroup group;
  group.set_queued(5000);
  group.begin_refill();
  EXPECT_FALSE(group.wants_refill());
}

TEST(GroupWindow, CompleteRefillEndsTheSearch) {
  AGroup group;
  group.set_queued(1);
  group.begin_refill();
  group.end_refill({ref(1, 1)}, true);
  EXPECT_FALSE(group.wants_refill());
}

TEST(GroupWindow, JobThatBecameReadyDuringARefillMakesItIncomplete) {
  AGroup group;
  group.set_queued(1);
  group.begin_refill();
  enqueue(group, ref(2, 2));
  group.end_refill({ref(1, 1)}, true);
  EXPECT_TRUE(group.wants_refill());
}

TEST(GroupWindow, RefillSkipsLanesInFlight) {
  AGroup group;
  group.reserve(1, kNow);
  group.set_queued(1);
  group.begin_refill();
  group.end_refill({ref(5, 1), ref(6, 2)}, true);
  EXPECT_THAT(numbers_of(group.pick(kNow)), ElementsAre(6));
}

TEST(GroupWindow, RetriesInAnHourDoNotHideNewJobs) {
  BusyGroup group(GroupPolicy{.concurrency = 1'000'000});
  constexpr std::uint32_t kMany = 2 * Group::kWindowMax + 10;
  group.set_queued(kMany);
  std::vector<JobRef> later;
  for (std::uint32_t n = 1; n <= kMany; ++n) later.push_back(ref(n, n, kNoon + 1h));
  group.begin_refill();
  group.end_refill(later, false);
  for (std::uint32_t n = 1; n <= 5; ++n) enqueue(group, ref(kMany + n, kMany + n));
  EXPECT_THAT(group.pick(kNow), SizeIs(5));
}

TEST(GroupWake, IsAtTheFirstDueTime) {
  AGroup group;
  group.set_queued(2);
  group.begin_refill();
  group.end_refill({ref(1, 1, kNoon + 5s), ref(2, 2, kNoon + 3s)}, true);
  EXPECT_EQ(group.wake_at(kNow), kNow.steady + 3s);
}

TEST(GroupWake, IsNoneForAnEmptyWindow) { EXPECT_EQ(AGroup().wake_at(kNow), std::nullopt); }

TEST(GroupWake, IsNoneWhileAnEndWillWakeIt) {
  BusyGroup group(GroupPolicy{.concurrency = 1});
  enqueue(group, ref(1, 1));
  enqueue(group, ref(2, 2));
  group.pick(kNow);
  EXPECT_EQ(group.wake_at(kNow), std::nullopt);
}

TEST(GroupWake, IsAtTheNextBlockOfThePace) {
  BusyGroup group(GroupPolicy{.per_second = 10});
  enqueue(group, ref(1, 1));
  enqueue(group, ref(2, 2));
  group.pick(kNow);
  EXPECT_EQ(group.wake_at(kNow), kNow.steady + 100ms);
}

}  // namespace
}  // namespace flowsell::outbox
