#include "messaging/provider_updates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;
using enum channel::MessageStatus;

class ProviderUpdatesTest : public testing::Test {
 protected:
  channel::InboundMessage inbound(const std::string& provider_id = "in.1",
                                  const std::string& from = kAna) const {
    channel::InboundMessage update;
    update.address = world_.sender->address;
    update.provider_message_id = provider_id;
    update.from = from;
    update.kind = "text";
    update.at = from_unix_ms(1'795'000'000'000);
    update.fields_json = Content(R"("text":{"body":"marker-of-content"})");
    return update;
  }
  channel::UnknownUpdate unknown(const std::string& field, const std::string& id = "") const {
    return {world_.sender->address, field, id, Time{}};
  }
  std::vector<MessageRow> received() {
    const MessageQuery query{.workspace = world_.caller.workspace, .inbound = true};
    return testkit::in_snapshot(*world_.db,
                                [&](store::Connection& db) { return list_messages(db, query); })
        .rows;
  }

  MessagingWorld world_;
};

TEST_F(ProviderUpdatesTest, StatusMovesTheMessage) {
  const auto id = world_.send_and_settle().id;
  ASSERT_TRUE(world_.apply({world_.status_of(id, kDelivered)}));
  EXPECT_EQ(world_.row(id).status, kDelivered);
  EXPECT_THAT(world_.event_types(), ElementsAre("message.sent", "message.delivered"));
}

TEST_F(ProviderUpdatesTest, SameStatusTwiceTellsNobody) {
  const auto id = world_.send_and_settle().id;
  ASSERT_TRUE(world_.apply({world_.status_of(id, kDelivered), world_.status_of(id, kDelivered)}));
  ASSERT_TRUE(world_.apply({world_.status_of(id, kDelivered)}));
  EXPECT_THAT(world_.event_types(), ElementsAre("message.sent", "message.delivered"));
}

TEST_F(ProviderUpdatesTest, LateStatusTellsNobody) {
  const auto id = world_.send_and_settle().id;
  ASSERT_TRUE(world_.apply({world_.status_of(id, kRead), world_.status_of(id, kDelivered)}));
  EXPECT_EQ(world_.row(id).status, kRead);
  EXPECT_THAT(world_.event_types(), ElementsAre("message.sent", "message.read"));
}

TEST_F(ProviderUpdatesTest, DeliveryThatOvertakesTheSettlingLosesNothing) {
  world_.provider.hold();
  const auto accepted = world_.send();
  ASSERT_TRUE(accepted);
  const auto id = accepted->row->id;
  ASSERT_TRUE(world_.apply({world_.status_of(id, kDelivered)}));
  EXPECT_EQ(world_.row(id).status, kDelivered);
  world_.provider.release();
  ASSERT_TRUE(world_.idle());
  EXPECT_EQ(world_.row(id).status, kDelivered);
  EXPECT_EQ(world_.row(id).provider_message_id, "pm.1");
  EXPECT_TRUE(world_.row(id).sent_at);
  EXPECT_EQ(world_.jobs(), 0);
}

TEST_F(ProviderUpdatesTest, UsageCountsEachStepOnceWhateverTheOrder) {
  // kAccepted stands for the end of the attempt, commit 2; every webhook comes twice.
  std::vector<MessageStatus> order = {kAccepted, kSent, kDelivered, kRead};
  std::int64_t sends = 0;
  do {
    world_.provider.hold();
    const auto accepted = world_.send();
    ASSERT_TRUE(accepted);
    ++sends;
    for (const auto step : order) {
      if (step != kAccepted) {
        const auto update = world_.status_of(accepted->row->id, step);
        ASSERT_TRUE(world_.apply({update, update}));
        continue;
      }
      world_.provider.release();
      ASSERT_TRUE(world_.idle());
    }
    EXPECT_EQ(world_.row(accepted->row->id).status, kRead);
  } while (std::ranges::next_permutation(order).found);
  const auto counts = world_.usage();
  using metering::Metric;
  for (const auto metric : {Metric::kAccepted, Metric::kSent, Metric::kDelivered, Metric::kRead})
    EXPECT_EQ(counts.at(static_cast<std::size_t>(metric)), sends) << metering::metric_name(metric);
  EXPECT_EQ(counts.at(static_cast<std::size_t>(Metric::kFailed)), 0);
  EXPECT_EQ(counts.at(static_cast<std::size_t>(Metric::kUnknown)), 0);
}

TEST_F(ProviderUpdatesTest, FailureKeepsTheProvidersNumbersAndNotItsWords) {
  const auto id = world_.send_and_settle().id;
  auto failed = world_.status_of(id, kFailed);
  failed.error = ProviderError{
      .provider = "fake", .code = 131026, .reason = "refused", .text = "words of a provider"};
  ASSERT_TRUE(world_.apply({failed}));
  EXPECT_EQ(world_.row(id).error->provider_code, 131026);
  EXPECT_FALSE(world_.folder.holds("words of a provider"));
}

TEST_F(ProviderUpdatesTest, StatusOfNoMessageOfOursBecomesProviderUnknown) {
  ASSERT_TRUE(world_.apply({world_.status_of(MessageId(), kDelivered)}));
  EXPECT_THAT(world_.event_types(), ElementsAre("provider.unknown"));
}

TEST_F(ProviderUpdatesTest, StatusOfAMessageThatIsGoneBecomesProviderUnknown) {
  ASSERT_TRUE(world_.apply({world_.status_of(world_.ids.next<IdKind::kMessage>(), kDelivered)}));
  EXPECT_THAT(world_.event_types(), ElementsAre("provider.unknown"));
}

TEST_F(ProviderUpdatesTest, StatusOfAnotherWorkspacesMessageChangesNothing) {
  const auto id = world_.send_and_settle().id;
  connections::Sender stranger = *world_.sender;
  stranger.workspace = world_.ids.next<IdKind::kWorkspace>();
  std::vector<channel::Update> updates = {world_.status_of(id, kDelivered)};
  ASSERT_TRUE(testkit::run(
      world_.pool, world_.updates_in.apply(std::make_shared<const connections::Sender>(stranger),
                                           std::move(updates))));
  EXPECT_EQ(world_.row(id).status, kSent);
}

TEST_F(ProviderUpdatesTest, WhatIsNotUnderstoodIsToldByItsEnvelope) {
  ASSERT_TRUE(
      world_.apply({channel::UnknownUpdate{world_.sender->address, "messages/order", "in.9", {}}}));
  const auto events = world_.events_now();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_THAT(events[0].draft.body, HasSubstr(R"("field":"messages/order","provider_id":"in.9")"));
}

TEST_F(ProviderUpdatesTest, WhatIsNotUnderstoodIsToldOnceHoweverOftenItComes) {
  testkit::HttpImposter customer;
  world_.add_endpoint(customer.url());
  const auto order = unknown("messages/order", "in.9");
  ASSERT_TRUE(world_.apply({order, order}));
  ASSERT_TRUE(world_.apply({order}));
  ASSERT_THAT(customer.wait_for(1), SizeIs(1));
  ASSERT_TRUE(world_.idle());
  EXPECT_THAT(world_.event_types(), ElementsAre("provider.unknown"));
  EXPECT_EQ(customer.seen_count(), 1U);
  EXPECT_EQ(world_.outbox.queued(), 0);
}

TEST_F(ProviderUpdatesTest, OthersThatAreNotUnderstoodAreEachTold) {
  auto other_content = unknown("messages/errors");
  other_content.digest[0] = 1;
  auto other_time = unknown("messages/errors");
  other_time.at = world_.clock.now();
  ASSERT_TRUE(world_.apply({unknown("messages/errors"), other_content, other_time,
                            unknown("messages/errors", "in.1"), unknown("messages/system")}));
  EXPECT_THAT(world_.event_types(), SizeIs(5));
}

TEST_F(ProviderUpdatesTest, SameWithoutATimeIsNewsAgainWhenNobodyRepeatsItAnyMore) {
  const auto error = unknown("messages/errors");
  ASSERT_TRUE(world_.apply({error}));
  world_.clock.skip(24h * 7);
  ASSERT_TRUE(world_.apply({error}));
  EXPECT_THAT(world_.event_types(), SizeIs(1));
  world_.clock.skip(24h + 1min);
  ASSERT_TRUE(world_.apply({error}));
  EXPECT_THAT(world_.event_types(), SizeIs(2));
}

TEST_F(ProviderUpdatesTest, UpdateOfAnAccountIsToldOnceWhicheverSenderIsAsked) {
  auto of_account = unknown("account_update", "account");
  of_account.address.clear();
  ASSERT_TRUE(world_.apply({of_account}));
  world_.sender = world_.add_sender("222", "+15550783882");
  ASSERT_TRUE(world_.apply({of_account}));
  EXPECT_THAT(world_.event_types(), SizeIs(1));
}

TEST_F(ProviderUpdatesTest, SameUpdateOfTwoSendersIsTwo) {
  ASSERT_TRUE(world_.apply({unknown("messages/errors")}));
  world_.sender = world_.add_sender("222", "+15550783882");
  ASSERT_TRUE(world_.apply({unknown("messages/errors")}));
  EXPECT_THAT(world_.event_types(), SizeIs(2));
}

TEST_F(ProviderUpdatesTest, EachStatusOfNoMessageOfOursIsToldOnce) {
  const auto sent = world_.status_of(MessageId(), kSent);
  const auto delivered = world_.status_of(MessageId(), kDelivered);
  ASSERT_TRUE(world_.apply({sent, delivered, sent}));
  auto without_time = delivered;
  without_time.at += 1s;  // as where the provider gives none, and the adapter puts now
  ASSERT_TRUE(world_.apply({without_time}));
  EXPECT_THAT(world_.event_types(), ElementsAre("provider.unknown", "provider.unknown"));
}

TEST_F(ProviderUpdatesTest, StatusOfAMessageThatIsGoneIsToldOnce) {
  const auto gone = world_.status_of(world_.ids.next<IdKind::kMessage>(), kDelivered);
  ASSERT_TRUE(world_.apply({gone, gone}));
  ASSERT_TRUE(world_.apply({gone}));
  EXPECT_THAT(world_.event_types(), ElementsAre("provider.unknown"));
}

TEST_F(ProviderUpdatesTest, InboundMessageIsStoredMasked) {
  ASSERT_TRUE(world_.apply({inbound()}));
  const auto rows = received();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].contact, "+91••••••3210");
  EXPECT_EQ(rows[0].provider_message_id, "in.1");
  EXPECT_EQ(rows[0].status, kReceived);
}

TEST_F(ProviderUpdatesTest, InboundMessageIsToldWithItsContent) {
  ASSERT_TRUE(world_.apply({inbound()}));
  const auto events = world_.events_now();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].draft.type, webhook::EventType::kMessageReceived);
  EXPECT_EQ(events[0].draft.content.reveal(),
            R"("from":"+919876543210","text":{"body":"marker-of-content"})");
}

TEST_F(ProviderUpdatesTest, InboundContentAndNumberAreInNoFile) {
  ASSERT_TRUE(world_.apply({inbound()}));
  EXPECT_FALSE(world_.folder.holds("marker-of-content"));
  EXPECT_FALSE(world_.folder.holds("919876543210"));
}

TEST_F(ProviderUpdatesTest, InboundMessageThatComesTwiceIsStoredAndToldOnce) {
  ASSERT_TRUE(world_.apply({inbound(), inbound()}));
  ASSERT_TRUE(world_.apply({inbound()}));
  EXPECT_THAT(received(), SizeIs(1));
  EXPECT_THAT(world_.event_types(), ElementsAre("message.received"));
}

TEST_F(ProviderUpdatesTest, TwoInboundMessagesOfOneMomentAreTwo) {
  ASSERT_TRUE(world_.apply({inbound("in.1"), inbound("in.2")}));
  EXPECT_THAT(received(), SizeIs(2));
}

TEST_F(ProviderUpdatesTest, ReactionIsToldAsOne) {
  auto reaction = inbound();
  reaction.is_reaction = true;
  ASSERT_TRUE(world_.apply({reaction}));
  EXPECT_THAT(world_.event_types(), ElementsAre("message.reaction"));
}

TEST_F(ProviderUpdatesTest, EventsOfOneConversationReachTheCustomerInOrder) {
  testkit::HttpImposter customer;
  world_.add_endpoint(customer.url());
  const auto id = world_.send_and_settle().id;
  ASSERT_TRUE(world_.apply({world_.status_of(id, kDelivered), world_.status_of(id, kRead)}));
  std::vector<std::string> types;
  for (const auto& seen : customer.wait_for(5))
    types.push_back(seen.body.substr(9, seen.body.find(',') - 10));
  EXPECT_THAT(types, ElementsAre("message.accepted", "message.sending", "message.sent",
                                 "message.delivered", "message.read"));
}

TEST_F(ProviderUpdatesTest, DuplicatesLeaveNoSlotTaken) {
  testkit::HttpImposter customer;
  world_.add_endpoint(customer.url(), {"message.delivered"});
  const auto id = world_.send_and_settle().id;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(world_.apply({world_.status_of(id, kDelivered), world_.status_of(id, kDelivered)}));
  }
  ASSERT_TRUE(world_.idle());
  EXPECT_EQ(world_.outbox.queued(), 0);
  EXPECT_EQ(customer.seen_count(), 1U);
}

TEST_F(ProviderUpdatesTest, UpdateBehindADuplicateOfItsConversationIsDelivered) {
  testkit::HttpImposter customer;
  world_.add_endpoint(customer.url(), {"message.delivered", "message.read"});
  const auto id = world_.send_and_settle().id;
  ASSERT_TRUE(world_.apply({world_.status_of(id, kDelivered)}));
  ASSERT_THAT(customer.wait_for(1), SizeIs(1));
  ASSERT_TRUE(world_.idle());
  // The first takes the lane's slot, and gives it back unused; the second was told to wait behind
  // it.
  ASSERT_TRUE(world_.apply({world_.status_of(id, kDelivered), world_.status_of(id, kRead)}));
  EXPECT_THAT(customer.wait_for(2), SizeIs(2));
}

TEST_F(ProviderUpdatesTest, WhatCantBeStoredIsAnError) {
  world_.db->stop();
  EXPECT_EQ(code_of(world_.apply({inbound()})), ErrorCode::kShuttingDown);
}

}  // namespace
}  // namespace flowsell::messaging
