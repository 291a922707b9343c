#include "notices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using channel::MessageMark;
using channel::Notice;
using channel::NoticeKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using enum channel::MessageStatus;

class NoticesTest : public testing::Test {
 protected:
  Notice notice(NoticeKind kind) const {
    Notice out;
    out.kind = kind;
    out.address = world_.sender->address;
    out.at = from_unix_ms(1'795'000'000'000);
    return out;
  }
  Notice echo() const {
    Notice out = notice(NoticeKind::kMessageEcho);
    out.person = kAna;
    out.fields_json = R"("type":"text")";
    out.content_json = Content(R"("text":{"body":"marker-of-content"})");
    return out;
  }
  webhook::StoredEvent only_event() {
    auto events = world_.events_now();
    if (events.size() != 1) throw std::runtime_error("not one event");
    return std::move(events.front());
  }
  MessageMark mark(const MessageId& id, MessageMark::Kind kind) const {
    return {kind, world_.sender->address, id, "pm.1", from_unix_ms(1'795'000'000'000)};
  }

  MessagingWorld world_;
};

TEST_F(NoticesTest, WhatIsToldOfATemplateIsStoredWithTheEvent) {
  Notice told = notice(NoticeKind::kTemplateStatusUpdated);
  told.of_template = channel::TemplateNews{
      .provider_id = "7", .name = "order", .language = "de", .status = "approved"};
  told.digest.fill(1);
  ASSERT_TRUE(world_.apply({told}));
  const auto stored = [&] {
    templates::Query query;
    query.workspace = world_.caller.workspace;
    auto page = testkit::run(world_.pool, world_.templates.list(query)).value();
    return page.rows.empty() ? std::string() : page.rows.front().provider.status;
  };
  EXPECT_EQ(stored(), "approved");
  EXPECT_THAT(world_.event_types(), ElementsAre("template.status_updated"));

  // The same again changes nothing, whatever came in between.
  Notice later = told;
  later.of_template->status = "paused";
  later.at += 5s;
  later.digest.fill(2);
  ASSERT_TRUE(world_.apply({later}));
  ASSERT_TRUE(world_.apply({told}));
  EXPECT_EQ(stored(), "paused");
  EXPECT_THAT(world_.event_types(), SizeIs(2));
}

TEST(EventOfNotice, EachKindHasAnEventOfItsOwn) {
  std::set<webhook::EventType> types;
  constexpr int kCount = static_cast<int>(NoticeKind::kConversionDetected) + 1;
  for (int kind = 0; kind < kCount; ++kind) {
    const auto type = event_of(static_cast<NoticeKind>(kind));
    EXPECT_TRUE(webhook::is_told_once(type));
    types.insert(type);
  }
  EXPECT_EQ(types.size(), static_cast<std::size_t>(kCount));
}

TEST_F(NoticesTest, SaysWhereItIsAboutAndWhomMasked) {
  ASSERT_TRUE(world_.apply({echo()}));
  const auto event = only_event();
  EXPECT_EQ(event.draft.type, webhook::EventType::kMessageEcho);
  EXPECT_EQ(event.draft.body, R"("provider":"fake","connection_id":")" +
                                  world_.sender->connection.str() + R"(","sender_id":")" +
                                  world_.sender->id.str() +
                                  R"(","to_masked":"+91••••••3210","type":"text")");
  EXPECT_EQ(event.draft.content.reveal(),
            R"("to":"+919876543210","text":{"body":"marker-of-content"})");
}

TEST_F(NoticesTest, WordsAndNumbersAreInNoFile) {
  ASSERT_TRUE(world_.apply({echo()}));
  EXPECT_FALSE(world_.folder.holds("marker-of-content"));
  EXPECT_FALSE(world_.folder.holds("919876543210"));
}

TEST_F(NoticesTest, IsNoMessageToUs) {
  ASSERT_TRUE(world_.apply({echo()}));
  EXPECT_EQ(world_.usage().at(static_cast<std::size_t>(metering::Metric::kReceived)), 0);
}

TEST_F(NoticesTest, OfTheAccountNamesNoSender) {
  auto review = notice(NoticeKind::kAccountReviewUpdated);
  review.address.clear();
  review.account = "account";
  review.fields_json = R"("decision":"approved")";
  ASSERT_TRUE(world_.apply({review}));
  EXPECT_THAT(only_event().draft.body, Not(HasSubstr("sender_id")));
  EXPECT_TRUE(only_event().draft.content.empty());
}

TEST_F(NoticesTest, NamesTheSenderThatHasTheNumber) {
  auto quality = notice(NoticeKind::kSenderQualityUpdated);
  quality.address.clear();
  quality.display_number = world_.sender->display_number;
  ASSERT_TRUE(world_.apply({quality}));
  EXPECT_THAT(only_event().draft.body, HasSubstr(world_.sender->id.str()));
}

TEST_F(NoticesTest, IsToldOnceHoweverOftenItComes) {
  ASSERT_TRUE(world_.apply({echo(), echo()}));
  ASSERT_TRUE(world_.apply({echo()}));
  EXPECT_THAT(world_.event_types(), ElementsAre("message.echo"));
}

TEST_F(NoticesTest, OthersAreEachTold) {
  auto other_digest = echo();
  other_digest.digest[0] = 1;
  auto other_kind = echo();
  other_kind.kind = NoticeKind::kMessageEdited;
  ASSERT_TRUE(world_.apply({echo(), other_digest, other_kind}));
  EXPECT_THAT(world_.event_types(), SizeIs(3));
}

TEST_F(NoticesTest, MarkIsToldOnceForAMessage) {
  const auto id = world_.send_and_settle().id;
  const auto played = mark(id, MessageMark::Kind::kPlayed);
  ASSERT_TRUE(world_.apply({played, played, mark(id, MessageMark::Kind::kDeleted)}));
  ASSERT_TRUE(world_.apply({played}));
  EXPECT_THAT(world_.event_types(),
              ElementsAre("message.sent", "message.played", "message.deleted"));
  EXPECT_EQ(world_.row(id).status, kSent);
}

TEST_F(NoticesTest, MarkOfABegunMessageFindsIt) {
  world_.provider.hold();
  const auto accepted = world_.send();
  ASSERT_TRUE(accepted);
  ASSERT_TRUE(world_.apply({mark(accepted->row->id, MessageMark::Kind::kDeleted)}));
  EXPECT_THAT(world_.event_types(), ElementsAre("message.deleted"));
  world_.provider.release();
  ASSERT_TRUE(world_.idle());
}

TEST_F(NoticesTest, MarkOfNoMessageOfOursIsUnknown) {
  auto of_another = mark(world_.ids.next<IdKind::kMessage>(), MessageMark::Kind::kPlayed);
  of_another.provider_message_id = "pm.2";
  ASSERT_TRUE(world_.apply({mark(MessageId(), MessageMark::Kind::kPlayed), of_another}));
  EXPECT_THAT(world_.event_types(), ElementsAre("provider.unknown", "provider.unknown"));
}

TEST_F(NoticesTest, StatusTellsWhatItCosts) {
  const auto id = world_.send_and_settle().id;
  auto delivered = world_.status_of(id, kDelivered);
  delivered.fields_json = R"("pricing":{"category":"utility"})";
  ASSERT_TRUE(world_.apply({delivered}));
  EXPECT_THAT(world_.events_now().front().draft.body,
              HasSubstr(R"(,"pricing":{"category":"utility"})"));
}

TEST_F(NoticesTest, MembersOfAGroupAreOneConversation) {
  channel::InboundMessage message;
  message.address = world_.sender->address;
  message.kind = "text";
  message.group = "Y2FwaQ";
  message.at = world_.clock.now();
  message.fields_json = Content(R"("text":{"body":"Hi"})");
  message.from = kAna;
  message.provider_message_id = "in.1";
  auto other = message;
  other.from = kBela;
  other.provider_message_id = "in.2";
  testkit::HttpImposter customer;
  world_.add_endpoint(customer.url());
  ASSERT_TRUE(world_.apply({message, other}));
  const auto seen = customer.wait_for(2);
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_THAT(seen[0].body, HasSubstr("in.1"));
  EXPECT_THAT(seen[1].body, HasSubstr("in.2"));
  EXPECT_THAT(seen[1].body, HasSubstr(R"("group_id":"Y2FwaQ")"));
}

}  // namespace
}  // namespace flowsell::messaging
