#include "messaging/read_receipts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using testing::SizeIs;
using testkit::code_of;

class ReadReceiptsTest : public testing::Test {
 protected:
  ReadReceiptsTest() {
    channel::InboundMessage update;
    update.address = world_.sender->address;
    update.provider_message_id = "in.1";
    update.from = kAna;
    update.kind = "text";
    update.at = world_.clock.now();
    EXPECT_TRUE(world_.apply({update}));
    const MessageQuery query{.workspace = world_.caller.workspace, .inbound = true};
    inbound_ = testkit::in_snapshot(*world_.db,
                                    [&](store::Connection& db) { return list_messages(db, query); })
                   .rows.at(0)
                   .id;
  }
  Result<bool> mark(const MessageId& id, bool typing = false, std::optional<std::string> key = {}) {
    std::optional<metering::IdempotentCall> call;
    if (key) call = world_.call(*key, "");
    return testkit::run(world_.pool,
                        world_.read_receipts.mark_read(world_.caller, id, typing, std::move(call)));
  }

  MessagingWorld world_;
  MessageId inbound_;
};

TEST_F(ReadReceiptsTest, ProviderIsToldWhichMessageWasRead) {
  ASSERT_TRUE(mark(inbound_));
  EXPECT_EQ(world_.provider.wait_for(1).at(0).body, R"({"read":"in.1","typing":false})");
}

TEST_F(ReadReceiptsTest, TypingIsPassedOn) {
  ASSERT_TRUE(mark(inbound_, true));
  EXPECT_EQ(world_.provider.wait_for(1).at(0).body, R"({"read":"in.1","typing":true})");
}

struct AnswerCase {
  const char* name;
  int status;
  const char* body;
  std::optional<ErrorCode> code;
};
class ReadReceiptAnswer : public ReadReceiptsTest,
                          public testing::WithParamInterface<AnswerCase> {};

TEST_P(ReadReceiptAnswer, IsReadAsTheTableSays) {
  world_.provider.then(GetParam().status, GetParam().body);
  EXPECT_EQ(code_of(mark(inbound_)), GetParam().code);
}

constexpr AnswerCase kAnswerCases[] = {
    {"Success", 200, R"({"success":true})", std::nullopt},
    {"SuccessWithoutBody", 204, "", std::nullopt},
    {"Refused", 400, R"({"error":{"code":100}})", ErrorCode::kProviderRejected},
    {"Unreadable", 500, "<html>", ErrorCode::kProviderUnreachable},
    {"NoAnswer", http::kCloseUnanswered, "", ErrorCode::kProviderTimeout},
};
INSTANTIATE_TEST_SUITE_P(Table, ReadReceiptAnswer, testing::ValuesIn(kAnswerCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(ReadReceiptsTest, MessageThatWasSentCantBeRead) {
  EXPECT_EQ(code_of(mark(world_.send_and_settle().id)), ErrorCode::kConflict);
}

TEST_F(ReadReceiptsTest, MessageThatIsNotThereIsNotFound) {
  EXPECT_EQ(code_of(mark(world_.ids.next<IdKind::kMessage>())), ErrorCode::kNotFound);
}

TEST_F(ReadReceiptsTest, MessageOfTheOtherModeIsNotFound) {
  world_.caller.mode = identity::Mode::kLive;
  EXPECT_EQ(code_of(mark(inbound_)), ErrorCode::kNotFound);
}

TEST_F(ReadReceiptsTest, SameCallReachesTheProviderOnce) {
  EXPECT_EQ(*mark(inbound_, false, "key-1"), false);
  EXPECT_EQ(*mark(inbound_, false, "key-1"), true);
  EXPECT_THAT(world_.provider.wait_for(1), SizeIs(1));
}

TEST_F(ReadReceiptsTest, RefusedCallFreesItsKey) {
  world_.provider.then(400, R"({"error":{"code":100}})");
  ASSERT_EQ(code_of(mark(inbound_, false, "key-1")), ErrorCode::kProviderRejected);
  EXPECT_EQ(*mark(inbound_, false, "key-1"), false);
}

TEST_F(ReadReceiptsTest, CallThatStillRunsIsInProgress) {
  world_.provider.hold();
  auto first = net::co_spawn(
      world_.pool.context(1),
      world_.read_receipts.mark_read(world_.caller, inbound_, false, world_.call("key-1", "")),
      net::use_future);
  world_.provider.wait_for(1);
  EXPECT_EQ(code_of(mark(inbound_, false, "key-1")), ErrorCode::kIdempotencyInProgress);
  world_.provider.release();
  EXPECT_TRUE(first.get());
}

}  // namespace
}  // namespace flowsell::messaging
