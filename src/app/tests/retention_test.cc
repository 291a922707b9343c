#include "retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/audit_log.h"
#include "growth.h"
#include "messaging_world.h"
#include "outbox/job_table.h"
#include "team/schema.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

const store::Sql kRows("SELECT COUNT(*) FROM messages UNION ALL SELECT COUNT(*) FROM events");
const store::Sql kEnds(
    "SELECT content_expires_at FROM events WHERE sealed IS NOT NULL ORDER BY id");
const store::Sql kCounts(
    "SELECT messages FROM retention_runs UNION ALL SELECT events FROM retention_runs UNION ALL "
    "SELECT deliveries FROM retention_runs");

class RetentionTest : public testing::Test {
 protected:
  void SetUp() override {
    Growth growth(*world_.db, days(0), world_.metrics);
    ASSERT_TRUE(growth.prepare(world_.clock.now()));
  }
  void set(identity::WorkspaceSettings settings) {
    identity::StoredWorkspace stored;
    stored.revision = ++revision_;
    stored.settings = std::move(settings);
    world_.workspaces.settings().put(world_.caller.workspace, stored);
  }
  std::vector<std::int64_t> rows() { return testkit::numbers(*world_.db, kRows); }
  std::vector<std::int64_t> counts() { return testkit::numbers(*world_.db, kCounts); }
  void round_after(std::chrono::hours passed) {
    const Time now = world_.clock.now() + passed;
    testkit::run(world_.pool, retention_.set_ends(now, stopping_));
    testkit::run(world_.pool, retention_.remove_rows(now, stopping_));
  }
  /// So long behind a time between `before` and now.
  auto is_between(Time before, std::chrono::hours window) {
    return testing::AllOf(testing::Ge(to_unix_ms(before + window)),
                          testing::Le(to_unix_ms(world_.clock.now() + window)));
  }
  void tell_content() {
    auto event = world_.draft(webhook::EventType::kMessageReceived);
    event.content = Content("\"text\":1");
    world_.tell(std::move(event));
  }

  messaging::MessagingWorld world_{{.more_tables = {team::migrations()}}};
  std::int64_t revision_ = 0;
  Retention retention_{
      *world_.db, world_.workspaces.settings(), {days(60), 24h}, world_.ids, world_.metrics};
  const std::atomic<bool> stopping_{false};
};

TEST_F(RetentionTest, WhatAWorkspaceKeepsStays) {
  set({.records_days = 30});
  world_.send_and_settle();
  round_after(days(29));
  EXPECT_THAT(rows(), ElementsAre(1, 1));
  EXPECT_THAT(counts(), IsEmpty());
}

TEST_F(RetentionTest, WhatIsOlderGoesAndIsCounted) {
  set({.records_days = 30});
  world_.send_and_settle();
  world_.send_and_settle();
  round_after(days(32));
  EXPECT_THAT(rows(), Each(0));
  EXPECT_THAT(counts(), ElementsAre(2, 2, 0));
  EXPECT_THAT(world_.metrics.render(),
              testing::HasSubstr("connect_retention_removed_total{kind=\"messages\"} 2"));
}

TEST_F(RetentionTest, AnotherWorkspacesRowsStay) {
  world_.send_and_settle();
  world_.caller.workspace = *world_.workspaces.create("Other");
  set({.records_days = 10});
  round_after(days(58));
  EXPECT_THAT(rows(), ElementsAre(1, 1));
}

TEST_F(RetentionTest, ShorterWindowIsKeptFromTheNextRoundOn) {
  set({.records_days = 50});
  world_.send_and_settle();
  round_after(days(40));
  EXPECT_THAT(rows(), ElementsAre(1, 1));
  set({.records_days = 20});
  round_after(days(40));
  EXPECT_THAT(rows(), Each(0));
}

TEST_F(RetentionTest, WindowBeyondTheServersIsTheServers) {
  set({.records_days = 3000});
  world_.send_and_settle();
  round_after(days(59));
  EXPECT_THAT(rows(), ElementsAre(1, 1));
  round_after(days(62));
  EXPECT_THAT(rows(), Each(0));
}

TEST_F(RetentionTest, WhatAJobMayNeedStays) {
  set({.records_days = 10});
  const auto message = world_.send_and_settle();
  outbox::Job job;
  job.id = message.id.bytes();
  job.workspace = message.workspace;
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    TRY([[maybe_unused]] const auto state, outbox::insert_job(db, job, outbox::JobState::kReady));
    return {};
  }));
  round_after(days(40));
  EXPECT_THAT(rows(), ElementsAre(1, 1));
}

TEST_F(RetentionTest, ContentIsKeptForTheWorkspacesWindow) {
  set({.content_hours = 5});
  const Time before = world_.clock.now();
  tell_content();
  EXPECT_THAT(testkit::numbers(*world_.db, kEnds), ElementsAre(is_between(before, 5h)));
}

TEST_F(RetentionTest, ContentThatWaitsEndsEarlierOnceTheWindowIsShorter) {
  const Time before = world_.clock.now();
  tell_content();
  EXPECT_THAT(testkit::numbers(*world_.db, kEnds), ElementsAre(is_between(before, 24h)));
  set({.content_hours = 2});
  round_after(0h);
  EXPECT_THAT(testkit::numbers(*world_.db, kEnds), ElementsAre(is_between(before, 2h)));
  set({.content_hours = 20});
  round_after(0h);
  EXPECT_THAT(testkit::numbers(*world_.db, kEnds), ElementsAre(is_between(before, 2h)))
      << "it is given no longer life";
}

TEST_F(RetentionTest, ContentWindowThatWasTakenBackAndSetAgainHoldsAgain) {
  set({.content_hours = 2});
  round_after(0h);
  set({});
  round_after(0h);
  const Time before = world_.clock.now();
  tell_content();
  set({.content_hours = 2});
  round_after(0h);
  EXPECT_THAT(testkit::numbers(*world_.db, kEnds), ElementsAre(is_between(before, 2h)));
}

}  // namespace
}  // namespace flowsell::app
