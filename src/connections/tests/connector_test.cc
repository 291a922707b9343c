#include "connections/connector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "audit/audit_log.h"
#include "connections_world.h"

namespace flowsell::connections {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testkit::code_of;

std::string field_code(const auto& refused) {
  return refused || refused.error().fields.empty() ? "" : refused.error().fields.front().code;
}

class ConnectorTest : public testing::Test {
 protected:
  /// Connected, all steps done.
  ConnectionRecord connected() {
    world_.says_all_is_well();
    auto record = world_.connect();
    EXPECT_TRUE(record) << record.error().detail;
    world_.asked();
    return record.value_or(ConnectionRecord{});
  }
  StepState state(const ConnectionRecord& record, ServerStep step) {
    const StepRow* const row = record.step(step_name(step));
    return row == nullptr ? StepState::kPending : row->state;
  }
  ConnectionsWorld world_;
};

TEST_F(ConnectorTest, StepsAreTakenInMetasOrder) {
  world_.says_all_is_well();
  const auto record = world_.connect();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->status, ConnectionStatus::kActive);
  EXPECT_THAT(world_.asked(),
              ElementsAre("/inspect", "/acc", "/acc/numbers?after=", "/acc/subscribe"));
}

TEST_F(ConnectorTest, WhatTheProviderTellsIsStored) {
  const ConnectionRecord record = world_.now_is(connected());
  EXPECT_EQ(record.business_name, "Shop");
  EXPECT_EQ(record.currency, "INR");
  EXPECT_EQ(record.owner_business_id, "biz");
  EXPECT_EQ(record.token_user, "u1");
  EXPECT_EQ(record.via, ConnectedVia::kEmbeddedSignup);
}

TEST_F(ConnectorTest, NumbersBecomeSenders) {
  const ConnectionRecord record = connected();
  const auto sender = world_.senders.find_by_address("fake", world_.caller.mode, "n1");
  ASSERT_TRUE(sender);
  EXPECT_EQ(sender->connection, record.id);
  EXPECT_EQ(sender->display_number, "+15550000001");
  EXPECT_EQ(sender->token.reveal(), "the-token");
}

TEST_F(ConnectorTest, TokenIsSealedAndFoundAgainAfterARestart) {
  const ConnectionRecord record = connected();
  EXPECT_THAT(world_.now_is(record).sealed_token, Not(HasSubstr("the-token")));
  Senders again(
      *world_.db, world_.workspaces, [this](std::string_view) { return &world_.adapter; },
      world_.ids, world_.clock);
  ASSERT_TRUE(again.load());
  EXPECT_EQ(again.connections().find(record.id)->token.reveal(), "the-token");
  EXPECT_TRUE(again.find_by_address("fake", world_.caller.mode, "n1"));
}

TEST_F(ConnectorTest, NamesAreClaimedForWebhooks) {
  connected();
  EXPECT_THAT(world_.claimed, Contains(Field(&ProviderNames::account, "acc")));
  EXPECT_THAT(world_.claimed, Contains(Field(&ProviderNames::addresses, ElementsAre("n1"))));
}

TEST_F(ConnectorTest, WorkspaceIsToldAndItStandsOnRecord) {
  connected();
  EXPECT_THAT(world_.told(), Contains("pending"));
  EXPECT_EQ(world_.told().back(), "active");
  EXPECT_EQ(world_.acts().front(), "connection.created");
}

struct BadToken {
  const char* name;
  const char* answer;
  const char* code;
};
class BadTokens : public testing::TestWithParam<BadToken> {};
TEST_P(BadTokens, IsRefusedAndNothingIsStored) {
  ConnectionsWorld world;
  world.says(GetParam().answer);
  const auto record = world.connect();
  EXPECT_EQ(code_of(record), ErrorCode::kInvalidRequest);
  EXPECT_EQ(field_code(record), GetParam().code);
  EXPECT_THAT(record.error().fields.front().fix, Not(IsEmpty()));
  EXPECT_THAT(world.senders.connections().all(), IsEmpty());
  EXPECT_THAT(world.acts(), IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadTokens,
    testing::Values(BadToken{"Expired", R"({"valid":false})", "token_expired"},
                    BadToken{"OfAnotherApp", R"({"valid":true,"app":"other","accounts":["acc"]})",
                             "token_of_another_app"},
                    BadToken{"WithoutPermission", R"({"valid":true,"app":"app","may_little":true})",
                             "permission_missing"},
                    BadToken{"OfNoAccount", R"({"valid":true,"app":"app"})", "account_not_shared"},
                    BadToken{"OfSeveral", R"({"valid":true,"app":"app","accounts":["a","b"]})",
                             "account_ambiguous"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(ConnectorTest, AccountThatTheBrowserNamesCountsWhereTheTokenNamesNone) {
  world_.says_token_is_good();
  world_.says(R"({"id":"named"})");
  world_.says(R"({"name":"Shop"})");
  world_.says(R"({"numbers":[{"id":"n1","number":"+15550000001","registered":true}]})");
  world_.says("{}");
  ConnectOrder order = world_.order();
  order.account = "named";
  const auto record = world_.connect(order);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->account, "named");
}

TEST_F(ConnectorTest, AccountThatTheTokenDoesNotReachIsNotTaken) {
  ConnectOrder order = world_.order();
  order.account = "somebody_elses";
  world_.says_token_is_good();
  world_.refuses(100, "invalid_parameter", 33);
  EXPECT_EQ(code_of(world_.connect(order)), ErrorCode::kProviderRejected);
  world_.says_token_is_good();
  world_.says(R"({"id":"another"})");
  EXPECT_EQ(field_code(world_.connect(order)), "account_not_shared");
  EXPECT_THAT(world_.senders.connections().all(), IsEmpty());
  EXPECT_THAT(world_.acts(), IsEmpty());
}

TEST_F(ConnectorTest, PortfoliosIdInsteadOfTheAccountsDoesNoHarm) {
  world_.says_all_is_well();
  ConnectOrder order = world_.order();
  order.account = "biz";
  EXPECT_EQ(world_.connect(order)->account, "acc");
}

TEST_F(ConnectorTest, NothingIsTakenWhileTheProviderIsAway) {
  ConnectOrder order = world_.order();
  order.account = "acc";
  world_.says("busy", 503);
  EXPECT_EQ(code_of(world_.connect(order)), ErrorCode::kProviderUnreachable);
  EXPECT_THAT(world_.senders.connections().all(), IsEmpty());
  world_.says_all_is_well();
  const auto record = world_.connect(order);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->status, ConnectionStatus::kActive);
}

TEST_F(ConnectorTest, StepThatFailsIsGoneOnWithWhereItStopped) {
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  world_.says(R"({"name":"Shop"})");
  world_.says(R"({"numbers":[{"id":"n1","number":"+15550000001","registered":true}]})");
  world_.refuses(200, "permission_missing");
  const auto record = world_.connect();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->status, ConnectionStatus::kPending);
  const StepRow* const failed = record->failed_step();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->name, "subscription");
  EXPECT_EQ(failed->code, "permission_missing");
  EXPECT_EQ(failed->provider_code, 200);
  EXPECT_THAT(failed->fix, HasSubstr("Sign up again"));
  world_.asked();

  world_.says_token_is_good();
  world_.says(R"({"name":"Shop"})");
  world_.says("{}");
  world_.says(R"({"numbers":[{"id":"n1","number":"+15550000001","registered":true}]})");
  const auto resumed = world_.resume(*record);
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->status, ConnectionStatus::kActive);
  EXPECT_THAT(world_.asked(),
              ElementsAre("/inspect", "/acc", "/acc/subscribe", "/acc/numbers?after="));
}

TEST_F(ConnectorTest, ProvidersOwnWordsAreNotStored) {
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  world_.refuses(10, "permission_denied");
  const auto record = world_.connect();
  ASSERT_TRUE(record);
  EXPECT_THAT(render(world_.now_is(*record), world_.clock.now(), ConnectionView::kOperators),
              Not(HasSubstr("provider's own words")));
}

TEST_F(ConnectorTest, NumberThatIsNotRegisteredWantsAPin) {
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  world_.says(R"({"name":"Shop"})");
  world_.says(R"({"numbers":[{"id":"n1","number":"+15550000001"}]})");
  world_.says("{}");
  const auto record = world_.connect();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->failed_step()->code, "pin_required");
  EXPECT_EQ(record->failed_step()->about, "+15550000001");
  world_.asked();

  world_.says_token_is_good();
  world_.says(R"({"name":"Shop"})");
  world_.says(R"({"numbers":[{"id":"n1","number":"+15550000001"}]})");
  world_.says("{}");
  const auto resumed = world_.resume(*record, "123456");
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->status, ConnectionStatus::kActive);
  EXPECT_THAT(world_.asked(), Contains("/n1/register"));
  EXPECT_EQ(world_.provider.wait_for(1).back().body, "123456");
}

TEST_F(ConnectorTest, WrongPinIsSaidInWordsForItsOwner) {
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  world_.says(R"({"name":"Shop"})");
  world_.says(R"({"numbers":[{"id":"n1","number":"+15550000001"}]})");
  world_.says("{}");
  world_.refuses(133005, "pin_mismatch");
  ConnectOrder order = world_.order();
  order.pin = Secret("000000");
  const auto record = world_.connect(order);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->failed_step()->code, "pin_mismatch");
  EXPECT_THAT(record->failed_step()->fix, HasSubstr("two-step verification"));
}

TEST_F(ConnectorTest, OnlyTheNumberThatWasChosenIsRegistered) {
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  world_.says(R"({"name":"Shop"})");
  world_.says(
      R"({"numbers":[{"id":"n1","number":"+15550000001"},{"id":"n2","number":"+15550000002"}]})");
  world_.says("{}");
  world_.says("{}");
  ConnectOrder order = world_.order();
  order.address = "n2";
  order.pin = Secret("123456");
  const auto record = world_.connect(order);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->status, ConnectionStatus::kActive);
  EXPECT_THAT(world_.asked(), AllOf(Contains("/n2/register"), Not(Contains("/n1/register"))));
}

TEST_F(ConnectorTest, NumberOnTheOwnersAppIsNotRegisteredAndItsHistoryIsAskedForOnce) {
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  world_.says(R"({"name":"Shop"})");
  world_.says(R"({"numbers":[{"id":"n1","number":"+15550000001","on_app":true}]})");
  world_.says("{}");
  world_.says("{}");
  const auto record = world_.connect();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->status, ConnectionStatus::kActive);
  EXPECT_TRUE(record->is_on_app);
  EXPECT_EQ(state(*record, ServerStep::kRegistration), StepState::kSkipped);
  EXPECT_THAT(world_.asked(), AllOf(Contains("/n1/history"), Not(Contains("/n1/register"))));

  world_.says_token_is_good();
  world_.says(R"({"name":"Shop"})");
  ASSERT_TRUE(world_.resume(*record));
  EXPECT_THAT(world_.asked(), ElementsAre("/inspect", "/acc"));
}

TEST_F(ConnectorTest, AccountWithoutANumberSaysSo) {
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  world_.says(R"({"name":"Shop"})");
  world_.says(R"({"numbers":[]})");
  world_.says("{}");
  const auto record = world_.connect();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->failed_step()->code, "number_missing");
  EXPECT_EQ(state(*record, ServerStep::kSubscription), StepState::kDone);
}

TEST_F(ConnectorTest, NumbersOfAllPagesAreFound) {
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  world_.says(R"({"name":"Shop"})");
  world_.says(R"({"numbers":[{"id":"n1","number":"+15550000001","registered":true}],"next":"p2"})");
  world_.says(R"({"numbers":[{"id":"n2","number":"+15550000002","registered":true}]})");
  world_.says("{}");
  ASSERT_TRUE(world_.connect());
  EXPECT_THAT(world_.senders.list(world_.caller.workspace, world_.caller.mode), SizeIs(2));
}

TEST_F(ConnectorTest, LiveConnectionHasTheCallbackThatIsSetAfterItsSubscription) {
  world_.caller.mode = identity::Mode::kLive;
  world_.says_all_is_well();
  world_.says("{}");
  const auto record = world_.connect();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->status, ConnectionStatus::kActive);
  EXPECT_THAT(
      world_.asked(),
      ElementsAre("/inspect", "/acc", "/acc/numbers?after=", "/acc/subscribe", "/acc/callback"));
}

TEST_F(ConnectorTest, LiveConnectionWantsTheProvidersPoliciesAccepted) {
  ConnectionsWorld world("2026-01");
  world.caller.mode = identity::Mode::kLive;
  EXPECT_EQ(code_of(world.connect()), ErrorCode::kTermsNotAccepted);
  EXPECT_EQ(world.provider.seen_count(), 0U);
}

TEST_F(ConnectorTest, AnotherWorkspacesAccountIsAConflict) {
  connected();
  const WorkspaceId mine = world_.caller.workspace;
  world_.caller.workspace = *world_.workspaces.create("Other");
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  EXPECT_EQ(code_of(world_.connect()), ErrorCode::kAccountConnectedElsewhere);
  EXPECT_THAT(world_.senders.list(mine, world_.caller.mode), SizeIs(1));
  EXPECT_THAT(world_.senders.list(world_.caller.workspace, world_.caller.mode), IsEmpty());
}

TEST_F(ConnectorTest, SameAccountInTheOtherModeIsNone) {
  connected();
  world_.caller.mode = identity::Mode::kLive;
  world_.says_all_is_well();
  world_.says("{}");
  EXPECT_TRUE(world_.connect());
}

TEST_F(ConnectorTest, AccountOfAnotherCellIsAConflict) {
  world_.is_elsewhere = true;
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  EXPECT_EQ(code_of(world_.connect()), ErrorCode::kAccountConnectedElsewhere);
  EXPECT_THAT(world_.senders.connections().all(), IsEmpty());
}

TEST_F(ConnectorTest, NumberThatAnotherAccountHasIsAFailedStep) {
  connected();
  world_.caller.workspace = *world_.workspaces.create("Other");
  world_.says_token_is_good(R"(,"accounts":["acc2"])");
  world_.says(R"({"name":"Shop"})");
  world_.says(R"({"numbers":[{"id":"n1","number":"+15550000001","registered":true}]})");
  const auto record = world_.connect();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->failed_step()->name, "numbers");
  EXPECT_EQ(record->failed_step()->code, "account_connected_elsewhere");
  EXPECT_THAT(world_.senders.list(world_.caller.workspace, world_.caller.mode), IsEmpty());
}

TEST_F(ConnectorTest, ConnectingAgainKeepsTheIdsAndTakesTheNewToken) {
  const ConnectionRecord first = connected();
  const SenderId sender = world_.senders.find_by_address("fake", world_.caller.mode, "n1")->id;
  world_.says_all_is_well();
  ConnectOrder order = world_.order();
  order.token = Secret("newer-token");
  const auto second = world_.connect(order);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, first.id);
  const auto now = world_.senders.find_by_address("fake", world_.caller.mode, "n1");
  EXPECT_EQ(now->id, sender);
  EXPECT_EQ(now->token.reveal(), "newer-token");
  EXPECT_THAT(world_.acts(), Contains("connection.reconnected"));
}

TEST_F(ConnectorTest, ResumingWhatIsWellIsHarmless) {
  const ConnectionRecord record = connected();
  const auto told = world_.told().size();
  world_.says_token_is_good();
  world_.says(R"({"name":"Shop","currency":"INR","owner":"biz"})");
  const auto resumed = world_.resume(record);
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->status, ConnectionStatus::kActive);
  EXPECT_EQ(world_.told().size(), told);
}

TEST_F(ConnectorTest, AnotherWorkspacesConnectionIsNotResumed) {
  ConnectionRecord record = connected();
  record.workspace = *world_.workspaces.create("Other");
  EXPECT_EQ(code_of(world_.resume(record)), ErrorCode::kNotFound);
}

TEST_F(ConnectorTest, ChannelWithoutAccountsIsRefused) {
  ConnectOrder order = world_.order();
  order.channel = "smoke";
  EXPECT_EQ(code_of(world_.connect(order)), ErrorCode::kInvalidRequest);
}

TEST(Connector, ResumeIsOnRecordAlsoWhereAllIsDone) {
  ConnectionsWorld world;
  world.says_all_is_well();
  const auto record = world.connect().value();
  world.says_token_is_good(R"(,"accounts":["acc"])");
  world.says(R"({"name":"Shop","currency":"INR","owner":"biz"})");
  ASSERT_TRUE(world.resume(record));
  EXPECT_EQ(world.acts().back(), "connection.resumed");
}

TEST(Connector, SlowProviderEndsAWayAndTheNextCallGoesOn) {
  ConnectionsWorld world;
  world.says_all_is_well();
  world.provider.hold();
  std::optional<Result<ConnectionRecord>> made;
  std::thread caller([&] { made = world.connect(); });
  world.provider.wait_for(1);
  world.clock.skip(Connector::kRunMax);
  world.provider.release();
  caller.join();
  ASSERT_TRUE(made && *made);
  // The token was looked at before; what came next did not begin any more.
  ASSERT_TRUE((*made)->failed_step());
  EXPECT_EQ((*made)->failed_step()->code, "provider_timeout");
  EXPECT_EQ(world.asked(), std::vector<std::string>{"/inspect"});
}

}  // namespace
}  // namespace flowsell::connections
