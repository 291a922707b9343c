#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connections_world.h"

namespace flowsell::connections {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// A number that one workspace has here, and that is shown to another by its provider.
class NumberLost : public testing::Test {
 protected:
  NumberLost() {
    world_.says_all_is_well();
    theirs_ = world_.connect().value();
    their_sender_ = world_.senders.find_by_address("fake", theirs_.mode, "n1");
    mine_ = *world_.workspaces.create("Mine");
    world_.caller.workspace = mine_;
  }
  /// What the provider says to who connects the account "acc2", up to its numbers.
  void says_it_is_mine() {
    world_.says_token_is_good(R"(,"accounts":["acc2"])");
    world_.says(R"({"name":"Mine"})");
    world_.says(kOfN1);
  }
  ConnectionRecord connect() {
    auto made = world_.connect();
    if (!made) throw std::runtime_error(made.error().detail);
    world_.asked();
    return *made;
  }
  SenderPtr holder() { return world_.senders.find_by_address("fake", theirs_.mode, "n1"); }
  std::vector<std::string> their_acts() {
    world_.caller.workspace = theirs_.workspace;
    auto acts = world_.acts();
    world_.caller.workspace = mine_;
    return acts;
  }
  void expect_kept(const ConnectionRecord& record) {
    ASSERT_TRUE(record.failed_step());
    EXPECT_EQ(record.failed_step()->code, "account_connected_elsewhere");
    EXPECT_EQ(holder()->id, their_sender_->id);
    EXPECT_FALSE(holder()->token.empty());
    EXPECT_THAT(their_acts(), Not(Contains("connection.number_lost")));
  }

  static constexpr const char* kOfN1 =
      R"({"numbers":[{"id":"n1","number":"+15550000001","registered":true}]})";
  ConnectionsWorld world_;
  ConnectionRecord theirs_;
  SenderPtr their_sender_;
  WorkspaceId mine_;
};

TEST_F(NumberLost, IsItsNewOwnersOnceItsFormerAccountDoesNotShowIt) {
  says_it_is_mine();
  world_.says(R"({"numbers":[{"id":"n2","number":"+15550000002","registered":true}]})");
  world_.says("{}");
  const auto record = connect();
  EXPECT_EQ(record.status, ConnectionStatus::kActive);
  EXPECT_EQ(holder()->connection, record.id);
  const auto former = world_.senders.find(their_sender_->id);
  EXPECT_TRUE(former->is_removed);
  EXPECT_TRUE(former->token.empty());
  EXPECT_EQ(their_acts().back(), "connection.number_lost");
  // Nor does a start, or a change of the former connection, give it back.
  Senders again(
      *world_.db, world_.workspaces, [this](std::string_view) { return &world_.adapter; },
      world_.ids, world_.clock);
  ASSERT_TRUE(again.load());
  EXPECT_EQ(again.find_by_address("fake", theirs_.mode, "n1")->connection, record.id);
  EXPECT_TRUE(again.find(their_sender_->id)->is_removed);
  testkit::run(world_.pool, world_.desk.change(theirs_, {.label = "Main"}, {}, {})).value();
  EXPECT_EQ(holder()->connection, record.id);
  EXPECT_TRUE(world_.senders.find(their_sender_->id)->is_removed);
}

TEST_F(NumberLost, StaysWithWhoeverIsStillShownIt) {
  says_it_is_mine();
  world_.says(kOfN1);
  expect_kept(connect());
}

TEST_F(NumberLost, StaysWhereTheProviderDoesNotSayWhoseItIs) {
  says_it_is_mine();
  world_.says("no", 500);
  expect_kept(connect());
}

TEST_F(NumberLost, StaysWhereTheProviderRefusesForAnotherReason) {
  says_it_is_mine();
  world_.refuses(4, "too many calls");
  expect_kept(connect());
}

TEST_F(NumberLost, StaysWhereOneRefusalIsNotBorneOut) {
  says_it_is_mine();
  world_.refuses(190, "expired", 463);
  world_.says_token_is_good();
  expect_kept(connect());
}

TEST_F(NumberLost, IsItsNewOwnersWhereTheFormerTokenIsDead) {
  says_it_is_mine();
  world_.refuses(190, "expired", 463);
  world_.says(R"({"valid":false,"app":"app"})");
  world_.says("{}");
  const auto record = connect();
  EXPECT_EQ(holder()->connection, record.id);
}

TEST_F(NumberLost, IsTakenBackWhenItIsShownToItsFormerAccountAgain) {
  says_it_is_mine();
  world_.says(R"({"numbers":[]})");
  world_.says("{}");
  const auto record = connect();
  ASSERT_EQ(holder()->connection, record.id);
  // It moved back, and mine is not shown it any more.
  world_.caller.workspace = theirs_.workspace;
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  world_.says(R"({"name":"Shop"})");
  world_.says(kOfN1);
  world_.says(R"({"numbers":[]})");
  world_.says("{}");
  ASSERT_TRUE(world_.connect());
  EXPECT_EQ(holder()->id, their_sender_->id);
  EXPECT_FALSE(holder()->is_removed);
  Senders again(
      *world_.db, world_.workspaces, [this](std::string_view) { return &world_.adapter; },
      world_.ids, world_.clock);
  ASSERT_TRUE(again.load());
  EXPECT_EQ(again.find_by_address("fake", theirs_.mode, "n1")->id, their_sender_->id);
}

TEST_F(NumberLost, NobodyIsAskedWhereNoOtherHasIt) {
  world_.says_token_is_good(R"(,"accounts":["acc2"])");
  world_.says(R"({"name":"Mine"})");
  world_.says(R"({"numbers":[{"id":"n2","number":"+15550000002","registered":true}]})");
  world_.says("{}");
  world_.asked();
  ASSERT_TRUE(world_.connect());
  EXPECT_THAT(world_.asked(), Not(Contains(HasSubstr("/acc/"))));
}

}  // namespace
}  // namespace flowsell::connections
