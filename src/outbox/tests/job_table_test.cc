#include "outbox/job_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs.h"
#include "testkit/database.h"

namespace flowsell::outbox {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Lane kLane = 0xF000'0000'0000'0001;  // beyond a signed number: it must survive the column
constexpr Lane kOther = 2;

const store::Sql kAttempts(
    "SELECT attempt FROM (SELECT id, attempt FROM queued_jobs UNION ALL SELECT id, attempt FROM "
    "claimed_jobs) AS jobs ORDER BY id");
const store::Sql kSealed(
    "SELECT sealed FROM (SELECT id, sealed FROM queued_jobs UNION ALL SELECT id, sealed FROM "
    "claimed_jobs) AS jobs ORDER BY id");

class JobTable : public testing::Test {
 protected:
  JobState insert(const Job& job, JobState wanted = JobState::kReady) {
    return testkit::in_transaction(
        *db_, [&](store::Connection& db) { return insert_job(db, job, wanted); });
  }
  std::optional<JobRef> finish(const Job& job, bool promote = true) {
    return testkit::in_transaction(*db_,
                                   [&](store::Connection& db) -> Result<std::optional<JobRef>> {
                                     CHECK_OK(end_job(db, job.id));
                                     if (!promote) return std::nullopt;
                                     return promote_lane(db, {job.group, job.lane});
                                   });
  }
  std::vector<std::optional<Job>> claim_all(const std::vector<JobRef>& which) {
    return testkit::in_transaction(*db_,
                                   [&](store::Connection& db) { return claim_jobs(db, which); });
  }
  std::optional<Job> claim(const JobRef& which) { return claim_all({which}).front(); }
  void requeue(const Job& job, Time due) {
    ASSERT_TRUE(
        testkit::write(*db_, [&](store::Connection& db) { return requeue_job(db, job, due); }));
  }
  std::vector<std::uint32_t> ready(std::uint8_t group = 1, std::size_t limit = 100) {
    std::vector<std::uint32_t> out;
    const auto refs = testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return ready_jobs(db, group_id(group), limit); });
    for (const JobRef& each : refs) out.push_back(number_of(each.id));
    return out;
  }

  testkit::TempFolder folder_;
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
};

TEST_F(JobTable, FirstJobOfALaneIsReady) { EXPECT_EQ(insert(a_job(1, kLane)), JobState::kReady); }

TEST_F(JobTable, SecondJobOfALaneWaits) {
  insert(a_job(1, kLane));
  EXPECT_EQ(insert(a_job(2, kLane)), JobState::kWaiting);
}

TEST_F(JobTable, AClaimedJobDoesNotMakeTheNextWaitByItself) {
  insert(a_job(1, kLane), JobState::kClaimed);
  EXPECT_EQ(insert(a_job(2, kLane)), JobState::kReady);
}

TEST_F(JobTable, JobThatMustWaitWaitsInAnEmptyLane) {
  EXPECT_EQ(insert(a_job(1, kLane), JobState::kWaiting), JobState::kWaiting);
}

TEST_F(JobTable, LanesOfOneGroupDoNotHoldEachOther) {
  insert(a_job(1, kLane));
  EXPECT_EQ(insert(a_job(2, kOther)), JobState::kReady);
}

TEST_F(JobTable, SameLaneOfAnotherGroupIsAnotherLane) {
  insert(a_job(1, kLane, kNoon, 1));
  EXPECT_EQ(insert(a_job(2, kLane, kNoon, 2)), JobState::kReady);
}

TEST_F(JobTable, FinishPromotesTheOldestOfTheLane) {
  insert(a_job(1, kLane), JobState::kClaimed);
  insert(a_job(2, kLane, kNoon + 5s), JobState::kWaiting);
  insert(a_job(3, kLane));
  EXPECT_EQ(finish(a_job(1, kLane)), ref(2, kLane, kNoon + 5s));
}

TEST_F(JobTable, FinishWithoutPromotionLeavesTheLaneWaiting) {
  insert(a_job(1, kLane), JobState::kClaimed);
  insert(a_job(2, kLane), JobState::kWaiting);
  finish(a_job(1, kLane), false);
  EXPECT_THAT(ready(), IsEmpty());
}

TEST_F(JobTable, FinishPromotesNobodyOfAnotherLane) {
  insert(a_job(1, kLane), JobState::kClaimed);
  insert(a_job(2, kOther), JobState::kWaiting);
  EXPECT_EQ(finish(a_job(1, kLane)), std::nullopt);
}

TEST_F(JobTable, PromotionOfALaneWhoseHeadIsReadyChangesNothing) {
  insert(a_job(1, kLane));
  insert(a_job(2, kLane));
  const auto promoted = testkit::in_transaction(
      *db_, [](store::Connection& db) { return promote_lane(db, {group_id(1), kLane}); });
  EXPECT_EQ(promoted, std::nullopt);
}

TEST_F(JobTable, OfJobsThatComeTogetherTheFirstOfEachLaneIsReady) {
  insert(a_job(1, kLane));
  const std::vector<Job> jobs = {a_job(2, kLane), a_job(3, kLane + 1), a_job(4, kLane + 1),
                                 a_job(5, kLane + 2), a_job(6, kLane + 2)};
  const std::vector<NewJob> fresh = {{jobs[0], JobState::kReady},
                                     {jobs[1], JobState::kReady},
                                     {jobs[2], JobState::kReady},
                                     {jobs[3], JobState::kClaimed},
                                     {jobs[4], JobState::kReady}};
  const auto states =
      testkit::in_transaction(*db_, [&](store::Connection& db) { return insert_jobs(db, fresh); });
  EXPECT_THAT(states, ElementsAre(JobState::kWaiting, JobState::kReady, JobState::kWaiting,
                                  JobState::kClaimed, JobState::kReady));
  EXPECT_THAT(ready(), ElementsAre(1, 3, 6));
}

TEST_F(JobTable, LaneThatIsNamedTwiceIsPromotedOnce) {
  insert(a_job(1, kLane), JobState::kWaiting);
  const std::vector<LaneOfGroup> lanes(2, LaneOfGroup{group_id(1), kLane});
  const auto promoted = testkit::in_transaction(
      *db_, [&](store::Connection& db) { return promote_lanes(db, lanes); });
  EXPECT_TRUE(promoted[0]);
  EXPECT_FALSE(promoted[1]);
  EXPECT_THAT(ready(), ElementsAre(1));
}

TEST_F(JobTable, OfManyClaimsEachJobIsClaimedOnce) {
  for (std::uint32_t n = 1; n <= 3; ++n) insert(a_job(n, n));
  const auto claimed = claim_all({ref(3, 3), ref(9, 9), ref(1, 1), ref(3, 3)});
  ASSERT_EQ(claimed.size(), 4U);
  EXPECT_EQ(number_of(claimed[0]->id), 3U);
  EXPECT_FALSE(claimed[1]);
  EXPECT_EQ(number_of(claimed[2]->id), 1U);
  EXPECT_FALSE(claimed[3]);
  EXPECT_THAT(ready(), ElementsAre(2));
}

TEST_F(JobTable, ClaimGivesTheWholeRow) {
  Job job = a_job(1, kLane);
  job.kind = JobKind::kDelivery;
  job.workspace = WorkspaceId(job_id(77));
  insert(job);
  const auto claimed = claim(ref(1, kLane));
  ASSERT_TRUE(claimed);
  EXPECT_EQ(std::tie(claimed->id, claimed->kind, claimed->workspace, claimed->group, claimed->lane,
                     claimed->due, claimed->expires_at, claimed->key_id, claimed->sealed),
            std::tie(job.id, job.kind, job.workspace, job.group, job.lane, job.due, job.expires_at,
                     job.key_id, job.sealed));
}

TEST_F(JobTable, ClaimedJobIsNotClaimedAgain) {
  insert(a_job(1, kLane));
  claim(ref(1, kLane));
  EXPECT_FALSE(claim(ref(1, kLane)));
}

TEST_F(JobTable, WaitingJobIsNotClaimed) {
  insert(a_job(1, kLane), JobState::kWaiting);
  EXPECT_FALSE(claim(ref(1, kLane)));
}

TEST_F(JobTable, JobThatIsDueLaterThanTheClaimerThinksIsNotClaimed) {
  insert(a_job(1, kLane, kNoon + 1ms));
  EXPECT_FALSE(claim(ref(1, kLane, kNoon)));
}

TEST_F(JobTable, QueuedJobHasBegunNoAttempt) {
  insert(a_job(1, kLane));
  EXPECT_THAT(testkit::numbers(*db_, kAttempts), ElementsAre(0));
}

TEST_F(JobTable, JobInsertedAsClaimedHasBegunItsFirstAttempt) {
  insert(a_job(1, kLane), JobState::kClaimed);
  EXPECT_THAT(testkit::numbers(*db_, kAttempts), ElementsAre(1));
}

TEST_F(JobTable, EveryClaimCountsAnAttempt) {
  insert(a_job(1, kLane));
  auto first = claim(ref(1, kLane));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->attempt, 1);
  requeue(*first, kNoon);
  const auto second = claim(ref(1, kLane));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->attempt, 2);
}

TEST_F(JobTable, RequeuedJobHasItsNewTimeAndContent) {
  insert(a_job(1, kLane), JobState::kClaimed);
  Job job = a_job(1, kLane);
  job.sealed = "anew";
  requeue(job, kNoon + 1min);
  EXPECT_THAT(testkit::texts(*db_, kSealed), ElementsAre("anew"));
  EXPECT_TRUE(claim(ref(1, kLane, kNoon + 1min)));
}

TEST_F(JobTable, RequeueHoldsWhatHadBecomeReadyBehindIt) {
  insert(a_job(1, kLane), JobState::kClaimed);
  insert(a_job(2, kLane));  // ready: the table does not count the claimed one
  requeue(a_job(1, kLane), kNoon);
  EXPECT_THAT(ready(), ElementsAre(1));
}

TEST_F(JobTable, RequeueHoldsNobodyOfAnotherLane) {
  insert(a_job(1, kLane), JobState::kClaimed);
  insert(a_job(2, kOther));
  requeue(a_job(1, kLane), kNoon);
  EXPECT_THAT(ready(), ElementsAre(1, 2));
}

TEST_F(JobTable, ReadyJobsComeInOrderOfTheirTimeThenAge) {
  insert(a_job(1, 1, kNoon + 2s));
  insert(a_job(3, 3, kNoon));
  insert(a_job(2, 2, kNoon));
  EXPECT_THAT(ready(), ElementsAre(2, 3, 1));
}

TEST_F(JobTable, ReadyJobsStopAtTheLimit) {
  for (std::uint32_t n = 1; n <= 3; ++n) insert(a_job(n, n));
  EXPECT_THAT(ready(1, 2), ElementsAre(1, 2));
}

TEST_F(JobTable, ReadyJobsAreOfOneGroup) {
  insert(a_job(1, kLane, kNoon, 1));
  insert(a_job(2, kLane, kNoon, 2));
  EXPECT_THAT(ready(2), ElementsAre(2));
}

TEST_F(JobTable, OnlyClaimedJobsAreToBeRecovered) {
  insert(a_job(1, 1), JobState::kClaimed);
  insert(a_job(2, 2));
  insert(a_job(3, 3), JobState::kWaiting);
  const auto jobs =
      testkit::in_snapshot(*db_, [](store::Connection& db) { return claimed_jobs(db, 10); });
  ASSERT_THAT(jobs, SizeIs(1));
  EXPECT_EQ(number_of(jobs[0].id), 1U);
}

TEST_F(JobTable, QueuedGroupsCountReadyAndWaitingButNotClaimed) {
  insert(a_job(1, 1), JobState::kClaimed);
  insert(a_job(2, 2));
  insert(a_job(3, 2));
  const auto groups =
      testkit::in_snapshot(*db_, [](store::Connection& db) { return queued_groups(db); });
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_EQ(groups[0].queued, 2);
}

TEST_F(JobTable, LaneThatLostItsHeadIsFoundAfterACrash) {
  insert(a_job(1, kLane), JobState::kWaiting);
  insert(a_job(2, kLane), JobState::kWaiting);
  insert(a_job(3, kOther));
  insert(a_job(4, kOther));
  ASSERT_TRUE(testkit::write(*db_, [](store::Connection& db) { return promote_orphans(db); }));
  EXPECT_THAT(ready(), ElementsAre(1, 3));
}

}  // namespace
}  // namespace flowsell::outbox
