// Calls about senders: made once, put on record, and what of their outcome is kept. The channel's
// requests are WhatsApp's; the provider is an imposter.
#include "numbers/sender_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messaging_world.h"
#include "whatsapp/adapter.h"

namespace flowsell::numbers {
namespace {

using messaging::MessagingWorld;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;

const store::Sql kActs("SELECT act FROM audit_events ORDER BY scope, seq");
const store::Sql kAfters("SELECT after_state FROM audit_events ORDER BY scope, seq");

std::string number_json(const std::string& id, const std::string& digits,
                        const std::string& status = "CONNECTED") {
  return R"({"id":")" + id + R"(","display_phone_number":"+)" + digits +
         R"(","verified_name":"Shop","status":")" + status +
         R"(","quality_rating":"GREEN","throughput":{"level":"STANDARD"}})";
}

std::string list_json(const std::vector<std::string>& numbers, const std::string& next = "") {
  std::string text = R"({"data":[)";
  for (const auto& each : numbers) text += (text.back() == '[' ? "" : ",") + each;
  text += "]";
  if (!next.empty())
    text += R"(,"paging":{"cursors":{"after":")" + next + R"("},"next":"https://next"})";
  return text + "}";
}

class SenderDeskTest : public testing::Test {
 protected:
  SenderDeskTest() { world_.adapter.managed = whatsapp_->sender_calls(); }

  template <class T>
  Result<T> run(Task<T> task) {
    return testkit::run(world_.pool, std::move(task));
  }
  Result<SenderDesk::Synced> sync(std::optional<metering::IdempotentCall> key = {}) {
    return run(desk_.sync(world_.by(), connection_, std::move(key)));
  }
  Result<SenderDesk::Done> register_it(std::optional<metering::IdempotentCall> key = {}) {
    return run(
        desk_.register_sender(world_.by(), world_.sender, Secret("123456"), "", std::move(key)));
  }
  Task<> note(connections::SenderPtr sender) {
    claimed_.push_back(sender->address);
    if (sender->address == elsewhere_)
      co_return fail(ErrorCode::kAccountConnectedElsewhere, "another workspace's");
    co_return Result<>{};
  }
  std::string own_number() const {
    return number_json(world_.sender->address, world_.sender->display_number.substr(1));
  }

  std::unique_ptr<channel::Adapter> whatsapp_ = whatsapp::make_adapter();
  MessagingWorld world_;
  std::vector<std::string> claimed_;
  std::string elsewhere_;
  connections::ConnectionPtr connection_ =
      world_.senders.connections().find(world_.sender->connection);
  SenderDesk desk_{*world_.db,
                   world_.senders,
                   world_.states,
                   world_.provider_calls,
                   world_.leased_keys,
                   world_.ids,
                   world_.clock,
                   [this](connections::SenderPtr sender) { return note(std::move(sender)); }};
};

TEST_F(SenderDeskTest, SyncStoresWhatTheProviderSays) {
  world_.provider.then(200, list_json({own_number()}));
  const auto synced = sync();
  ASSERT_TRUE(synced);
  EXPECT_THAT(synced->added, IsEmpty());
  EXPECT_EQ(world_.states.find(world_.sender->id).state.quality, "green");
  EXPECT_THAT(testkit::texts(*world_.db, kActs), ElementsAre("connection.synced"));
}

TEST_F(SenderDeskTest, SyncReadsAllPages) {
  world_.provider.then(200, list_json({own_number()}, "cursor"));
  world_.provider.then(200, list_json({number_json("777", "15550783899")}));
  const auto synced = sync();
  ASSERT_TRUE(synced);
  EXPECT_THAT(synced->added, SizeIs(1));
  EXPECT_THAT(world_.provider.wait_for(2).at(1).target, HasSubstr("after=cursor"));
  EXPECT_THAT(claimed_, ElementsAre("777"));
  EXPECT_EQ(world_.senders.find(synced->added.front())->display_number, "+15550783899");
}

TEST_F(SenderDeskTest, NumberOfAnotherWorkspaceStaysItsOwn) {
  elsewhere_ = "777";
  world_.provider.then(200, list_json({own_number(), number_json("777", "15550783899")}));
  const auto synced = sync();
  ASSERT_TRUE(synced);
  EXPECT_THAT(synced->added, SizeIs(0));
  EXPECT_THAT(synced->taken, ElementsAre("+15550783899"));
  EXPECT_EQ(world_.senders.find_by_address("fake", identity::Mode::kTest, "777"), nullptr);
}

TEST_F(SenderDeskTest, NumberOfAnotherConnectionIsNotTaken) {
  const auto other = world_.add_sender("888", "+15550783888");
  world_.provider.then(200, list_json({own_number(), number_json("888", "15550783888")}));
  const auto synced = sync();
  ASSERT_TRUE(synced);
  EXPECT_THAT(synced->added, IsEmpty());
  EXPECT_THAT(synced->taken, ElementsAre("+15550783888"));
  EXPECT_EQ(world_.senders.find(other->id)->connection, other->connection);
}

TEST_F(SenderDeskTest, NumberThatIsGoneStaysMarked) {
  world_.provider.then(200, list_json({}));
  const auto synced = sync();
  ASSERT_TRUE(synced);
  EXPECT_THAT(synced->gone, ElementsAre(world_.sender->id));
  EXPECT_TRUE(world_.states.find(world_.sender->id).is_gone);
  EXPECT_NE(world_.senders.find(world_.sender->id), nullptr);
}

TEST_F(SenderDeskTest, AnswerThatIsNoneChangesNothing) {
  world_.provider.then(200, "<html>");
  EXPECT_EQ(code_of(sync()), ErrorCode::kProviderUnreachable);
  EXPECT_FALSE(world_.states.find(world_.sender->id).is_gone);
  EXPECT_THAT(testkit::texts(*world_.db, kActs), IsEmpty());
}

TEST_F(SenderDeskTest, ListWithoutAnEndIsGivenUp) {
  for (int i = 0; i < 25; ++i) world_.provider.then(200, list_json({own_number()}, "again"));
  EXPECT_EQ(code_of(sync()), ErrorCode::kProviderUnreachable);
}

TEST_F(SenderDeskTest, ChangeIsPutOnRecordAndItsStateReadAnew) {
  world_.provider.then(200, R"({"success":true})");
  world_.provider.then(200, own_number());
  ASSERT_TRUE(register_it());
  EXPECT_EQ(world_.states.find(world_.sender->id).state.status, "connected");
  EXPECT_THAT(testkit::texts(*world_.db, kActs), ElementsAre("sender.registered"));
}

TEST_F(SenderDeskTest, ChangeIsDoneThoughItsStateCanNotBeRead) {
  world_.provider.then(200, R"({"success":true})");
  world_.provider.then(500, "<html>");
  EXPECT_TRUE(register_it());
}

TEST_F(SenderDeskTest, RefusedChangeIsOnNoRecord) {
  world_.provider.then(400, R"({"error":{"code":133005}})");
  EXPECT_EQ(code_of(register_it()), ErrorCode::kProviderRejected);
  EXPECT_THAT(testkit::texts(*world_.db, kActs), IsEmpty());
}

TEST_F(SenderDeskTest, ChangeThatMayHaveBeenMadeIsOnRecordAsThat) {
  world_.provider.then(http::kCloseUnanswered);
  EXPECT_EQ(code_of(register_it()), ErrorCode::kProviderTimeout);
  EXPECT_THAT(testkit::texts(*world_.db, kActs), ElementsAre("sender.registered"));
  EXPECT_THAT(testkit::texts(*world_.db, kAfters), ElementsAre(HasSubstr("unknown")));
}

TEST_F(SenderDeskTest, SameKeyAsksTheProviderOnce) {
  world_.provider.then(200, R"({"success":true})");
  world_.provider.then(200, own_number());
  const auto first = register_it(world_.call("k", "body"));
  const auto second = register_it(world_.call("k", "body"));
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->is_replay);
  EXPECT_TRUE(second->is_replay);
  EXPECT_EQ(world_.provider.seen_count(), 2U);
}

TEST_F(SenderDeskTest, KeyOfARefusedCallIsFreeAgain) {
  world_.provider.then(400, R"({"error":{"code":133005}})");
  EXPECT_FALSE(register_it(world_.call("k", "body")));
  world_.provider.then(200, R"({"success":true})");
  world_.provider.then(200, own_number());
  EXPECT_TRUE(register_it(world_.call("k", "body")));
}

TEST_F(SenderDeskTest, ChannelThatCanNotBeManagedSaysSo) {
  world_.adapter.managed = nullptr;
  EXPECT_EQ(code_of(register_it()), ErrorCode::kConflict);
  EXPECT_EQ(world_.provider.seen_count(), 0U);
}

}  // namespace
}  // namespace flowsell::numbers
