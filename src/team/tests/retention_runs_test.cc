#include "team/retention_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "team_world.h"

namespace flowsell::team {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class RetentionRunsTest : public testing::Test {
 protected:
  void count(Removed kind, std::int64_t rows) {
    ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
      return count_removed(db, world_.workspace, kind, rows, world_.clock.now());
    }));
  }
  bool report() {
    return testkit::in_transaction(*world_.db, [&](store::Connection& db) {
      return report_removed(db, world_.ids, world_.clock.now());
    });
  }
  std::vector<RetentionRun> runs() {
    return testkit::in_snapshot(*world_.db, [&](store::Connection& db) {
      return list_retention_runs(db, world_.workspace, today_ - 30, today_ + 30);
    });
  }

  TeamWorld world_;
  std::int64_t today_ =
      std::chrono::floor<std::chrono::days>(world_.clock.now()).time_since_epoch().count();
};

TEST_F(RetentionRunsTest, CountsOfADayAreAddedUp) {
  count(Removed::kMessages, 500);
  count(Removed::kMessages, 7);
  count(Removed::kContents, 1);
  ASSERT_EQ(runs().size(), 1U);
  EXPECT_EQ(runs().front().day, today_);
  EXPECT_THAT(runs().front().counts, ElementsAre(507, 0, 0, 1));
  EXPECT_FALSE(runs().front().is_over);
}

TEST_F(RetentionRunsTest, DayIsOnRecordOnceItIsOverAndOnce) {
  count(Removed::kEvents, 3);
  EXPECT_FALSE(report());
  EXPECT_THAT(world_.acts(), IsEmpty());
  world_.clock.advance(24h);
  count(Removed::kDeliveries, 2);
  EXPECT_FALSE(report());
  EXPECT_FALSE(report());
  ASSERT_THAT(world_.act_names(), ElementsAre("retention.enforced"));
  const auto event = world_.acts().front();
  EXPECT_EQ(event.actor.kind, audit::ActorKind::kSystem);
  EXPECT_EQ(event.after,
            R"({"date":"2026-11-18","messages":0,"events":3,"deliveries":0,"contents":0})");
  ASSERT_EQ(runs().size(), 2U);
  EXPECT_FALSE(runs().front().is_over) << "today goes on";
  EXPECT_TRUE(runs().back().is_over);
}

TEST_F(RetentionRunsTest, OtherWorkspacesSeeNothingOfIt) {
  count(Removed::kEvents, 3);
  world_.workspace = world_.ids.next<IdKind::kWorkspace>();
  EXPECT_THAT(runs(), IsEmpty());
}

TEST_F(RetentionRunsTest, ManyDaysAreReportedStepByStep) {
  for (int i = 0; i < 150; ++i) {
    count(Removed::kEvents, 1);
    world_.clock.advance(24h);
  }
  EXPECT_TRUE(report());
  EXPECT_FALSE(report());
  EXPECT_EQ(world_.acts().size(), 150U);
}

}  // namespace
}  // namespace flowsell::team
