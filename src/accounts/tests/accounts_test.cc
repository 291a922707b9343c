#include "accounts/accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts_world.h"

namespace flowsell::accounts {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const store::Sql kTermsAddresses("SELECT address FROM terms_acceptances");

TEST_F(AccountsTest, WhoVerifiedTheAddressCanSignIn) {
  sign_up_and_verify();
  const auto signed_in = sign_in();
  ASSERT_TRUE(signed_in);
  EXPECT_EQ(signed_in->session.user.email, kEmail);
  const auto session = run(accounts_.find_session(signed_in->token));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->id, signed_in->session.id);
  EXPECT_EQ(session->user.name, "Asha");
  EXPECT_EQ(session->address, "203.0.113.9");
  EXPECT_THAT(acts_of(session->user.id),
              ElementsAre("user.signed_up", "user.email_verified", "session.created"));
}

TEST_F(AccountsTest, WithoutTheAddressNobodyComesIn) {
  ASSERT_TRUE(sign_up());
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kEmailNotVerified);
  EXPECT_EQ(code_of(sign_in(kOther)), ErrorCode::kInvalidCredentials)
      << "only the right password learns that";
}

TEST_F(AccountsTest, AddressIsComparedWithoutItsCase) {
  ASSERT_TRUE(sign_up("Asha@Example.com"));
  ASSERT_TRUE(run(accounts_.verify_email(token_for(), Secret(kPassword), from_)));
  EXPECT_TRUE(sign_in(kPassword, Secret(), " ASHA@example.COM "));
}

TEST_F(AccountsTest, SecondSignUpSaysTheSameAndChangesNothing) {
  sign_up_and_verify();
  ASSERT_TRUE(sign_up(kEmail, kOther));
  EXPECT_EQ(code_of(sign_in(kOther)), ErrorCode::kInvalidCredentials);
  EXPECT_TRUE(sign_in());
  EXPECT_GE(mails_to(kEmail), 2U) << "the owner hears of it";
}

TEST_F(AccountsTest, SignUpWithFaultsIsRefused) {
  EXPECT_EQ(code_of(sign_up("no address")), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code_of(sign_up(kEmail, "password1234")), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code_of(run(accounts_.sign_up({kEmail, "a <b>", Secret(kPassword), ""}, from_))),
            ErrorCode::kInvalidRequest);
  EXPECT_THAT(box_.letters, IsEmpty());
}

TEST_F(AccountsTest, LinkWorksOnce) {
  ASSERT_TRUE(sign_up());
  const Secret token = token_for();
  EXPECT_TRUE(run(accounts_.verify_email(token, Secret(kPassword), from_)));
  EXPECT_EQ(code_of(run(accounts_.verify_email(token, Secret(kPassword), from_))),
            ErrorCode::kInvalidToken);
}

TEST_F(AccountsTest, LinkEndsWithItsTime) {
  ASSERT_TRUE(sign_up());
  const Secret token = token_for();
  clock_.advance(24h);
  EXPECT_EQ(code_of(run(accounts_.verify_email(token, Secret(kPassword), from_))),
            ErrorCode::kInvalidToken);
}

TEST_F(AccountsTest, AskingForAnotherLinkLeavesTheFirstGood) {
  ASSERT_TRUE(sign_up());
  const Secret first = token_for();
  ASSERT_TRUE(run(accounts_.ask_verification(kEmail, from_)));
  EXPECT_TRUE(run(accounts_.verify_email(first, Secret(kPassword), from_)));
}

TEST_F(AccountsTest, NobodyProvesTheAddressForWhoSignedUpWithIt) {
  ASSERT_TRUE(sign_up());
  const Secret token = token_for();
  EXPECT_EQ(code_of(run(accounts_.verify_email(token, Secret(kOther), from_))),
            ErrorCode::kInvalidCredentials);
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kEmailNotVerified);
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  ASSERT_TRUE(run(accounts_.reset_password(token_for(), Secret(kOther), from_)))
      << "but whoever has it can make the account his";
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kInvalidCredentials);
  EXPECT_TRUE(sign_in(kOther));
}

TEST_F(AccountsTest, ResetForgetsTheDevicesThatWereKnown) {
  sign_up_and_verify();
  const Secret device = sign_in()->device;
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  ASSERT_TRUE(run(accounts_.reset_password(token_for(), Secret(kOther), from_)));
  for (int i = 0; i < 12; ++i) (void)sign_in("wrong");
  EXPECT_EQ(code_of(sign_in(kOther, device)), ErrorCode::kRateLimited);
}

TEST_F(AccountsTest, StrangersGuessesDontKeepOneFromChangingThePassword) {
  sign_up_and_verify();
  const auto mine = sign_in();
  for (int i = 0; i < 12; ++i) (void)sign_in(kOther);
  EXPECT_TRUE(
      run(accounts_.change_password(mine->session, Secret(kPassword), Secret(kOther), from_)));
}

TEST_F(AccountsTest, EndedSessionChangesNoPassword) {
  sign_up_and_verify();
  const auto mine = sign_in();
  ASSERT_TRUE(run(accounts_.end_session(mine->session, mine->session.id, from_)));
  EXPECT_EQ(code_of(run(accounts_.change_password(mine->session, Secret(kPassword), Secret(kOther),
                                                  from_))),
            ErrorCode::kInvalidSession);
  EXPECT_TRUE(sign_in());
}

TEST_F(AccountsTest, LinkOfOnePurposeIsNoneOfAnother) {
  sign_up_and_verify();
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  EXPECT_EQ(code_of(run(accounts_.verify_email(token_for(), Secret(kPassword), from_))),
            ErrorCode::kInvalidToken);
}

TEST_F(AccountsTest, AskingForAnUnknownAddressSaysTheSameAndSendsNothing) {
  EXPECT_TRUE(run(accounts_.ask_password_reset("nobody@example.com", from_)));
  EXPECT_TRUE(run(accounts_.ask_verification("nobody@example.com", from_)));
  EXPECT_EQ(mails_to("nobody@example.com"), 0U);
}

TEST_F(AccountsTest, AnAddressGetsFiveLinksAnHour) {
  for (const char* email : {kEmail, "nobody@example.com"}) {
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(run(accounts_.ask_password_reset(email, from_)));
    EXPECT_EQ(code_of(run(accounts_.ask_password_reset(email, from_))), ErrorCode::kRateLimited);
  }
  clock_.advance(1h);
  EXPECT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
}

TEST_F(AccountsTest, UnknownAddressAndWrongPasswordAreToldByTheSameWords) {
  sign_up_and_verify();
  const auto wrong = sign_in(kOther);
  const auto unknown = sign_in(kPassword, Secret(), "nobody@example.com");
  const auto no_address = sign_in(kPassword, Secret(), "not an address");
  ASSERT_EQ(code_of(wrong), ErrorCode::kInvalidCredentials);
  for (const auto* other : {&unknown, &no_address}) {
    ASSERT_EQ(code_of(*other), ErrorCode::kInvalidCredentials);
    EXPECT_EQ(other->error().detail, wrong.error().detail);
  }
}

TEST_F(AccountsTest, GuessesAreCountedAndStopped) {
  sign_up_and_verify();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(code_of(sign_in(kOther)), ErrorCode::kInvalidCredentials);
  const auto stopped = sign_in();
  ASSERT_EQ(code_of(stopped), ErrorCode::kRateLimited) << "the right one too";
  EXPECT_EQ(stopped.error().retry_after, 900s);
  clock_.advance(15min);
  EXPECT_TRUE(sign_in());
}

TEST_F(AccountsTest, StrangersGuessesDontStopAKnownDevice) {
  sign_up_and_verify();
  const auto before = sign_in();
  ASSERT_TRUE(before);
  for (int i = 0; i < 12; ++i) (void)sign_in(kOther);
  ASSERT_EQ(code_of(sign_in()), ErrorCode::kRateLimited);
  EXPECT_TRUE(sign_in(kPassword, before->device));
}

TEST_F(AccountsTest, KnownDeviceHasAnEndOfGuessesToo) {
  sign_up_and_verify();
  const Secret device = sign_in()->device;
  for (int i = 0; i < 10; ++i) (void)sign_in(kOther, device);
  EXPECT_EQ(code_of(sign_in(kPassword, device)), ErrorCode::kRateLimited);
}

TEST_F(AccountsTest, DeviceIsKnownToItsOwnAccountOnly) {
  sign_up_and_verify();
  sign_up_and_verify("ravi@example.com");
  const Secret device = sign_in()->device;
  for (int i = 0; i < 12; ++i) (void)sign_in(kOther, Secret(), "ravi@example.com");
  EXPECT_EQ(code_of(sign_in(kPassword, device, "ravi@example.com")), ErrorCode::kRateLimited);
}

TEST_F(AccountsTest, OneNetworkCantTryAllAccounts) {
  sign_up_and_verify();
  for (int i = 0; i < 100; ++i)
    (void)sign_in(kOther, Secret(), "user" + std::to_string(i) + "@example.com");
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kRateLimited);
  from_.address = "198.51.100.1";
  EXPECT_TRUE(sign_in());
}

TEST_F(AccountsTest, SignInsThatEndWellAreNotCounted) {
  sign_up_and_verify();
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(sign_in());
}

TEST_F(AccountsTest, UserHearsOfANewDevice) {
  sign_up_and_verify();
  const auto before = mails_to(kEmail);
  const auto first = sign_in();
  EXPECT_EQ(mails_to(kEmail), before + 1);
  EXPECT_TRUE(sign_in(kPassword, first->device));
  EXPECT_EQ(mails_to(kEmail), before + 1);
}

TEST_F(AccountsTest, SessionEndsWhenItIsIdle) {
  sign_up_and_verify();
  const auto signed_in = sign_in();
  clock_.advance(11h);
  EXPECT_TRUE(run(accounts_.find_session(signed_in->token)));
  clock_.advance(11h);
  EXPECT_TRUE(run(accounts_.find_session(signed_in->token)));
  clock_.advance(12h);
  EXPECT_EQ(code_of(run(accounts_.find_session(signed_in->token))), ErrorCode::kInvalidSession);
}

TEST_F(AccountsTest, SessionEndsAtLastWhateverItsUse) {
  sign_up_and_verify();
  const auto signed_in = sign_in();
  for (int i = 0; i < 33; ++i) {
    clock_.advance(10h);
    EXPECT_TRUE(run(accounts_.find_session(signed_in->token))) << i;
  }
  clock_.advance(6h);
  EXPECT_EQ(code_of(run(accounts_.find_session(signed_in->token))), ErrorCode::kInvalidSession);
}

TEST_F(AccountsTest, EndedSessionIsOver) {
  sign_up_and_verify();
  const auto one = sign_in();
  const auto two = sign_in();
  ASSERT_TRUE(run(accounts_.end_session(one->session, two->session.id, from_)));
  EXPECT_EQ(code_of(run(accounts_.find_session(two->token))), ErrorCode::kInvalidSession);
  EXPECT_TRUE(run(accounts_.find_session(one->token)));
  EXPECT_EQ(code_of(run(accounts_.end_session(one->session, two->session.id, from_))),
            ErrorCode::kNotFound);
  EXPECT_THAT(*run(accounts_.sessions_of(one->session.user.id)), SizeIs(1));
}

TEST_F(AccountsTest, NobodyEndsAnothersSession) {
  sign_up_and_verify();
  sign_up_and_verify("ravi@example.com");
  const auto mine = sign_in();
  const auto theirs = sign_in(kPassword, Secret(), "ravi@example.com");
  EXPECT_EQ(code_of(run(accounts_.end_session(mine->session, theirs->session.id, from_))),
            ErrorCode::kNotFound);
  EXPECT_TRUE(run(accounts_.find_session(theirs->token)));
}

TEST_F(AccountsTest, ResetSetsAPasswordAndEndsAllSessions) {
  sign_up_and_verify();
  const auto before = sign_in();
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  const Secret token = token_for();
  ASSERT_TRUE(run(accounts_.reset_password(token, Secret(kOther), from_)));
  EXPECT_EQ(code_of(run(accounts_.find_session(before->token))), ErrorCode::kInvalidSession);
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kInvalidCredentials);
  EXPECT_TRUE(sign_in(kOther));
  EXPECT_EQ(code_of(run(accounts_.reset_password(token, Secret(kPassword), from_))),
            ErrorCode::kInvalidToken);
}

TEST_F(AccountsTest, WeakPasswordDoesNotUseTheLinkUp) {
  sign_up_and_verify();
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  const Secret token = token_for();
  EXPECT_EQ(code_of(run(accounts_.reset_password(token, Secret("password1234"), from_))),
            ErrorCode::kInvalidRequest);
  EXPECT_TRUE(run(accounts_.reset_password(token, Secret(kOther), from_)));
}

TEST_F(AccountsTest, ResetSaysWhatElseSignsIn) {
  Accounts linked({*db_,
                   passwords_,
                   *spool_,
                   ring_,
                   ids_,
                   clock_,
                   [] {},
                   {},
                   [](store::Connection&, const UserId&) -> Result<std::vector<WayIn>> {
                     return std::vector<WayIn>{{"google", "Google"}, {"idp_1", "Acme\r\nBcc: x"}};
                   }},
                  {.public_url = "https://connect.example"});
  sign_up_and_verify();
  ASSERT_TRUE(run(linked.ask_password_reset(kEmail, from_)));
  const auto done = run(linked.reset_password(token_for(), Secret(kOther), from_));
  ASSERT_TRUE(done);
  EXPECT_THAT(done->ways, testing::SizeIs(2));
  EXPECT_THAT(last_mail_to(kEmail), testing::HasSubstr("Google, Acme??Bcc: x."));
}

TEST_F(AccountsTest, ResetOfWhoHasNothingLinkedSaysNothingOfIt) {
  sign_up_and_verify();
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  EXPECT_THAT(run(accounts_.reset_password(token_for(), Secret(kOther), from_))->ways,
              testing::IsEmpty());
  EXPECT_THAT(last_mail_to(kEmail), testing::Not(testing::HasSubstr("linked")));
}

TEST_F(AccountsTest, ResetLinkEndsAfterAnHour) {
  sign_up_and_verify();
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  const Secret token = token_for();
  clock_.advance(1h);
  EXPECT_EQ(code_of(run(accounts_.reset_password(token, Secret(kOther), from_))),
            ErrorCode::kInvalidToken);
}

TEST_F(AccountsTest, ChangedPasswordEndsOtherSessionsAndRenewsThisOne) {
  sign_up_and_verify();
  const auto other = sign_in();
  const auto mine = sign_in();
  const auto renewed =
      run(accounts_.change_password(mine->session, Secret(kPassword), Secret(kOther), from_));
  ASSERT_TRUE(renewed);
  EXPECT_EQ(code_of(run(accounts_.find_session(other->token))), ErrorCode::kInvalidSession);
  EXPECT_EQ(code_of(run(accounts_.find_session(mine->token))), ErrorCode::kInvalidSession);
  EXPECT_EQ(run(accounts_.find_session(*renewed))->id, mine->session.id);
  EXPECT_TRUE(sign_in(kOther));
}

TEST_F(AccountsTest, ChangeNeedsTheOldPassword) {
  sign_up_and_verify();
  const auto mine = sign_in();
  EXPECT_EQ(
      code_of(run(accounts_.change_password(mine->session, Secret(kOther), Secret(kOther), from_))),
      ErrorCode::kInvalidCredentials);
  EXPECT_TRUE(sign_in());
}

TEST_F(AccountsTest, ListOfWorkspacesHasAnEndHoweverManyComeAtOnce) {
  const auto user = accounts_.put_user("many@example.com", "Asha", Secret(kPassword));
  ASSERT_TRUE(user);
  std::vector<std::future<Result<bool>>> calls;
  for (std::size_t i = 0; i < 12; ++i) {
    const accounts::UserWorkspace fresh{ids_.next<IdKind::kWorkspace>(), "Acme", 1};
    calls.push_back(net::co_spawn(pool_.context(i % pool_.size()),
                                  accounts_.list_new_workspace(user->id, fresh, 5),
                                  net::use_future));
  }
  EXPECT_EQ(std::ranges::count_if(calls, [](auto& call) { return *call.get(); }), 5);
  EXPECT_EQ(run(accounts_.workspaces_of(user->id))->size(), 5U);
}

TEST_F(AccountsTest, ListOfWorkspacesIsKept) {
  const auto user = accounts_.put_user("owner@example.com", "Owner", Secret(kPassword));
  ASSERT_TRUE(user);
  const WorkspaceId workspace = ids_.next<IdKind::kWorkspace>();
  ASSERT_TRUE(run(accounts_.list_workspace(user->id, {workspace, "Acme", 1})));
  ASSERT_TRUE(run(accounts_.list_workspace(user->id, {workspace, "Acme Ltd", 2})));
  const auto listed = run(accounts_.workspaces_of(user->id));
  ASSERT_THAT(*listed, SizeIs(1));
  EXPECT_EQ(listed->front().name, "Acme Ltd");
  EXPECT_EQ(listed->front().role, 2);
  ASSERT_TRUE(run(accounts_.unlist_workspace(user->id, workspace)));
  EXPECT_THAT(*run(accounts_.workspaces_of(user->id)), IsEmpty());
}

TEST_F(AccountsTest, SignUpIsTheFirstAcceptanceOfTheTerms) {
  sign_up_and_verify();
  const UserId user = sign_in()->session.user.id;
  const auto accepted = *run(accounts_.terms_of(user));
  ASSERT_EQ(accepted.size(), 1U);
  EXPECT_EQ(accepted.front().version, "2026-11");
  EXPECT_EQ(accepted.front().accepted_at, clock_.now());
  EXPECT_EQ(testkit::texts(*db_, kTermsAddresses), std::vector<std::string>{from_.address});
}

TEST_F(AccountsTest, LaterTermsAreAcceptedOnceAndAllAreKept) {
  sign_up_and_verify();
  const UserId user = sign_in()->session.user.id;
  const auto first = run(accounts_.accept_terms(user, "2027-05", from_));
  ASSERT_TRUE(first && first->is_new);
  const auto again = run(accounts_.accept_terms(user, "2027-05", from_));
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->acceptance.id, first->acceptance.id);
  const auto all = *run(accounts_.terms_of(user));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.front().version, "2027-05");
  EXPECT_EQ(acts_of(user).back(), "terms.accepted");
}

TEST_F(AccountsTest, TermsInForceAreAskedFor) {
  Accounts strict({*db_, passwords_, *spool_, ring_, ids_, clock_, [] {}},
                  {.terms_version = "2027-05"});
  const auto old = run(strict.sign_up({kEmail, "Asha", Secret(kPassword), "2026-11"}, from_));
  ASSERT_EQ(code_of(old), ErrorCode::kInvalidRequest);
  EXPECT_EQ(old.error().fields.front().pointer, "/terms_version");
  sign_up_and_verify();
  const UserId user = sign_in()->session.user.id;
  EXPECT_TRUE(run(accounts_.check_terms(user))) << "no version is in force there";
  EXPECT_EQ(code_of(run(strict.check_terms(user))), ErrorCode::kTermsNotAccepted);
  ASSERT_TRUE(run(strict.accept_terms(user, "2027-05", from_)));
  EXPECT_TRUE(run(strict.check_terms(user)));
}

TEST_F(AccountsTest, NewNameOfAWorkspaceIsInAllListsThatShowIt) {
  const WorkspaceId workspace = ids_.next<IdKind::kWorkspace>();
  const WorkspaceId other = ids_.next<IdKind::kWorkspace>();
  std::vector<UserId> users;
  for (const char* email : {"a@example.com", "b@example.com"}) {
    users.push_back(accounts_.put_user(email, "Somebody", Secret(kPassword))->id);
    ASSERT_TRUE(run(accounts_.list_workspace(users.back(), {workspace, "Acme", 1})));
    ASSERT_TRUE(run(accounts_.list_workspace(users.back(), {other, "Other", 1})));
  }
  ASSERT_TRUE(run(accounts_.rename_workspace(workspace, "Acme Ltd")));
  for (const UserId& user : users) {
    const auto listed = *run(accounts_.workspaces_of(user));
    EXPECT_EQ(listed.at(0).name, "Acme Ltd");
    EXPECT_EQ(listed.at(1).name, "Other");
  }
}

TEST_F(AccountsTest, UserThatIsPutTwiceIsTheSameWithANewPassword) {
  const auto first = accounts_.put_user("owner@example.com", "Owner", Secret(kPassword));
  const auto second = accounts_.put_user("owner@example.com", "Owner", Secret(kOther));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id, second->id);
  EXPECT_TRUE(sign_in(kOther, Secret(), "owner@example.com"));
}

TEST_F(AccountsTest, TidyDeletesWhatIsOverAndNothingElse) {
  sign_up_and_verify();
  const auto old = sign_in();
  clock_.advance(13h);
  const auto fresh = sign_in(kPassword, old->device);
  ASSERT_TRUE(run(accounts_.tidy()));
  EXPECT_TRUE(run(accounts_.find_session(fresh->token)));
  EXPECT_THAT(*run(accounts_.sessions_of(fresh->session.user.id)), SizeIs(1));
}

TEST_F(AccountsTest, NoFileHasWhatLetsOneIn) {
  if (testkit::tests_run_on_postgres()) GTEST_SKIP() << "its files are another process's";
  ASSERT_TRUE(sign_up());
  EXPECT_FALSE(folder_.holds(kPassword));
  const Secret token = token_for();
  EXPECT_FALSE(folder_.holds(std::string(token.reveal())));
  ASSERT_TRUE(run(accounts_.verify_email(token, Secret(kPassword), from_)));
  const auto signed_in = sign_in();
  EXPECT_TRUE(folder_.holds(kEmail));
  EXPECT_FALSE(folder_.holds(std::string(signed_in->token.reveal())));
  EXPECT_FALSE(folder_.holds(std::string(signed_in->device.reveal())));
}

}  // namespace
}  // namespace flowsell::accounts
