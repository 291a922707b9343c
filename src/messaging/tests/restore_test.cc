#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "begun_row.h"
#include "core/packing.h"
#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using enum channel::MessageStatus;
using outbox::FoundIn;
using outbox::JobState;
using testing::ElementsAre;

const store::Sql kPutSlot("INSERT INTO begun_messages (slot, items) VALUES (1, ?1)");

/// Messages as a backup has them.
class RestoredMessage : public testing::Test {
 protected:
  MessageRow a_row(MessageStatus status) {
    MessageRow row;
    row.workspace = world_.caller.workspace;
    row.id = world_.ids.next<IdKind::kMessage>();
    row.sender = world_.sender->id;
    row.kind = "text";
    row.status = status;
    row.created_at = world_.clock.now();
    return row;
  }
  MessageId leave(MessageStatus status, JobState state, outbox::Lane lane = 0) {
    const MessageRow row = a_row(status);
    outbox::Job job;
    job.id = row.id.bytes();
    job.workspace = row.workspace;
    job.group = row.sender.bytes();
    job.lane = lane;
    job.due = row.created_at;
    job.expires_at = row.created_at + 24h;
    job.sealed = "sealed";
    EXPECT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
      TRY([[maybe_unused]] const bool fresh, insert_message(db, row));
      TRY([[maybe_unused]] const auto got, outbox::insert_job(db, job, state));
      return {};
    }));
    return row.id;
  }
  void start() {
    ASSERT_TRUE(world_.outbox.recover(FoundIn::kBackup));
    world_.outbox.start();
  }
  void expect_unknown(const MessageId& id) {
    const auto row = world_.row(id);
    EXPECT_EQ(row.status, kUnknown);
    ASSERT_TRUE(row.error);
    EXPECT_EQ(row.error->code, "restored_from_backup");
  }
  MessagingWorld world_;
};

TEST_F(RestoredMessage, ThatWasQueuedIsUnknownAndNeverSent) {
  const auto first = leave(kAccepted, JobState::kReady, 1);
  const auto second = leave(kAccepted, JobState::kReady, 1);
  start();
  expect_unknown(first);
  expect_unknown(second);
  EXPECT_EQ(world_.jobs(), 0);
  EXPECT_EQ(world_.outbox.queued(), 0);
  EXPECT_EQ(world_.provider.seen_count(), 0U);
}

TEST_F(RestoredMessage, ThatWaitedForAnotherAttemptOrWasClaimedIsUnknown) {
  const auto retried = leave(kSending, JobState::kReady, 1);
  const auto claimed = leave(kSending, JobState::kClaimed, 2);
  start();
  expect_unknown(retried);
  expect_unknown(claimed);
  EXPECT_EQ(world_.jobs(), 0);
}

TEST_F(RestoredMessage, ThatWasBegunIsUnknown) {
  const MessageRow row = a_row(kSending);
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    std::string item;
    std::string bytes = "1";
    pack_begun(row, item);
    pack_text(bytes, item);
    CHECK_OK(db.write(kPutSlot, {store::Param::blob(bytes)}));
    return {};
  }));
  start();
  expect_unknown(row.id);
}

TEST_F(RestoredMessage, IsToldAndCounted) {
  testkit::HttpImposter customer;
  world_.add_endpoint(customer.url());
  leave(kAccepted, JobState::kReady);
  start();
  EXPECT_THAT(world_.event_types(), ElementsAre("message.unknown"));
  const auto seen = customer.wait_for(1);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_NE(seen[0].body.find("restored_from_backup"), std::string::npos);
  EXPECT_EQ(world_.usage().at(static_cast<std::size_t>(metering::Metric::kUnknown)), 1);
}

TEST_F(RestoredMessage, IsProvedByItsProvidersStatus) {
  const auto id = leave(kAccepted, JobState::kReady);
  start();
  ASSERT_TRUE(world_.apply({world_.status_of(id, kDelivered)}));
  EXPECT_EQ(world_.row(id).status, kDelivered);
  EXPECT_FALSE(world_.row(id).error);
}

TEST_F(RestoredMessage, IsSettledOnceHoweverOftenTheStartIsBroken) {
  const auto id = leave(kAccepted, JobState::kReady);
  ASSERT_TRUE(world_.outbox.recover(FoundIn::kBackup));
  ASSERT_TRUE(world_.outbox.recover(FoundIn::kBackup));
  expect_unknown(id);
  EXPECT_THAT(world_.event_types(), ElementsAre("message.unknown"));
}

}  // namespace
}  // namespace flowsell::messaging
