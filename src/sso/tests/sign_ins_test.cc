#include "sso/sign_ins.h"

#include <gmock/gmock.h>

#include "authenticator.h"
#include "oidc/fault.h"
#include "sso/ways_in.h"
#include "sso_world.h"

namespace flowsell::sso {
namespace {

using oidc::Fault;
using oidc::testing_support::fault_in;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;

class SignInsTest : public testing::Test {
 protected:
  Result<SignIns::Entered> enter(const SignIns::Arrival& arrival, const Secret& device = Secret()) {
    return world_.run(world_.sign_ins().sign_in(arrival, device, world_.from));
  }
  Result<accounts::Accounts::SignedIn> sign_in(const SignIns::Arrival& arrival) {
    auto entered = enter(arrival);
    if (!entered) return std::unexpected(entered.error());
    if (!entered->signed_in) return fail(ErrorCode::kSecondFactorRequired, "a code is missing");
    return *entered->signed_in;
  }
  Provider google() { return world_.sign_ins().globals().at(0); }

  SsoWorld world_;
};

TEST_F(SignInsTest, BrowserIsSentToTheProvider) {
  const Provider provider = world_.provider();
  const auto begun = world_.begin(provider.key);
  ASSERT_TRUE(begun);
  EXPECT_TRUE(begun->authorization_url.starts_with(world_.peer.url("/authorize?")));
  EXPECT_EQ(SsoWorld::parameter(begun->authorization_url, "redirect_uri"),
            "https%3A%2F%2Fconnect.example%2Fv1%2Fsso%2Fcallback%2F" + provider.key);
  EXPECT_EQ(SsoWorld::parameter(begun->authorization_url, "code_challenge_method"), "S256");
}

TEST_F(SignInsTest, AddressLeadsToTheProviderOfWhoHasProvenItsDomain) {
  const Provider provider = world_.provider();
  world_.own(world_.workspace, "acme.example");
  world_.answer_discovery(world_.issuer_);
  SignIns::Wanted wanted;
  wanted.email = "Anybody@ACME.example";
  const auto begun = world_.run(world_.sign_ins().begin(wanted, world_.from));
  ASSERT_TRUE(begun);
  EXPECT_EQ(SsoWorld::parameter(begun->authorization_url, "login_hint"), "Anybody%40ACME.example");
  wanted.email = "anybody@sub.acme.example";
  EXPECT_EQ(code_of(world_.run(world_.sign_ins().begin(wanted, world_.from))), ErrorCode::kNotFound)
      << "a domain is not those below it";
}

TEST_F(SignInsTest, ClaimedDomainThatIsNotProvenLeadsNowhere) {
  world_.provider();
  ASSERT_TRUE(world_.run(world_.domains().claim(world_.by(world_.workspace), "acme.example")));
  SignIns::Wanted wanted;
  wanted.email = "ada@acme.example";
  EXPECT_EQ(code_of(world_.run(world_.sign_ins().begin(wanted, world_.from))),
            ErrorCode::kNotFound);
}

TEST_F(SignInsTest, UnknownOneWithAProvenAddressGetsAnAccountAndMayJoin) {
  const Provider provider = world_.provider();
  world_.own(world_.workspace, "acme.example");
  const auto arrival = world_.come(provider);
  ASSERT_TRUE(arrival) << arrival.error().detail;
  EXPECT_TRUE(arrival->may_join);
  EXPECT_EQ(arrival->return_to, "/messages");
  const auto signed_in = sign_in(*arrival);
  ASSERT_TRUE(signed_in);
  const auto session = world_.run(world_.accounts.find_session(signed_in->token));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->user.email, "ada@acme.example");
  EXPECT_EQ(session->user.name, "Ada");
  EXPECT_TRUE(session->user.email_verified_at);
  ASSERT_TRUE(session->voucher);
  EXPECT_EQ(session->voucher->provider, provider.key);
  EXPECT_EQ(session->voucher->workspace, world_.workspace);
  EXPECT_FALSE(session->has_second_factor);
  EXPECT_THAT(world_.acts_of(session->user.id), ElementsAre("user.signed_up", "session.created"));
}

TEST_F(SignInsTest, SameIdentityIsTheSameUserWhateverItsAddress) {
  const Provider provider = world_.provider();
  world_.own(world_.workspace, "acme.example");
  const auto first = world_.come(provider);
  ASSERT_TRUE(first);
  const auto second = world_.come(provider, {{"email", R"("renamed@elsewhere.example")"}});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->user, first->user);
  EXPECT_FALSE(second->may_join);
}

TEST_F(SignInsTest, ClosedAccountIsNeitherSignedInNorLinked) {
  const Provider provider = world_.provider();
  world_.own(world_.workspace, "acme.example");
  const auto arrival = world_.come(provider);
  ASSERT_TRUE(arrival);
  const auto begun = world_.begin(provider.key, arrival->user);
  ASSERT_TRUE(begun);
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
    return accounts::Accounts::close_in(db, arrival->user, world_.clock.now());
  }));
  const auto acts = world_.acts_of(arrival->user);
  EXPECT_EQ(code_of(sign_in(*arrival)), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(world_.come(provider)), ErrorCode::kNotFound);
  EXPECT_TRUE(world_.run(world_.sign_ins().record_refused(
      *arrival, {ErrorCode::kSsoNotAdmitted, "not a member"}, world_.from)));
  EXPECT_EQ(code_of(world_.come_back(provider, *begun, {{"sub", R"("subject-2")"}}, arrival->user)),
            ErrorCode::kInvalidSession);
  EXPECT_EQ(code_of(world_.begin(provider.key, arrival->user)), ErrorCode::kInvalidSession);
  EXPECT_THAT(*world_.run(world_.sign_ins().identities_of(arrival->user)), SizeIs(1));
  EXPECT_EQ(world_.acts_of(arrival->user), acts);
}

TEST_F(SignInsTest, AccountWithTheSameAddressIsNotTakenOver) {
  const Provider provider = world_.provider();
  world_.own(world_.workspace, "acme.example");
  const UserId victim = world_.user("ada@acme.example");
  EXPECT_EQ(code_of(world_.come(provider)), ErrorCode::kSsoLinkRequired);
  EXPECT_THAT(*world_.run(world_.sign_ins().identities_of(victim)), IsEmpty());
  EXPECT_THAT(*world_.run(world_.accounts.sessions_of(victim)), IsEmpty());
  EXPECT_THAT(world_.acts_of(victim), ElementsAre("identity.refused"));
}

TEST_F(SignInsTest, AccountThatNobodyVerifiedGivesWayToWhoHasTheAddress) {
  const Provider provider = world_.provider();
  world_.own(world_.workspace, "acme.example");
  const Secret password("umbrella kettle Tuesday moss");
  ASSERT_TRUE(world_.run(world_.accounts.sign_up(
      {"ada@acme.example", "Squatter", Secret(password), "2026-11"}, world_.from)));
  const auto squatter = world_.run(world_.accounts.find_by_email("ada@acme.example"));
  ASSERT_TRUE(squatter && *squatter);
  const auto arrival = world_.come(provider);
  ASSERT_TRUE(arrival) << arrival.error().detail;
  EXPECT_NE(arrival->user, (*squatter)->id);
  EXPECT_EQ(world_.acts_of((*squatter)->id).back(), "user.removed");
  EXPECT_EQ(
      code_of(world_.run(world_.accounts.sign_in({"ada@acme.example", password}, world_.from))),
      ErrorCode::kInvalidCredentials);
}

TEST_F(SignInsTest, WhoIsNotLetInIsOnTheAccountsRecord) {
  const Provider provider = world_.provider();
  const UserId user = world_.user("ada@private.example");
  ASSERT_TRUE(world_.come(provider, {}, user));
  const auto arrival = world_.come(provider);
  ASSERT_TRUE(arrival);
  ASSERT_TRUE(world_.run(world_.sign_ins().record_refused(
      *arrival, {ErrorCode::kSsoNotAdmitted, "not a member"}, world_.from)));
  EXPECT_EQ(world_.acts_of(user).back(), "identity.refused");
}

struct Unproven {
  const char* name;
  MoreClaims claims;
};
class SignInsOfUnproven : public SignInsTest, public testing::WithParamInterface<Unproven> {};

// The same answer where the address has an account: an unproven address must not tell.
TEST_P(SignInsOfUnproven, AddressMakesNoAccountAndTellsOfNone) {
  const Provider provider = world_.provider();
  world_.own(world_.workspace, "acme.example");
  world_.own(world_.other_workspace, "other.example");
  const auto unknown = world_.come(provider, GetParam().claims);
  EXPECT_EQ(code_of(unknown), ErrorCode::kSsoNotAdmitted);
  world_.user("ada@acme.example");
  world_.user("ada@other.example");
  const auto known = world_.come(provider, GetParam().claims);
  EXPECT_EQ(code_of(known), ErrorCode::kSsoNotAdmitted);
  EXPECT_EQ(known.error().detail, unknown.error().detail);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SignInsOfUnproven,
    testing::Values(Unproven{"NotVerified", {{"email_verified", "false"}}},
                    Unproven{"NotSaid", {{"email_verified", "null"}}},
                    Unproven{"NoAddress", {{"email", "null"}}},
                    Unproven{"OtherWorkspacesDomain", {{"email", R"("ada@other.example")"}}},
                    Unproven{"NobodysDomain", {{"email", R"("ada@nobody.example")"}}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(SignInsTest, ProviderThatIsTrustedNeedNotSayThatAddressesAreVerified) {
  auto draft = world_.draft();
  draft.trusts_email = true;
  const Provider provider = world_.provider(world_.workspace, draft);
  world_.own(world_.workspace, "acme.example");
  const auto arrival = world_.come(provider, {{"email_verified", "null"}});
  ASSERT_TRUE(arrival);
  EXPECT_TRUE(arrival->may_join);
  EXPECT_EQ(code_of(world_.come(provider, {{"sub", R"("subject-2")"},
                                           {"email", R"("eve@nobody.example")"},
                                           {"email_verified", "null"}})),
            ErrorCode::kSsoNotAdmitted)
      << "in the workspace's own domains only";
}

// --- the way back ---

TEST_F(SignInsTest, AnswerIsGoodOnce) {
  const Provider provider = world_.provider();
  world_.own(world_.workspace, "acme.example");
  const auto begun = world_.begin(provider.key);
  ASSERT_TRUE(world_.come_back(provider, *begun));
  EXPECT_EQ(fault_in(world_.come_back(provider, *begun)), Fault::kStateMismatch);
}

TEST_F(SignInsTest, AnswerThatFailedIsUsedUpToo) {
  const Provider provider = world_.provider();
  world_.own(world_.workspace, "acme.example");
  const auto begun = world_.begin(provider.key);
  EXPECT_EQ(fault_in(world_.come_back(provider, *begun, {{"aud", R"("another")"}})),
            Fault::kTokenAudience);
  EXPECT_EQ(fault_in(world_.come_back(provider, *begun)), Fault::kStateMismatch);
}

TEST_F(SignInsTest, AnotherBrowserHasNoAttempt) {
  const Provider provider = world_.provider();
  auto begun = world_.begin(provider.key);
  begun->browser = Secret("of another browser");
  EXPECT_EQ(fault_in(world_.come_back(provider, *begun)), Fault::kStateMismatch);
  begun->browser = Secret();
  EXPECT_EQ(fault_in(world_.come_back(provider, *begun)), Fault::kStateMismatch);
}

const store::Sql kNearlyAll("UPDATE sign_in_attempts SET attempts = 999");
TEST_F(SignInsTest, WaysToAProviderAreCountedByNetwork) {
  const Provider provider = world_.provider();
  ASSERT_TRUE(world_.begin(provider.key));
  ASSERT_TRUE(
      testkit::write(*world_.db, [](store::Connection& db) { return db.write(kNearlyAll, {}); }));
  EXPECT_TRUE(world_.begin(provider.key));
  EXPECT_EQ(code_of(world_.begin(provider.key)), ErrorCode::kRateLimited);
  world_.from.address = "198.51.100.7";
  EXPECT_TRUE(world_.begin(provider.key));
}

TEST_F(SignInsTest, AttemptsOfTwoBrowsersAreNotMixedUp) {
  const Provider provider = world_.provider();
  const auto mine = world_.begin(provider.key);
  auto theirs = *world_.begin(provider.key);
  theirs.browser = mine->browser;
  EXPECT_EQ(fault_in(world_.come_back(provider, theirs)), Fault::kStateMismatch);
}

TEST_F(SignInsTest, AnswerOfOneProviderIsNotAnothers) {
  const Provider provider = world_.provider();
  const Provider another = world_.provider();
  const auto begun = world_.begin(provider.key);
  EXPECT_EQ(fault_in(world_.come_back(another, *begun)), Fault::kAttemptMismatch);
}

TEST_F(SignInsTest, AttemptThatIsTooOldIsOver) {
  const Provider provider = world_.provider();
  const auto begun = world_.begin(provider.key);
  world_.clock.advance(SignIns::kAttemptLife + std::chrono::seconds(1));
  EXPECT_EQ(fault_in(world_.come_back(provider, *begun)), Fault::kAttemptExpired);
}

const store::Sql kAttempts("SELECT COUNT(*) FROM sso_attempts");
TEST_F(SignInsTest, AttemptThatNobodyCameBackToIsDeleted) {
  const Provider provider = world_.provider();
  ASSERT_TRUE(world_.begin(provider.key));
  ASSERT_TRUE(world_.run(world_.sign_ins().tidy()));
  EXPECT_THAT(testkit::numbers(*world_.db, kAttempts), ElementsAre(1));
  world_.clock.advance(SignIns::kAttemptLife);
  ASSERT_TRUE(world_.run(world_.sign_ins().tidy()));
  EXPECT_THAT(testkit::numbers(*world_.db, kAttempts), ElementsAre(0));
}

const store::Sql kSealed("SELECT sealed FROM sso_attempts");
TEST_F(SignInsTest, StoredAttemptHoldsNoSecretInClear) {
  const Provider provider = world_.provider();
  const auto begun = world_.begin(provider.key);
  const std::string sealed = testkit::texts(*world_.db, kSealed).at(0);
  for (const char* name : {"state", "nonce"}) {
    const std::string value = SsoWorld::parameter(begun->authorization_url, name);
    ASSERT_FALSE(value.empty());
    EXPECT_FALSE(sealed.contains(value)) << name;
  }
}

struct PathCase {
  const char* name;
  const char* path;
  bool is_local;
};
class LocalPath : public testing::TestWithParam<PathCase> {};
TEST_P(LocalPath, IsToldFromOthers) {
  EXPECT_EQ(is_local_path(GetParam().path), GetParam().is_local);
}
INSTANTIATE_TEST_SUITE_P(
    Table, LocalPath,
    testing::Values(PathCase{"Root", "/", true}, PathCase{"Page", "/a/b?c=d#e", true},
                    PathCase{"Nothing", "", false}, PathCase{"Url", "https://evil.example", false},
                    PathCase{"OtherHost", "//evil.example", false},
                    PathCase{"Backslash", "/\\evil.example", false},
                    PathCase{"LaterBackslash", "/a\\b", false}, PathCase{"Space", "/ a", false},
                    PathCase{"LineEnd", "/a\r\nSet-Cookie: b", false},
                    PathCase{"NotAscii", "/\xc3\xa9", false}, PathCase{"Relative", "a", false}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(SignInsTest, PathOfAnotherServerIsRefused) {
  const Provider provider = world_.provider();
  SignIns::Wanted wanted;
  wanted.provider = provider.key;
  wanted.return_to = "//evil.example";
  const auto refused = world_.run(world_.sign_ins().begin(wanted, world_.from));
  ASSERT_EQ(code_of(refused), ErrorCode::kInvalidRequest);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/return_to");
}

// --- providers that are switched off ---

TEST_F(SignInsTest, ProviderThatIsOffSignsNobodyIn) {
  const Provider provider = world_.provider();
  world_.own(world_.workspace, "acme.example");
  const auto arrival = world_.come(provider);
  ASSERT_TRUE(arrival);
  const auto id = *IdentityProviderId::parse(provider.key);
  Providers::Change off;
  off.is_enabled = false;
  ASSERT_TRUE(world_.run(world_.providers().change(world_.by(world_.workspace), id, off)));
  EXPECT_EQ(code_of(sign_in(*arrival)), ErrorCode::kNotFound) << "not even who came just before";
  EXPECT_EQ(code_of(world_.begin(provider.key)), ErrorCode::kNotFound);
}

TEST_F(SignInsTest, SessionsEndWithTheirProviderAndOthersStay) {
  const Provider provider = world_.provider();
  const Provider other = world_.provider();
  world_.own(world_.workspace, "acme.example");
  const auto arrival = world_.come(provider);
  const auto gone = sign_in(*arrival);
  const auto stays = sign_in(*world_.come(other));
  ASSERT_TRUE(gone);
  ASSERT_TRUE(stays);
  const auto id = *IdentityProviderId::parse(provider.key);
  ASSERT_TRUE(world_.run(world_.providers().remove(world_.by(world_.workspace), id)));
  EXPECT_EQ(code_of(world_.run(world_.accounts.find_session(gone->token))),
            ErrorCode::kInvalidSession);
  EXPECT_TRUE(world_.run(world_.accounts.find_session(stays->token)));
}

// --- links ---

TEST_F(SignInsTest, OwnerLinksAnIdentityAndComesInByIt) {
  const Provider provider = world_.provider();
  const UserId user = world_.user("ada@private.example");
  const auto linked = world_.come(provider, {}, user);
  ASSERT_TRUE(linked) << linked.error().detail;
  EXPECT_TRUE(linked->is_linked);
  EXPECT_THAT(world_.acts_of(user), Contains("identity.linked"));
  const auto arrival = world_.come(provider);
  ASSERT_TRUE(arrival);
  EXPECT_EQ(arrival->user, user);
}

TEST_F(SignInsTest, LinkNeedsTheSessionThatAskedForIt) {
  const Provider provider = world_.provider();
  const UserId user = world_.user("ada@private.example");
  const UserId stranger = world_.user("eve@private.example");
  auto begun = world_.begin(provider.key, user);
  EXPECT_EQ(code_of(world_.come_back(provider, *begun, {}, stranger)), ErrorCode::kInvalidSession);
  begun = world_.begin(provider.key, user);
  EXPECT_EQ(code_of(world_.come_back(provider, *begun, {}, UserId())), ErrorCode::kInvalidSession);
  EXPECT_THAT(*world_.run(world_.sign_ins().identities_of(user)), IsEmpty());
}

TEST_F(SignInsTest, IdentityBelongsToOneAccount) {
  const Provider provider = world_.provider();
  const UserId user = world_.user("ada@private.example");
  const UserId stranger = world_.user("eve@private.example");
  ASSERT_TRUE(world_.come(provider, {}, user));
  EXPECT_TRUE(world_.come(provider, {}, user)) << "again is the same";
  EXPECT_EQ(code_of(world_.come(provider, {}, stranger)), ErrorCode::kConflict);
  EXPECT_THAT(*world_.run(world_.sign_ins().identities_of(user)), SizeIs(1));
}

TEST_F(SignInsTest, IdentityThatIsUnlinkedEndsItsSessions) {
  const Provider provider = world_.provider();
  const UserId user = world_.user("ada@private.example");
  ASSERT_TRUE(world_.come(provider, {}, user));
  const auto signed_in = sign_in(*world_.come(provider));
  ASSERT_TRUE(signed_in);
  const auto identity = world_.run(world_.sign_ins().identities_of(user))->at(0);
  accounts::Session session;
  session.user.id = world_.owner;
  EXPECT_EQ(code_of(world_.run(world_.sign_ins().unlink(session, identity.id, world_.from))),
            ErrorCode::kNotFound)
      << "nobody else's";
  session.user = signed_in->session.user;
  ASSERT_TRUE(world_.run(world_.sign_ins().unlink(session, identity.id, world_.from)));
  EXPECT_EQ(code_of(world_.run(world_.accounts.find_session(signed_in->token))),
            ErrorCode::kInvalidSession);
  EXPECT_EQ(code_of(world_.come(provider)), ErrorCode::kSsoNotAdmitted);
}

TEST_F(SignInsTest, UnlinkedIdentityEndsSessionsOfAllProvidersThatItCameBy) {
  const Provider provider = world_.provider();
  const Provider second = world_.provider(world_.other_workspace, world_.draft());
  const UserId user = world_.user("ada@private.example");
  ASSERT_TRUE(world_.come(provider, {}, user));
  const auto first = sign_in(*world_.come(provider));
  const auto other = sign_in(*world_.come(second));
  ASSERT_TRUE(first && other);
  accounts::Session session;
  session.user = first->session.user;
  const auto identity = world_.run(world_.sign_ins().identities_of(user))->at(0);
  ASSERT_TRUE(world_.run(world_.sign_ins().unlink(session, identity.id, world_.from)));
  for (const auto* in : {&first, &other}) {
    EXPECT_EQ(code_of(world_.run(world_.accounts.find_session((*in)->token))),
              ErrorCode::kInvalidSession);
  }
}

// --- providers of everybody ---

TEST_F(SignInsTest, GoogleMakesAnAccountForAnAddressThatItIsTheAuthorityOf) {
  const auto arrival = world_.come(google(), {{"email", R"("ada@gmail.com")"}});
  ASSERT_TRUE(arrival) << arrival.error().detail;
  EXPECT_FALSE(arrival->may_join);
  const auto signed_in = sign_in(*arrival);
  ASSERT_TRUE(signed_in);
  EXPECT_TRUE(signed_in->session.voucher->workspace.is_none());
}

TEST_F(SignInsTest, GooglesCustomersAddressIsProvenToo) {
  EXPECT_TRUE(world_.come(google(), {{"hd", R"("acme.example")"}}));
}

TEST_F(SignInsTest, AddressThatGoogleOnlySawOnceProvesNothing) {
  EXPECT_EQ(code_of(world_.come(google())), ErrorCode::kSsoNotAdmitted);
}

TEST_F(SignInsTest, AccountOfEverybodysProviderNeedsTheTerms) {
  EXPECT_EQ(code_of(world_.come(google(), {{"email", R"("ada@gmail.com")"}}, {}, "")),
            ErrorCode::kSsoNotAdmitted);
}

TEST_F(SignInsTest, MicrosoftIsThereOnlyWhereItIsSet) {
  EXPECT_THAT(world_.sign_ins().globals(), SizeIs(1));
  EXPECT_EQ(code_of(world_.run(world_.sign_ins().open("microsoft"))), ErrorCode::kNotFound);
}

// --- and a second factor ---

/// Ada comes by Google, and has set up a second factor.
class SignInsWithFactor : public SignInsTest {
 protected:
  SignInsWithFactor() {
    const auto in = sign_in(*come());
    user_ = in->session.user.id;
    const auto begun =
        world_.run(world_.accounts.begin_second_factor(in->session, Secret(), world_.from));
    const auto enabled =
        world_.run(world_.accounts.confirm_second_factor(in->session, next_code(), world_.from));
    if (!begun || !enabled) throw std::runtime_error("no second factor");
    codes_ = enabled->recovery_codes;
  }
  Result<SignIns::Arrival> come() {
    return world_.come(google(), {{"email", R"("ada@gmail.com")"}});
  }
  Secret next_code() {
    world_.clock.advance(std::chrono::seconds(30));
    return accounts::shown_code(accounts::seed_of(*world_.db, world_.ring, user_),
                                world_.clock.now());
  }
  /// A browser that waits for a code.
  Secret waiting() {
    const auto entered = enter(*come());
    EXPECT_TRUE(entered);
    EXPECT_FALSE(entered->signed_in);
    return entered->browser;
  }
  Result<accounts::Accounts::SignedIn> confirm(const Secret& browser, const Secret& code) {
    return world_.run(world_.sign_ins().confirm(browser, code, Secret(), world_.from));
  }
  std::size_t sessions() { return world_.run(world_.accounts.sessions_of(user_))->size(); }

  UserId user_;
  std::vector<Secret> codes_;
};

TEST_F(SignInsWithFactor, CodeIsAskedForBeforeThereIsASession) {
  const auto before = sessions();
  const Secret browser = waiting();
  EXPECT_EQ(sessions(), before);
  const auto in = confirm(browser, next_code());
  ASSERT_TRUE(in) << in.error().detail;
  EXPECT_EQ(in->session.user.id, user_);
  EXPECT_TRUE(in->session.has_second_factor);
  EXPECT_EQ(in->session.voucher->provider, google().key);
  EXPECT_EQ(sessions(), before + 1);
}

TEST_F(SignInsWithFactor, RecoveryCodeLetsOneInToo) {
  EXPECT_TRUE(confirm(waiting(), codes_[0]));
  EXPECT_EQ(code_of(confirm(waiting(), codes_[0])), ErrorCode::kInvalidSecondFactor);
}

TEST_F(SignInsWithFactor, WaitingIsOverWithTheSession) {
  const Secret browser = waiting();
  ASSERT_TRUE(confirm(browser, next_code()));
  EXPECT_EQ(code_of(confirm(browser, next_code())), ErrorCode::kInvalidSession);
}

TEST_F(SignInsWithFactor, CodeIsTakenOnce) {
  const Secret one = waiting(), other = waiting();
  const Secret code = next_code();
  ASSERT_TRUE(confirm(one, code));
  EXPECT_EQ(code_of(confirm(other, code)), ErrorCode::kInvalidSecondFactor);
}

TEST_F(SignInsWithFactor, WrongCodeLeavesItWaitingUntilThereWereTooMany) {
  const Secret browser = waiting();
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(code_of(confirm(browser, Secret("abcdef"))), ErrorCode::kInvalidSecondFactor);
  EXPECT_EQ(code_of(confirm(browser, next_code())), ErrorCode::kRateLimited);
  EXPECT_EQ(code_of(confirm(waiting(), next_code())), ErrorCode::kRateLimited)
      << "beginning anew gives no new tries";
}

TEST_F(SignInsWithFactor, AnotherBrowserDoesNotWait) {
  (void)waiting();
  EXPECT_EQ(code_of(confirm(Secret("of another browser"), next_code())),
            ErrorCode::kInvalidSession);
  EXPECT_EQ(code_of(confirm(Secret(), next_code())), ErrorCode::kInvalidSession);
}

const store::Sql kWaiting("SELECT COUNT(*) FROM sso_waiting");
TEST_F(SignInsWithFactor, NobodyWaitsForLong) {
  const Secret browser = waiting();
  world_.clock.advance(SignIns::kAttemptLife);
  EXPECT_EQ(code_of(confirm(browser, next_code())), ErrorCode::kInvalidSession);
  ASSERT_TRUE(world_.run(world_.sign_ins().tidy()));
  EXPECT_THAT(testkit::numbers(*world_.db, kWaiting), ElementsAre(0));
}

TEST_F(SignInsWithFactor, WhatIsUnlinkedMeanwhileSignsNobodyIn) {
  const Secret browser = waiting();
  const auto identity = world_.run(world_.sign_ins().identities_of(user_))->at(0);
  accounts::Session session;
  session.user.id = user_;
  session.user.email = "ada@gmail.com";
  ASSERT_TRUE(world_.run(world_.sign_ins().unlink(session, identity.id, world_.from)));
  EXPECT_EQ(code_of(confirm(browser, next_code())), ErrorCode::kInvalidSession);
}

TEST_F(SignInsWithFactor, WorkspacesOwnProviderAsksAsItLikes) {
  const Provider provider = world_.provider();
  ASSERT_TRUE(world_.come(provider, {{"sub", R"("subject-2")"}}, user_));
  const auto in = sign_in(*world_.come(provider, {{"sub", R"("subject-2")"}}));
  ASSERT_TRUE(in);
  EXPECT_FALSE(in->session.has_second_factor);
}

TEST_F(SignInsTest, WaysInAreThoseThatAreLinkedEachOnce) {
  const Provider provider = world_.provider();
  const UserId user = world_.user("ada@private.example");
  ASSERT_TRUE(world_.come(provider, {}, user));
  ASSERT_TRUE(world_.come(provider, {{"sub", R"("subject-2")"}}, user));
  ASSERT_TRUE(world_.come(google(), {{"sub", R"("subject-3")"}}, user));
  const auto ways =
      testkit::in_snapshot(*world_.db, [&](store::Connection& db) { return ways_in(db, user); });
  ASSERT_THAT(ways, SizeIs(2));
  EXPECT_EQ(ways[0].name, "Acme");
  EXPECT_EQ(ways[0].provider, provider.key);
  EXPECT_EQ(ways[1].name, "Google");
}

TEST(GlobalProviders, MicrosoftsWordAboutAnAddressIsNeverProof) {
  oidc::Claims claims;
  claims.email = "ada@gmail.com";
  claims.email_verified = true;
  claims.hosted_domain = "gmail.com";
  EXPECT_TRUE(proves_email(kGoogle, claims));
  EXPECT_FALSE(proves_email(kMicrosoft, claims));
}

TEST(GlobalProviders, TenantsAreThoseOfTheListOrAll) {
  GlobalOptions options;
  EXPECT_TRUE(takes_tenant(options, "t1"));
  options.microsoft_tenants = {"T1"};
  EXPECT_TRUE(takes_tenant(options, "t1"));
  EXPECT_FALSE(takes_tenant(options, "t2"));
  EXPECT_FALSE(takes_tenant(options, ""));
}

}  // namespace
}  // namespace flowsell::sso
