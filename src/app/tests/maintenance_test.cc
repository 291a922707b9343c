#include "maintenance.h"

#include <gtest/gtest.h>

#include "audit/audit_log.h"
#include "messaging/schema.h"
#include "onboarding/schema.h"
#include "team/schema.h"
#include "webhook_world.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;

const store::Sql kSealed("SELECT COUNT(*) FROM events WHERE sealed IS NOT NULL");

const store::Sql kDestroyed("SELECT contents FROM retention_runs");
const store::Sql kSlots("SELECT COUNT(*) FROM begun_deliveries");

class MaintenanceTest : public testing::Test {
 protected:
  MaintenanceTest() {
    auto event = world_.draft(webhook::EventType::kMessageReceived);
    event.content = Content("\"text\":1");
    world_.tell(std::move(event));
  }
  ~MaintenanceTest() override {
    maintenance_.stop();
    world_.pool.stop();  // a round may still run
    world_.db->stop();   // and what it has submitted
  }

  // With the tables of all rooms: what maintains them asks for all.
  webhook::WebhookWorld world_{
      {.more_tables = {messaging::migrations(), team::migrations(), onboarding::migrations()}}};
  metering::SendKeys send_keys_{*world_.fingerprint};
  messaging::BegunMessages begun_;
  Growth growth_{*world_.db, std::chrono::days(0), world_.metrics};
  Retention retention_{*world_.db,
                       world_.workspaces.settings(),
                       {std::chrono::days(0), 24h},
                       world_.ids,
                       world_.metrics};
  identity::ApiKeys api_keys_{*world_.db, world_.ids, world_.clock};
  team::SupportSessions support_sessions_{*world_.db, world_.idempotency, world_.ids, world_.clock};
  onboarding::Sessions onboarding_{
      {*world_.db, world_.events, world_.idempotency, world_.ids, world_.clock}};
  Maintenance maintenance_{world_.pool,
                           *world_.db,
                           *world_.spool,
                           *world_.fingerprint,
                           world_.idempotency,
                           send_keys_,
                           begun_,
                           world_.begun_deliveries,
                           growth_,
                           retention_,
                           api_keys_,
                           support_sessions_,
                           onboarding_,
                           world_.metrics,
                           world_.clock};
};

TEST_F(MaintenanceTest, FirstRoundDestroysContentWhoseTimeIsOver) {
  world_.clock.skip(24h);
  maintenance_.start();
  EXPECT_TRUE(
      testkit::eventually([this] { return testkit::numbers(*world_.db, kSealed).at(0) == 0; }));
  EXPECT_EQ(testkit::numbers(*world_.db, kDestroyed), std::vector<std::int64_t>{1});
}

TEST_F(MaintenanceTest, FirstRoundDestroysKeysWhoseLifeIsOver) {
  const auto old = world_.spool->current(world_.clock.now());
  world_.clock.skip(26h);
  maintenance_.start();
  EXPECT_TRUE(testkit::eventually([&] { return !world_.spool->find(old.id); }));
}

TEST_F(MaintenanceTest, LastRoundClearsSlotsWhoseDeliveriesHaveEnded) {
  const testkit::HttpImposter customer;
  world_.add_endpoint(customer.url());
  world_.tell(world_.draft());
  ASSERT_TRUE(world_.idle());
  EXPECT_EQ(testkit::numbers(*world_.db, kSlots).at(0), 1);
  maintenance_.last_round();
  EXPECT_EQ(testkit::numbers(*world_.db, kSlots).at(0), 0);
}

}  // namespace
}  // namespace flowsell::app
