#include "connections/senders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connections_world.h"

namespace flowsell::connections {
namespace {

using testing::SizeIs;
using testkit::code_of;

class SendersTest : public testing::Test {
 protected:
  Result<SenderPtr> find(std::string_view from) { return world_.senders.find(world_.caller, from); }
  ConnectionsWorld world_;
};

TEST_F(SendersTest, OnlySenderNeedsNoName) {
  const auto only = world_.add_sender("111", "+15550783881");
  EXPECT_EQ(*find(""), only);
}

TEST_F(SendersTest, NoneIsRefusedAtTheField) {
  const auto found = find("");
  ASSERT_EQ(code_of(found), ErrorCode::kInvalidRequest);
  EXPECT_EQ(found.error().fields.at(0).pointer, "/from");
}

TEST_F(SendersTest, OneOfSeveralMustBeNamed) {
  world_.add_sender("111", "+15550783881");
  world_.add_sender("222", "+15550783882");
  EXPECT_EQ(code_of(find("")), ErrorCode::kInvalidRequest);
}

TEST_F(SendersTest, DefaultOfSeveralNeedsNoName) {
  world_.add_sender("111", "+15550783881");
  const auto second = world_.add_sender("222", "+15550783882");
  identity::StoredWorkspace stored;
  stored.revision = 1;
  stored.settings.test_sender = second->id;
  world_.workspaces.settings().put(world_.caller.workspace, stored);
  EXPECT_EQ(*find(""), second);
  const std::vector<SenderId> others = {world_.ids.next<IdKind::kSender>()};
  world_.caller.senders = &others;
  EXPECT_EQ(code_of(find("")), ErrorCode::kSenderNotAllowed);
}

TEST_F(SendersTest, DefaultOfTheOtherModeDoesNotCount) {
  world_.add_sender("111", "+15550783881");
  const auto second = world_.add_sender("222", "+15550783882");
  identity::StoredWorkspace stored;
  stored.revision = 1;
  stored.settings.live_sender = second->id;
  world_.workspaces.settings().put(world_.caller.workspace, stored);
  EXPECT_EQ(code_of(find("")), ErrorCode::kInvalidRequest);
}

TEST_F(SendersTest, IsFoundByIdOrNumber) {
  world_.add_sender("111", "+15550783881");
  const auto second = world_.add_sender("222", "+15550783882");
  EXPECT_EQ(*find(second->id.str()), second);
  EXPECT_EQ(*find("+15550783882"), second);
}

TEST_F(SendersTest, AnotherWorkspacesIsNotToldApartFromNone) {
  const auto mine = world_.add_sender("111", "+15550783881");
  const auto id = mine->id.str();
  world_.caller.workspace = *world_.workspaces.create("Stranger");
  const auto theirs = find(id);
  const auto none = find(world_.ids.next<IdKind::kSender>().str());
  ASSERT_EQ(code_of(theirs), ErrorCode::kInvalidRequest);
  EXPECT_EQ(theirs.error().fields, none.error().fields);
}

TEST_F(SendersTest, OfTheOtherModeIsNotFound) {
  const auto mine = world_.add_sender("111", "+15550783881");
  world_.caller.mode = identity::Mode::kLive;
  EXPECT_EQ(code_of(find(mine->id.str())), ErrorCode::kInvalidRequest);
}

TEST_F(SendersTest, IsFoundByItsAddressInItsChannelAndMode) {
  const auto mine = world_.add_sender("111", "+15550783881");
  const auto by_address = [this](std::string_view channel, identity::Mode mode,
                                 std::string_view address) {
    return world_.senders.find_by_address(channel, mode, address);
  };
  EXPECT_EQ(by_address("fake", identity::Mode::kTest, "111"), mine);
  EXPECT_EQ(by_address("fake", identity::Mode::kTest, "112"), nullptr);
  EXPECT_EQ(by_address("fake", identity::Mode::kLive, "111"), nullptr);
  EXPECT_EQ(by_address("other", identity::Mode::kTest, "111"), nullptr);
}

TEST_F(SendersTest, SecondSenderOfAnAddressIsRefused) {
  world_.add_sender("111", "+15550783881");
  Senders::Draft draft;
  draft.workspace = world_.caller.workspace;
  draft.channel = "fake";
  draft.address = "111";
  EXPECT_EQ(code_of(world_.senders.create(std::move(draft))),
            ErrorCode::kAccountConnectedElsewhere);
}

TEST_F(SendersTest, OfAnUnknownChannelIsRefused) {
  Senders::Draft draft;
  draft.workspace = world_.caller.workspace;
  draft.channel = "pigeon";
  EXPECT_EQ(code_of(world_.senders.create(std::move(draft))), ErrorCode::kInvalidRequest);
}

TEST_F(SendersTest, IsTheSameAfterARestart) {
  const auto before = world_.add_sender("111", "+15550783881");
  Senders restarted(
      *world_.db, world_.workspaces, [this](std::string_view) { return &world_.adapter; },
      world_.ids, world_.clock);
  ASSERT_TRUE(restarted.load());
  const auto after = restarted.find(before->id);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->token.reveal(), before->token.reveal());
  EXPECT_EQ(after->display_number, before->display_number);
  EXPECT_THAT(restarted.list(world_.caller.workspace, world_.caller.mode), SizeIs(1));
}

TEST_F(SendersTest, OfAChannelThatTheProgramLacksKeepsItFromStarting) {
  world_.add_sender("111", "+15550783881");
  Senders restarted(
      *world_.db, world_.workspaces,
      [](std::string_view) -> const channel::Adapter* { return nullptr; }, world_.ids,
      world_.clock);
  EXPECT_EQ(code_of(restarted.load()), ErrorCode::kInternal);
}

}  // namespace
}  // namespace flowsell::connections
