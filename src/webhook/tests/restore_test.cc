#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook_world.h"

namespace flowsell::webhook {
namespace {

using namespace std::chrono_literals;
using outbox::FoundIn;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const store::Sql kSealed("SELECT id FROM events WHERE sealed IS NOT NULL");

/// A delivery that waited when a backup was made.
class RestoredDelivery : public testing::Test {
 protected:
  void leave(EventType type, bool has_content) {
    EventDraft event = world_.draft(type);
    if (has_content) event.content = Content(R"("text":{"body":"Where is it?"})");
    event.lane = 7;
    world_.tell(event);  // nobody asks for it yet
    event_ = world_.events_now().at(0).draft.id;
    endpoint_ = world_.add_endpoint(imposter_.url(), {"*"});
    const NewDelivery waiting{.id = world_.ids.next<IdKind::kDelivery>(),
                              .workspace = world_.caller.workspace,
                              .mode = world_.caller.mode,
                              .endpoint = endpoint_->id,
                              .event = event_,
                              .type = type,
                              .at = world_.clock.now(),
                              .lane = 7,
                              .has_content = has_content};
    ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
      CHECK_OK(insert_delivery(db, waiting));
      TRY([[maybe_unused]] const auto state,
          outbox::insert_job(db, job_of(waiting), outbox::JobState::kReady));
      return {};
    }));
  }
  void lose_keys() { world_.spool->destroy_expired(world_.clock.now() + 48h); }
  void start() {
    ASSERT_TRUE(world_.outbox.recover(FoundIn::kBackup));
    world_.outbox.start();
  }

  testkit::HttpImposter imposter_;
  WebhookWorld world_;
  EndpointPtr endpoint_;
  EventId event_;
};

TEST_F(RestoredDelivery, OfWhatCanBeToldIsMadeUnderItsEventsId) {
  leave(EventType::kMessageSent, false);
  lose_keys();
  start();
  const auto seen = imposter_.wait_for(1);
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].headers.at("webhook-id"), event_.str());
}

TEST_F(RestoredDelivery, OfACustomersWordsThatDoNotOpenIsEndedWithAReason) {
  leave(EventType::kMessageReceived, true);
  lose_keys();
  start();
  EXPECT_EQ(world_.jobs(), 0);
  const auto row = world_.deliveries_now().at(0);
  EXPECT_EQ(row.status, DeliveryStatus::kFailed);
  EXPECT_THAT(row.attempts_json, HasSubstr(R"("error":"content_unavailable")"));
  EXPECT_TRUE(row.finished_at);
  EXPECT_TRUE(testkit::texts(*world_.db, kSealed).empty());
  EXPECT_TRUE(world_.events_now().at(0).content_expired);
}

TEST_F(RestoredDelivery, OfACustomersWordsIsMadeWhereTheKeyIsThere) {
  leave(EventType::kMessageReceived, true);
  start();
  const auto seen = imposter_.wait_for(1);
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_THAT(seen[0].body, HasSubstr("Where is it?"));
}

TEST_F(RestoredDelivery, OfAFailureIsMadeWithoutTheProvidersWords) {
  leave(EventType::kMessageFailed, true);
  lose_keys();
  start();
  const auto seen = imposter_.wait_for(1);
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_THAT(seen[0].body, Not(HasSubstr("Where is it?")));
}

}  // namespace
}  // namespace flowsell::webhook
