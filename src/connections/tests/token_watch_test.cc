#include "connections/token_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "connections_world.h"

namespace flowsell::connections {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;

class TokenWatchTest : public testing::Test {
 protected:
  TokenWatchTest() {
    world_.says_all_is_well();
    record_ = world_.connect().value();
    world_.asked();
  }
  void refuse(std::int64_t subcode = 463, std::int64_t code = 190) {
    ProviderError error;
    error.code = code;
    error.subcode = subcode;
    world_.watch.refused(record_.id, error);
  }
  void look() { testkit::run(world_.pool, world_.watch.round()); }
  ConnectionRecord now() { return world_.now_is(record_); }
  ConnectionPtr connection() { return world_.senders.connections().find(record_.id); }
  Time later(std::chrono::hours span) {
    return from_unix_ms(to_unix_ms(world_.clock.now()) / 1000 * 1000) + span;
  }
  static std::string ends(Time at) { return R"(,"ends":")" + format_time(at) + "\""; }
  void account(channel::AccountChange change) {
    ASSERT_TRUE(testkit::run(world_.pool, world_.watch.account_changed(connection(), change)));
  }
  void left(const std::string& user, TokenWatch::Trace trace) {
    ASSERT_TRUE(testkit::run(
        world_.pool, world_.watch.person_left({record_.mode, user, world_.clock.now()}, trace)));
  }

  ConnectionsWorld world_;
  ConnectionRecord record_;
};

TEST_F(TokenWatchTest, RefusedTokenThatTheProviderCallsInvalidNeedsAction) {
  refuse();
  world_.says(R"({"valid":false})");
  look();
  EXPECT_EQ(now().status, ConnectionStatus::kActionRequired);
  EXPECT_EQ(now().reason, "token_expired");
  EXPECT_EQ(world_.told().back(), "action_required");
  EXPECT_THAT(fix_of_reason(now().reason), Not(IsEmpty()));
}

TEST_F(TokenWatchTest, RefusalThatTheProviderDoesNotBearOutAlarmsNobody) {
  const auto told = world_.told().size();
  refuse();
  world_.says_token_is_good();
  look();
  EXPECT_EQ(now().status, ConnectionStatus::kActive);
  EXPECT_EQ(world_.told().size(), told);
}

TEST_F(TokenWatchTest, WhereTheProviderIsAwayItsRefusalCounts) {
  refuse(460);
  world_.says("busy", 503);
  look();
  EXPECT_EQ(now().reason, "token_revoked");
}

TEST_F(TokenWatchTest, OtherErrorsAreNoMatterOfTheToken) {
  refuse(0, 131047);
  look();
  EXPECT_THAT(world_.asked(), IsEmpty());
}

TEST_F(TokenWatchTest, ManyRefusalsAreLookedAtOnce) {
  for (int i = 0; i < 5; ++i) refuse();
  world_.says_token_is_good();
  look();
  refuse();
  look();
  EXPECT_THAT(world_.asked(), ElementsAre("/inspect"));
}

TEST_F(TokenWatchTest, CallThatIsRefusedIsNoticed) {
  world_.refuses(190, "token_invalid", 463);
  const auto request =
      world_.adapter.get_account("acc", world_.provider_calls.route(*connection()));
  EXPECT_FALSE(
      testkit::run(world_.pool, world_.provider_calls.call(connection(), request, "look")));
  world_.says(R"({"valid":false})");
  look();
  EXPECT_EQ(now().status, ConnectionStatus::kActionRequired);
}

TEST_F(TokenWatchTest, ConnectingAgainMendsIt) {
  refuse();
  world_.says(R"({"valid":false})");
  look();
  world_.says_all_is_well();
  const auto again = world_.connect();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, ConnectionStatus::kActive);
  EXPECT_EQ(again->reason, "");
}

TEST_F(TokenWatchTest, WhatIsSaidOfATokenIsNotTakenForItsSuccessors) {
  refuse();
  world_.says(R"({"valid":false})");
  world_.provider.hold();
  const std::size_t asked = world_.provider.seen_count();
  std::thread slow([this] { look(); });
  world_.provider.wait_for(asked + 1);
  ConnectionChanges::Change change;
  change.workspace = record_.workspace;
  change.mode = record_.mode;
  change.id = record_.id;
  change.act = "connection.reconnected";
  world_.clock.skip(1s);
  change.edit = [this](store::Connection&,
                       ConnectionRecord& record) -> Result<std::optional<Error>> {
    record.token_checked_at = world_.clock.now();
    return std::nullopt;
  };
  EXPECT_TRUE(testkit::run(world_.pool, world_.changes.apply(std::move(change))));
  world_.provider.release();
  slow.join();
  EXPECT_EQ(now().status, ConnectionStatus::kActive);
}

TEST_F(TokenWatchTest, EachTokenIsLookedAtOnceADay) {
  world_.skip(23h);
  look();
  EXPECT_THAT(world_.asked(), IsEmpty());
  world_.skip(1h);
  world_.says_token_is_good();
  look();
  look();
  EXPECT_THAT(world_.asked(), ElementsAre("/inspect"));
}

TEST_F(TokenWatchTest, DailyLookThatFindsNothingIsNotOnRecord) {
  const auto acts = world_.acts().size();
  world_.skip(24h);
  world_.says_token_is_good();
  look();
  EXPECT_EQ(world_.acts().size(), acts);
  EXPECT_GT(now().token_checked_at, record_.token_checked_at);
}

TEST_F(TokenWatchTest, TokenThatEndsSoonIsExchangedForALaterOne) {
  world_.skip(24h);
  const Time end = later(60 * 24h);
  world_.says_token_is_good(ends(later(5 * 24h)));
  world_.says(R"({"token":"later-token"})");
  world_.says_token_is_good(ends(end));
  look();
  EXPECT_THAT(world_.asked(), ElementsAre("/inspect", "/extend", "/inspect"));
  EXPECT_EQ(connection()->token.reveal(), "later-token");
  EXPECT_EQ(world_.senders.find_by_address("fake", record_.mode, "n1")->token.reveal(),
            "later-token");
  EXPECT_EQ(now().token_expires_at, end);
  EXPECT_EQ(world_.acts().back(), "connection.token_renewed");
}

TEST_F(TokenWatchTest, WhereItCantBeExchangedItsOwnerIsToldInTime) {
  world_.skip(24h);
  world_.says_token_is_good(ends(later(5 * 24h)));
  world_.refuses(100, "invalid_parameter");
  look();
  EXPECT_EQ(now().status, ConnectionStatus::kActive);
  EXPECT_EQ(now().reason, "token_expiring");
  EXPECT_EQ(connection()->token.reveal(), "the-token");
}

struct AccountCase {
  channel::AccountChange change;
  const char* reason;
};
class AccountChanges : public testing::TestWithParam<AccountCase> {};
TEST_P(AccountChanges, NeedsAction) {
  ConnectionsWorld world;
  world.says_all_is_well();
  const auto record = world.connect().value();
  const auto connection = world.senders.connections().find(record.id);
  ASSERT_TRUE(testkit::run(world.pool, world.watch.account_changed(connection, GetParam().change)));
  EXPECT_EQ(world.now_is(record).status, ConnectionStatus::kActionRequired);
  EXPECT_EQ(world.now_is(record).reason, GetParam().reason);
  EXPECT_THAT(fix_of_reason(GetParam().reason), Not(IsEmpty()));
}
INSTANTIATE_TEST_SUITE_P(
    Table, AccountChanges,
    testing::Values(AccountCase{channel::AccountChange::kPartnerRemoved, "partner_removed"},
                    AccountCase{channel::AccountChange::kAppRemoved, "app_removed"},
                    AccountCase{channel::AccountChange::kDeleted, "account_deleted"},
                    AccountCase{channel::AccountChange::kDisabled, "account_disabled"},
                    AccountCase{channel::AccountChange::kOffboarded, "account_offboarded"}));

TEST_F(TokenWatchTest, AccountThatIsEnabledAgainIsWell) {
  account(channel::AccountChange::kDisabled);
  account(channel::AccountChange::kRestored);
  EXPECT_EQ(now().status, ConnectionStatus::kActive);
}

TEST_F(TokenWatchTest, EnabledAccountDoesNotMendARemovedApp) {
  account(channel::AccountChange::kAppRemoved);
  account(channel::AccountChange::kRestored);
  EXPECT_EQ(now().status, ConnectionStatus::kActionRequired);
}

TEST_F(TokenWatchTest, GoodTokenDoesNotMendADisabledAccount) {
  account(channel::AccountChange::kDisabled);
  world_.skip(24h);
  world_.says_token_is_good();
  look();
  EXPECT_EQ(now().reason, "account_disabled");
}

TEST_F(TokenWatchTest, WhoTookTheAppAwayLeavesConnectionsThatDoNotWork) {
  left("u1", TokenWatch::Trace::kStays);
  EXPECT_EQ(now().reason, "app_removed");
  EXPECT_THAT(now().sealed_token, Not(IsEmpty()));
}

TEST_F(TokenWatchTest, WhoWantsTheirDataDeletedLeavesNeitherIdNorToken) {
  left("u1", TokenWatch::Trace::kGoes);
  EXPECT_THAT(now().sealed_token, IsEmpty());
  EXPECT_THAT(now().token_user, IsEmpty());
  EXPECT_TRUE(connection()->token.empty());
}

TEST_F(TokenWatchTest, OthersConnectionsStayAsTheyAre) {
  left("u2", TokenWatch::Trace::kGoes);
  EXPECT_EQ(now().status, ConnectionStatus::kActive);
}

TEST_F(TokenWatchTest, WhatIsAllowedAgainIsNotTakenBackByAnOldRequest) {
  const Time before = world_.clock.now();
  left("u1", TokenWatch::Trace::kStays);
  world_.skip(1h);
  world_.says_all_is_well();
  ASSERT_EQ(world_.connect()->status, ConnectionStatus::kActive);
  for (const auto trace : {TokenWatch::Trace::kStays, TokenWatch::Trace::kGoes}) {
    ASSERT_TRUE(
        testkit::run(world_.pool, world_.watch.person_left({record_.mode, "u1", before}, trace)));
    EXPECT_EQ(now().status, ConnectionStatus::kActive);
    EXPECT_THAT(now().sealed_token, Not(IsEmpty()));
  }
}

}  // namespace
}  // namespace flowsell::connections
