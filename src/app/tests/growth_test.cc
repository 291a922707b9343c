#include "growth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messaging_world.h"
#include "outbox/job_table.h"
#include "team/schema.h"

namespace flowsell::app {
namespace {

using std::chrono::days;
using testing::Each;
using testing::ElementsAre;

const store::Sql kRows("SELECT COUNT(*) FROM messages UNION ALL SELECT COUNT(*) FROM events");
const store::Sql kStray(
    "SELECT 0",
    "SELECT (SELECT count(*) FROM messages_default) + (SELECT count(*) FROM events_default) + "
    "(SELECT count(*) FROM deliveries_default) + (SELECT count(*) FROM idempotency_keys_default)");

const store::Sql kCounted("SELECT messages FROM retention_runs");

class GrowthTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(growth_.prepare(world_.clock.now())); }

  std::vector<std::int64_t> rows() { return testkit::numbers(*world_.db, kRows); }
  void round_after(days passed) {
    testkit::run(world_.pool, growth_.round(world_.clock.now() + passed, stopping_));
  }
  void queue(const messaging::MessageRow& message) {
    outbox::Job job;
    job.id = message.id.bytes();
    job.workspace = message.workspace;
    ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
      TRY([[maybe_unused]] const auto state, outbox::insert_job(db, job, outbox::JobState::kReady));
      return {};
    }));
  }

  messaging::MessagingWorld world_{{.more_tables = {team::migrations()}}};
  Growth growth_{*world_.db, days(30), world_.metrics};
  const std::atomic<bool> stopping_{false};
};

TEST_F(GrowthTest, WhatIsWrittenHasItsPartition) {
  const testkit::HttpImposter customer;
  world_.add_endpoint(customer.url());
  world_.send_and_settle();
  EXPECT_EQ(testkit::numbers(*world_.db, kStray).at(0), 0);
}

TEST_F(GrowthTest, WhatIsYoungerThanTheRetentionStays) {
  world_.send_and_settle();
  round_after(days(29));
  EXPECT_THAT(rows(), ElementsAre(1, 1));
}

TEST_F(GrowthTest, WhatIsOlderGoes) {
  world_.send_and_settle();
  round_after(days(63));  // on PostgreSQL when its month is over
  EXPECT_THAT(rows(), Each(0));
  // A month that is dropped whole is not counted.
  if (!testkit::tests_run_on_postgres()) {
    EXPECT_THAT(testkit::numbers(*world_.db, kCounted), ElementsAre(1));
  }
}

TEST_F(GrowthTest, NothingIsRemovedUnlessAsked) {
  world_.send_and_settle();
  Growth for_ever(*world_.db, days(0), world_.metrics);
  testkit::run(world_.pool, for_ever.round(world_.clock.now() + days(9999), stopping_));
  EXPECT_THAT(rows(), ElementsAre(1, 1));
}

TEST_F(GrowthTest, WhatAJobMayNeedStays) {
  const auto message = world_.send_and_settle();
  queue(message);
  round_after(days(90));
  EXPECT_THAT(rows(), ElementsAre(1, 1));
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
    return outbox::drop_queued_job(db, message.id.bytes());
  }));
  round_after(days(91));
  EXPECT_THAT(rows(), Each(0));
}

}  // namespace
}  // namespace flowsell::app
