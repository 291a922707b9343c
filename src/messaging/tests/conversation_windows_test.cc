#include "messaging/conversation_windows.h"

#include <gtest/gtest.h>

#include "context.h"
#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;

constexpr const char* kUserId = "US.13491208655302741918";

class ConversationWindows : public testing::Test {
 protected:
  channel::InboundMessage inbound(const std::string& id, Time at) const {
    channel::InboundMessage update;
    update.address = world_.sender->address;
    update.provider_message_id = id;
    update.from = kAna;
    update.kind = "text";
    update.at = at;
    update.fields_json = Content(R"("text":{"body":"Hi"})");
    return update;
  }
  std::optional<ConversationWindow> window(const std::string& contact = kAna) {
    return testkit::in_snapshot(*world_.db, [&](store::Connection& db) {
      return find_window(db, world_.caller.workspace, world_.sender->id,
                         contact_hash(world_.contact_key, world_.caller.workspace, contact));
    });
  }
  bool drop_old() {
    return testkit::in_transaction(*world_.db, [&](store::Connection& db) {
      return drop_old_windows(db, world_.clock.now());
    });
  }

  MessagingWorld world_;
  Time now_ = world_.clock.now();
};

TEST_F(ConversationWindows, NobodyHasOneWhoDidNotWrite) { EXPECT_FALSE(window()); }

TEST_F(ConversationWindows, MessageOpensOneForADay) {
  ASSERT_TRUE(world_.apply({inbound("in.1", now_)}));
  ASSERT_TRUE(window());
  EXPECT_EQ(window()->last_inbound_at, now_);
  EXPECT_TRUE(window()->is_open(now_ + 24h - 1ms));
  EXPECT_FALSE(window()->is_open(now_ + 24h));
  EXPECT_FALSE(window()->entry_point_at);
}

TEST_F(ConversationWindows, LastMessageCountsWhateverTheOrder) {
  ASSERT_TRUE(world_.apply({inbound("in.2", now_), inbound("in.1", now_ - 2h)}));
  ASSERT_TRUE(world_.apply({inbound("in.0", now_ - 3h)}));
  EXPECT_EQ(window()->last_inbound_at, now_);
}

TEST_F(ConversationWindows, MessageOfAnAdIsAnEntryPointThatStays) {
  auto by_ad = inbound("in.1", now_ - 1h);
  by_ad.is_entry_point = true;
  ASSERT_TRUE(world_.apply({by_ad}));
  ASSERT_TRUE(world_.apply({inbound("in.2", now_)}));
  EXPECT_EQ(window()->last_inbound_at, now_);
  EXPECT_EQ(window()->entry_point_at, now_ - 1h);
}

TEST_F(ConversationWindows, PersonHasItUnderEachName) {
  auto message = inbound("in.1", now_);
  message.from_user_id = kUserId;
  ASSERT_TRUE(world_.apply({message}));
  EXPECT_TRUE(window(kAna));
  EXPECT_TRUE(window(kUserId));
  EXPECT_FALSE(window(kBela));
}

TEST_F(ConversationWindows, GroupHasItAndNotItsMember) {
  auto message = inbound("in.1", now_);
  message.group = "Y2FwaV9ncm91cDox";
  ASSERT_TRUE(world_.apply({message}));
  EXPECT_TRUE(window("Y2FwaV9ncm91cDox"));
  EXPECT_FALSE(window(kAna));
}

TEST_F(ConversationWindows, CallOpensOneToo) {
  channel::Notice call;
  call.kind = channel::NoticeKind::kCallStarted;
  call.address = world_.sender->address;
  call.person = kAna;
  call.at = now_;
  call.opens_window = true;
  ASSERT_TRUE(world_.apply({call}));
  EXPECT_EQ(window()->last_inbound_at, now_);
}

TEST_F(ConversationWindows, TimeFromTheFutureIsNow) {
  ASSERT_TRUE(world_.apply({inbound("in.1", now_ + 24h * 365)}));
  EXPECT_GE(window()->last_inbound_at, now_);
  EXPECT_LE(window()->last_inbound_at, world_.clock.now());
}

TEST_F(ConversationWindows, OldOnesGo) {
  ASSERT_TRUE(world_.apply({inbound("in.1", now_)}));
  world_.clock.skip(24h * 7 - 1min);
  EXPECT_FALSE(drop_old());
  EXPECT_TRUE(window());
  world_.clock.skip(2min);
  EXPECT_FALSE(drop_old());
  EXPECT_FALSE(window());
}

}  // namespace
}  // namespace flowsell::messaging
