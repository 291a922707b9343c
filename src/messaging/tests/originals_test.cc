#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messaging/provider_updates.h"
#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using enum channel::MessageStatus;

/// What a provider said, told again to endpoints of its own format.
class Originals : public testing::Test {
 protected:
  void SetUp() override { add_endpoint(webhook::Format::kGraph); }

  void add_endpoint(webhook::Format format, std::vector<std::string> events = {"*"}) {
    ASSERT_TRUE(testkit::run(
        world_.pool,
        world_.endpoints.create(
            world_.by(), {"https://hooks.example.com/", std::move(events), "", format}, {})));
  }
  /// An update with the words that it comes from.
  template <class Update>
  Update said(Update update, const std::string& words) {
    auto body = json::parse(words);
    update.source.body = std::make_shared<const json::Document>(*std::move(body));
    update.source.element = &update.source.body->root();
    return update;
  }
  channel::InboundMessage inbound(const std::string& id) const {
    channel::InboundMessage update;
    update.address = world_.sender->address;
    update.provider_message_id = id;
    update.from = kAna;
    update.kind = "text";
    update.at = from_unix_ms(1'795'000'000'000);
    update.fields_json = Content(R"("text":{"body":"Hello"})");
    return update;
  }
  /// Those that are recorded, oldest first.
  std::vector<std::string> originals() {
    std::vector<std::string> all;
    for (const auto& event :
         world_.events_now({.type = webhook::EventType::kProviderWebhook, .limit = 100}))
      all.insert(all.begin(), webhook::Events::payload(event.draft));
    return all;
  }

  MessagingWorld world_;
};

TEST_F(Originals, AreToldBesideOurOwnEvent) {
  ASSERT_TRUE(world_.apply({said(inbound("in.1"), R"({"words":1})")}));
  EXPECT_THAT(originals(), ElementsAre(R"({"said":{"words":1},"data":""})"));
  EXPECT_THAT(world_.event_types(), testing::Contains("message.received"));
}

TEST_F(Originals, OfTheSameWordsAreToldOnce) {
  ASSERT_TRUE(world_.apply(
      {said(inbound("in.1"), R"({"words":1})"), said(inbound("in.1"), R"({"words":1})")}));
  ASSERT_TRUE(world_.apply({said(inbound("in.1"), R"({"words":1})")}));
  EXPECT_THAT(originals(), SizeIs(1));
}

TEST_F(Originals, AreToldOfEachStatusAlsoWhereOurEventWasTold) {
  const auto id = world_.send_and_settle().id;
  ASSERT_TRUE(world_.apply({said(world_.status_of(id, kSent), R"({"words":"sent"})"),
                            said(world_.status_of(id, kDelivered), R"({"words":"delivered"})")}));
  EXPECT_THAT(originals(), ElementsAre(R"({"said":{"words":"sent"},"data":""})",
                                       R"({"said":{"words":"delivered"},"data":""})"));
}

TEST_F(Originals, AreNotKeptWhereNobodyAsksForThem) {
  add_endpoint(webhook::Format::kStandard);
  const auto id = world_.send_and_settle().id;
  for (const auto& endpoint : world_.endpoints.list(world_.caller.workspace, world_.caller.mode)) {
    if (endpoint->format == webhook::Format::kGraph)
      ASSERT_TRUE(testkit::run(world_.pool, world_.endpoints.remove(world_.by(), endpoint->id)));
  }
  ASSERT_TRUE(world_.apply({said(world_.status_of(id, kDelivered), R"({"words":1})")}));
  EXPECT_THAT(originals(), IsEmpty());
}

TEST_F(Originals, OfAFailureHereAreAsTheProviderWouldTellThem) {
  world_.provider.then(400, R"({"error":{"code":7,"retry":"no","scope":"lane","text":"No."}})");
  const auto row = world_.send_and_settle();
  EXPECT_THAT(originals(), ElementsAre(HasSubstr("\"failed\":\"" + row.id.str() + "\"")));
}

}  // namespace
}  // namespace flowsell::messaging
