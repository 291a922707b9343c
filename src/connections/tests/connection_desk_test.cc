#include "connections/connection_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

class DeskTest : public testing::Test {
 protected:
  DeskTest() {
    world_.says_all_is_well();
    record_ = world_.connect().value();
    world_.asked();
  }
  ConnectionRecord change(ConnectionDesk::Edit edit) {
    return testkit::run(world_.pool, world_.desk.change(record_, std::move(edit), by_, {}))
        .value()
        .record;
  }
  Result<> disconnect() {
    return testkit::run(world_.pool, world_.desk.disconnect(world_.now_is(record_), by_));
  }
  bool part() { return testkit::run(world_.pool, world_.desk.part(record_.workspace)).value(); }
  std::string shown(ConnectionView view) {
    return render(world_.now_is(record_), world_.clock.now(), view);
  }

  ConnectionsWorld world_;
  ConnectionRecord record_;
  Acting by_{{audit::ActorKind::kOperator, "usr_op"}, {}, "a reason"};
};

TEST_F(DeskTest, LabelIsChangedToldAndPutOnRecord) {
  const auto told = world_.told().size();
  EXPECT_EQ(change({.label = "Main"}).label, "Main");
  EXPECT_THAT(shown(ConnectionView::kMembers), HasSubstr(R"("name":"Main")"));
  EXPECT_EQ(world_.told().size(), told + 1);
  EXPECT_EQ(world_.acts().back(), "connection.changed");
}

TEST_F(DeskTest, SameAgainIsNoNews) {
  change({.label = "Main"});
  const auto told = world_.told().size();
  const auto acts = world_.acts().size();
  change({.label = "Main"});
  EXPECT_EQ(world_.told().size(), told);
  EXPECT_EQ(world_.acts().size(), acts);
}

TEST_F(DeskTest, NotesAreForOperatorsOnlyAndNotTold) {
  const auto told = world_.told().size();
  change({.admin_notes = "calls on Mondays"});
  EXPECT_THAT(shown(ConnectionView::kOperators), HasSubstr("calls on Mondays"));
  EXPECT_THAT(shown(ConnectionView::kMembers), Not(HasSubstr("Mondays")));
  EXPECT_EQ(world_.told().size(), told);
  EXPECT_EQ(world_.acts().back(), "connection.changed");
}

TEST_F(DeskTest, WhoPaysIsEffectiveFromADate) {
  EXPECT_THAT(shown(ConnectionView::kMembers), HasSubstr(R"("funding_mode":"customer_direct")"));
  const Time tomorrow = world_.clock.now() + std::chrono::hours(24);
  change({.funding = FundingMode::kWallet, .funding_from = tomorrow});
  EXPECT_THAT(shown(ConnectionView::kMembers), HasSubstr(R"("funding_mode":"customer_direct")"));
  change({.funding = FundingMode::kCreditLine});
  EXPECT_THAT(shown(ConnectionView::kMembers), HasSubstr(R"("funding_mode":"credit_line")"));
  const auto record = world_.now_is(record_);
  EXPECT_THAT(record.funding, SizeIs(2));
  EXPECT_EQ(record.funding_at(tomorrow), FundingMode::kWallet);
  EXPECT_EQ(record.funding.front().set_by, "usr_op");
}

TEST_F(DeskTest, AssistedStepNamesWhoMarkedItAndWhen) {
  const Time before = world_.clock.now();
  change({.steps = {{"business_verification", StepState::kDone, "papers seen"}}});
  const auto record = world_.now_is(record_);
  const StepRow* const step = record.step("business_verification");
  ASSERT_TRUE(step);
  EXPECT_EQ(step->by, "usr_op");
  EXPECT_GE(step->at, from_unix_ms(to_unix_ms(before)));
  EXPECT_EQ(step->note, "papers seen");
  EXPECT_THAT(shown(ConnectionView::kMembers), HasSubstr("business_verification"));
  EXPECT_THAT(shown(ConnectionView::kMembers), Not(HasSubstr("papers")));
  EXPECT_THAT(shown(ConnectionView::kMembers), Not(HasSubstr("usr_op")));
}

TEST_F(DeskTest, ReplayOfAKeyChangesNothing) {
  const auto call = world_.idempotency.begin(record_.workspace, record_.mode, "PATCH", "/x", "key",
                                             "body", world_.clock.now());
  const auto once = [&] {
    return testkit::run(world_.pool, world_.desk.change(record_, {.label = "Main"}, by_, call));
  };
  EXPECT_FALSE(once()->is_replay);
  change({.label = "Other"});
  const auto again = once();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->is_replay);
  EXPECT_EQ(world_.now_is(record_).label, "Other");
}

TEST_F(DeskTest, ListHasEachWithItsStepsAndWhoPays) {
  change({.funding = FundingMode::kWallet, .steps = {{"other", StepState::kDone, "a note"}}});
  world_.says_token_is_good(R"(,"accounts":["acc2"])");
  world_.says(R"({"name":"Second"})");
  world_.says(R"({"numbers":[{"id":"n2","number":"+15550000002","registered":true}]})");
  world_.says("{}");
  const auto second = world_.connect().value();
  world_.caller.mode = identity::Mode::kLive;
  world_.says_all_is_well();
  world_.says("{}");
  const auto live = world_.connect().value();
  const auto list = [this](identity::Mode mode) {
    return testkit::run(world_.pool, world_.desk.list(record_.workspace, mode)).value();
  };
  EXPECT_EQ(list(record_.mode), (std::vector{world_.now_is(second), world_.now_is(record_)}));
  EXPECT_EQ(list(identity::Mode::kLive), std::vector{world_.now_is(live)});
}

TEST_F(DeskTest, ConnectionOfTheOtherModeIsNotFound) {
  EXPECT_EQ(code_of(testkit::run(world_.pool, world_.desk.find(record_.workspace,
                                                               identity::Mode::kLive, record_.id))),
            ErrorCode::kNotFound);
}

TEST_F(DeskTest, DisconnectingTellsTheProviderAndDestroysTheToken) {
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  EXPECT_THAT(world_.asked(), ElementsAre("/acc/unsubscribe"));
  const auto record = world_.now_is(record_);
  EXPECT_EQ(record.status, ConnectionStatus::kDisconnected);
  EXPECT_THAT(record.sealed_token, IsEmpty());
  EXPECT_THAT(record.token_user, IsEmpty());
  EXPECT_EQ(world_.told().back(), "disconnected");
  EXPECT_EQ(world_.acts().back(), "connection.disconnected");
  EXPECT_THAT(world_.withdrawn, Contains(Field(&ProviderNames::addresses, ElementsAre("n1"))));
}

TEST_F(DeskTest, DisconnectingLetsOtherRoomsFollowInItsTransactionAndAfterIt) {
  std::vector<std::string> followed;
  world_.desk.set_on_let_go(
      {[&](store::Connection& db, const WorkspaceId& workspace,
           const ConnectionId& id) -> Result<> {
         TRY(const auto record, find_connection(db, workspace, id));
         followed.push_back(record && record->disconnected_at ? "too late" : "in transaction");
         return {};
       },
       [&](const ConnectionId& id) {
         followed.push_back(world_.senders.connections().find(id) ? "too early" : "afterwards");
       }});
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  EXPECT_THAT(followed, ElementsAre("in transaction", "afterwards"));
}

TEST_F(DeskTest, SenderOfADisconnectedConnectionIsFoundByItsIdAlone) {
  const auto sender = world_.senders.find_by_address("fake", record_.mode, "n1");
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  EXPECT_FALSE(world_.senders.connections().find(record_.id));
  EXPECT_FALSE(world_.senders.find_by_address("fake", record_.mode, "n1"));
  EXPECT_FALSE(world_.senders.find_by_account("fake", record_.mode, "acc"));
  EXPECT_THAT(world_.senders.list(record_.workspace, record_.mode), IsEmpty());
  const auto still = world_.senders.find(sender->id);
  ASSERT_TRUE(still);
  EXPECT_TRUE(still->is_removed);
  EXPECT_TRUE(still->token.empty());
}

TEST_F(DeskTest, SenderThatIsAddedAfterwardsHasNoToken) {
  Sender late = *world_.senders.find_by_address("fake", record_.mode, "n1");
  late.id = world_.ids.next<IdKind::kSender>();
  late.address = "n2";
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  world_.senders.add(late);
  EXPECT_FALSE(world_.senders.find_by_address("fake", record_.mode, "n2"));
  EXPECT_TRUE(world_.senders.find(late.id)->token.empty());
}

TEST_F(DeskTest, ProviderThatRefusesDoesNotKeepItConnected) {
  world_.says("no", 500);
  ASSERT_TRUE(disconnect());
  EXPECT_EQ(world_.now_is(record_).status, ConnectionStatus::kDisconnected);
}

TEST_F(DeskTest, DisconnectedTwiceIsDisconnectedOnce) {
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  const auto acts = world_.acts().size();
  ASSERT_TRUE(disconnect());
  EXPECT_EQ(world_.acts().size(), acts);
}

// --- a workspace that is deleted ---

TEST_F(DeskTest, WorkspaceThatEndsLetsGoOfItsAccountsAtTheProvider) {
  world_.says("{}");
  EXPECT_EQ(part(), true);
  EXPECT_THAT(world_.asked(), ElementsAre("/acc/unsubscribe"));
  EXPECT_EQ(world_.now_is(record_).status, ConnectionStatus::kDisconnected);
  EXPECT_THAT(world_.newest_act(),
              AllOf(HasSubstr("connection.disconnected"), HasSubstr(R"("provider_told":"yes")")));
  EXPECT_THAT(world_.withdrawn, Contains(Field(&ProviderNames::account, "acc")));
}

TEST_F(DeskTest, ProviderThatIsAwayIsToldAgainBeforeAWorkspaceEnds) {
  world_.says("no", 500);
  EXPECT_EQ(part(), false);
  EXPECT_EQ(world_.now_is(record_).status, ConnectionStatus::kActive);
  world_.asked();
  EXPECT_EQ(part(), false);
  EXPECT_THAT(world_.asked(), IsEmpty()) << "not before its time";
  world_.clock.skip(std::chrono::minutes(1));
  world_.says("{}");
  EXPECT_EQ(part(), true);
  EXPECT_THAT(world_.newest_act(), HasSubstr(R"("provider_told":"yes")"));
}

TEST_F(DeskTest, WorkspaceEndsAlsoWhereItsProviderNeverAnswers) {
  int tries = 1;
  world_.says("no", 500);
  while (!part() && tries < 20) {
    world_.clock.skip(std::chrono::hours(2));
    world_.says("no", 500);
    ++tries;
  }
  EXPECT_EQ(tries, 8);
  EXPECT_EQ(world_.now_is(record_).status, ConnectionStatus::kDisconnected);
  EXPECT_THAT(world_.newest_act(), HasSubstr(R"("provider_told":"no")"));
}

TEST_F(DeskTest, DeadTokenKeepsNoWorkspaceFromItsEnd) {
  world_.refuses(190, "expired", 463);
  EXPECT_EQ(part(), true);
  EXPECT_THAT(world_.newest_act(), HasSubstr(R"("provider_told":"no")"));
}

TEST_F(DeskTest, ProviderThatIsAwayIsAskedOnceForAllThatAWorkspaceHas) {
  world_.says_token_is_good(R"(,"accounts":["acc2"])");
  world_.says(R"({"name":"Second"})");
  world_.says(R"({"numbers":[{"id":"n2","number":"+15550000002","registered":true}]})");
  world_.says("{}");
  ASSERT_TRUE(world_.connect());
  world_.asked();
  world_.says("no", 500);
  EXPECT_EQ(part(), false);
  EXPECT_THAT(world_.asked(), SizeIs(1));
}

TEST_F(DeskTest, WhatIsDisconnectedStaysSoAfterARestart) {
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  Senders again(
      *world_.db, world_.workspaces, [this](std::string_view) { return &world_.adapter; },
      world_.ids, world_.clock);
  ASSERT_TRUE(again.load());
  EXPECT_THAT(again.connections().all(), IsEmpty());
  EXPECT_THAT(again.all(), IsEmpty());
}

TEST_F(DeskTest, AccountThatWasLetGoOfMayBeConnectedByAnother) {
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  world_.caller.workspace = *world_.workspaces.create("Other");
  world_.says_all_is_well();
  const auto theirs = world_.connect();
  ASSERT_TRUE(theirs);
  EXPECT_EQ(theirs->status, ConnectionStatus::kActive);
  EXPECT_NE(theirs->id, record_.id);
}

TEST_F(DeskTest, NumberThatAnotherHasMeanwhileIsNotTakenBack) {
  const WorkspaceId mine = record_.workspace;
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  world_.caller.workspace = *world_.workspaces.create("Other");
  world_.says_token_is_good(R"(,"accounts":["acc2"])");
  world_.says(R"({"name":"Theirs"})");
  world_.says(R"({"numbers":[{"id":"n1","number":"+15550000001","registered":true}]})");
  world_.says("{}");
  ASSERT_TRUE(world_.connect());
  const auto theirs = world_.senders.find_by_address("fake", record_.mode, "n1")->id;

  world_.caller.workspace = mine;
  world_.says_token_is_good(R"(,"accounts":["acc"])");
  world_.says(R"({"name":"Shop"})");
  world_.says(R"({"numbers":[{"id":"n2","number":"+15550000002","registered":true}]})");
  world_.says("{}");
  ASSERT_EQ(world_.connect()->id, record_.id);
  EXPECT_EQ(world_.senders.find_by_address("fake", record_.mode, "n1")->id, theirs);
  EXPECT_THAT(world_.senders.list(mine, record_.mode), SizeIs(1));
  Senders again(
      *world_.db, world_.workspaces, [this](std::string_view) { return &world_.adapter; },
      world_.ids, world_.clock);
  ASSERT_TRUE(again.load());
  EXPECT_EQ(again.find_by_address("fake", record_.mode, "n1")->id, theirs);
  EXPECT_THAT(again.list(mine, record_.mode), SizeIs(1));

  // Nor is it let go of with what was connected again.
  world_.withdrawn.clear();
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  EXPECT_THAT(world_.withdrawn, ElementsAre(Field(&ProviderNames::addresses, ElementsAre("n2"))));
}

TEST_F(DeskTest, ConnectedAgainItHasTheSameIdsAsBefore) {
  const auto sender = world_.senders.find_by_address("fake", record_.mode, "n1")->id;
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  world_.says_all_is_well();
  const auto again = world_.connect();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, record_.id);
  EXPECT_EQ(again->status, ConnectionStatus::kActive);
  EXPECT_FALSE(again->disconnected_at);
  const auto now = world_.senders.find_by_address("fake", record_.mode, "n1");
  ASSERT_TRUE(now);
  EXPECT_EQ(now->id, sender);
  EXPECT_FALSE(now->is_removed);
}

TEST_F(DeskTest, DisconnectedConnectionIsNotResumed) {
  world_.says("{}");
  ASSERT_TRUE(disconnect());
  EXPECT_EQ(code_of(world_.resume(record_)), ErrorCode::kConflict);
}

}  // namespace
}  // namespace flowsell::connections
