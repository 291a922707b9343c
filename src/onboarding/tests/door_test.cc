#include "onboarding/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "onboarding_world.h"

namespace flowsell::onboarding {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testkit::code_of;

/// The exchange, and whose the token is.
constexpr std::size_t kCallsOfACode = 2;

const store::Sql kCutOff("UPDATE onboarding_sessions SET state = 4, busy_until = ?1");

class DoorTest : public testing::Test {
 protected:
  Session made(Sessions::Draft draft = {}) {
    auto created = world_.create(std::move(draft));
    link_ = std::string(created.link.reveal());
    return created.session;
  }
  Result<Session> code(const Session& session, std::string text = "AQ1") {
    return testkit::run(world_.pool, world_.door.take_code(session, Secret(std::move(text)), {}));
  }
  Result<Session> message(const Session& session, std::string_view event, std::string_view data) {
    std::string text = R"({"type":"WA_EMBEDDED_SIGNUP","event":")";
    text.append(event).append(R"(","data":)").append(data).append("}");
    return testkit::run(world_.pool, world_.door.take_message(session, std::move(text), {}));
  }
  Result<Session> connect(const Session& session, std::string pin = {}) {
    return testkit::run(world_.pool, world_.door.connect(session, Secret(std::move(pin)), {}));
  }
  Session signed_up() {
    const Session session = made();
    world_.answer_with_token();
    return *code(session);
  }
  void left(const std::string& user, Time at) {
    ASSERT_TRUE(testkit::run(world_.pool, world_.door.person_left({world_.caller.mode, user, at})));
  }
  /// The state of the dialog's address.
  static std::string state_of(const std::string& url) {
    const auto at = url.find("&state=") + 7;
    return url.substr(at, url.find('&', at) - at);
  }
  Result<std::string> leave(const Session& session, const Secret& browser) {
    return testkit::run(world_.pool, world_.door.begin_oauth(session, browser, {}));
  }
  Result<Session> come_back(const Session& session, const Secret& browser, std::string query) {
    return testkit::run(world_.pool,
                        world_.door.finish_oauth(session, browser, std::move(query), {}));
  }

  OnboardingWorld world_;
  std::string link_;
  const Secret browser_{std::string("a browser's secret")};
};

// --- links ---

TEST_F(DoorTest, OnlyTheWholeLinkLeadsToIt) {
  made();
  EXPECT_TRUE(testkit::run(world_.pool, world_.door.find(link_)));
  std::string other = link_;
  other.back() = other.back() == 'a' ? 'b' : 'a';
  EXPECT_EQ(code_of(testkit::run(world_.pool, world_.door.find(other))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(testkit::run(world_.pool, world_.door.find("x"))), ErrorCode::kNotFound);
}

TEST_F(DoorTest, AVisitIsNotedOnce) {
  const Session session = made();
  for (int i = 0; i < 2; ++i) {
    const Session now = world_.now(session);
    EXPECT_EQ(testkit::run(world_.pool, world_.door.open(now, {}))->state, State::kOpened);
  }
  EXPECT_THAT(world_.acts(), ElementsAre("opened", "created"));
}

// --- the consent ---

TEST_F(DoorTest, ACodeIsExchangedAtOnceAndItsTokenSealed) {
  const Session session = made();
  world_.answer_with_token();
  const auto after = code(session, "AQ/1");
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, State::kSignedUp);
  EXPECT_EQ(after->consent, Consent::kHeld);
  EXPECT_THAT(after->sealed_grant, Not(HasSubstr("EAA1")));
  EXPECT_GE(after->granted_until, session.created_at + std::chrono::seconds(5'184'000));
  const auto seen = world_.provider.wait_for(1);
  EXPECT_THAT(seen.at(0).body, HasSubstr("code=AQ%2F1"));
  EXPECT_THAT(seen.at(0).body, Not(HasSubstr("redirect_uri")));
  EXPECT_EQ(after->grant_user, "10203");
  EXPECT_EQ(world_.now(session).grant_user, "10203");
}

TEST_F(DoorTest, ATokenOfWhichNobodyKnowsWhoseItIsIsNotHeld) {
  const Session session = made();
  world_.provider.then(200, R"({"access_token":"EAA1","token_type":"bearer"})");
  world_.provider.then(500, "no");
  const auto failed = code(session);
  EXPECT_EQ(failed->failure, Failure::kProviderUnreachable);
  EXPECT_EQ(failed->next(), Next::kSignUp);
  EXPECT_EQ(failed->sealed_grant, "");
}

TEST_F(DoorTest, ASecondCodeChangesNothing) {
  const Session session = signed_up();
  const auto again = code(session, "AQ2");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sealed_grant, session.sealed_grant);
  EXPECT_EQ(world_.provider.seen_count(), kCallsOfACode);
}

TEST_F(DoorTest, TwoTabsWithTheirCodesAtOnceExchangeOne) {
  const Session session = made();
  world_.provider.hold();
  world_.answer_with_token();
  std::optional<Result<Session>> first;
  std::thread tab([&] { first = code(session, "AQ1"); });
  EXPECT_THAT(world_.provider.wait_for(1), SizeIs(1));
  const auto second = code(session, "AQ2");
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->is_busy(world_.clock.now()));
  world_.provider.release();
  tab.join();
  EXPECT_EQ((*first)->state, State::kSignedUp);
  EXPECT_EQ(world_.provider.seen_count(), kCallsOfACode);
}

struct ExchangeCase {
  const char* name;
  int code, subcode;
  Failure failure;
};
class DoorExchange : public DoorTest, public testing::WithParamInterface<ExchangeCase> {};

TEST_P(DoorExchange, ARefusedCodeIsSaidInWordsAndTheLinkGoesOn) {
  const Session session = made();
  world_.answer_with_error(GetParam().code, GetParam().subcode);
  const auto failed = code(session);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->state, State::kFailed);
  EXPECT_EQ(failed->failure, GetParam().failure);
  EXPECT_EQ(failed->provider_code, GetParam().code);
  EXPECT_EQ(failed->next(), Next::kSignUp);
  world_.answer_with_token();
  EXPECT_EQ(code(session)->state, State::kSignedUp);
}

constexpr ExchangeCase kExchangeCases[] = {
    {"Late", 100, 36007, Failure::kCodeExpired},
    {"Used", 100, 36009, Failure::kCodeUsed},
    {"OtherRedirect", 100, 36008, Failure::kSetupFault},
    {"WrongSecret", 1, 0, Failure::kSetupFault},
    {"NoCode", 100, 0, Failure::kProviderRefused},
};
INSTANTIATE_TEST_SUITE_P(Table, DoorExchange, testing::ValuesIn(kExchangeCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(DoorTest, AnAnswerThatCantBeReadIsNoConsent) {
  const Session session = made();
  world_.provider.then(200, "<html>");
  const auto failed = code(session);
  EXPECT_EQ(failed->failure, Failure::kProviderUnreachable);
  EXPECT_EQ(failed->next(), Next::kSignUp);
}

TEST_F(DoorTest, AnOverLinkTakesNoCode) {
  const Session session = made();
  ASSERT_TRUE(testkit::run(world_.pool, world_.sessions.revoke(world_.by(), session.id)));
  EXPECT_EQ(code(session)->state, State::kRevoked);
  EXPECT_EQ(world_.provider.seen_count(), 0U);
}

TEST_F(DoorTest, AnExpiredLinkTakesNoCode) {
  const Session session = made({.life = 1h});
  world_.clock.skip(1h);
  EXPECT_EQ(code(session)->consent, Consent::kNone);
  EXPECT_EQ(world_.provider.seen_count(), 0U);
}

// --- messages ---

TEST_F(DoorTest, AMessageIsAHintBeforeOrAfterTheCode) {
  const Session session = made();
  ASSERT_TRUE(message(session, "FINISH", R"({"waba_id":"52","phone_number_id":"106"})"));
  world_.answer_with_token();
  const auto after = code(session);
  EXPECT_EQ(after->account, "52");
  EXPECT_EQ(after->address, "106");
  const auto again = message(session, "FINISH", R"({"waba_id":"53"})");
  EXPECT_EQ(again->account, "53");
  EXPECT_EQ(again->state, State::kSignedUp);
}

TEST_F(DoorTest, WhatAWindowRepeatsIsOnRecordOnce) {
  const Session session = made();
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(message(session, "FINISH", R"({"waba_id":"52","phone_number_id":"106"})"));
  EXPECT_THAT(world_.acts(), ElementsAre("window_finished", "created"));
}

TEST_F(DoorTest, ACancelIsSaidAndTheLinkGoesOn) {
  const Session session = made();
  const auto cancelled = message(session, "CANCEL", R"({"current_step":"PHONE_NUMBER_SETUP"})");
  EXPECT_EQ(cancelled->state, State::kCancelled);
  EXPECT_EQ(cancelled->failure, Failure::kCancelled);
  world_.answer_with_token();
  const auto after = code(session);
  EXPECT_EQ(after->state, State::kSignedUp);
  EXPECT_EQ(after->failure, std::nullopt);
}

TEST_F(DoorTest, AnErrorOfTheWindowBearsItsNumber) {
  const Session session = made();
  const auto failed = message(session, "CANCEL", R"({"error_message":"m","error_code":"524126"})");
  EXPECT_EQ(failed->failure, Failure::kSignupError);
  EXPECT_EQ(failed->provider_code, 524126);
}

TEST_F(DoorTest, AConsentStandsWhateverAWindowSaysAfterwards) {
  const Session session = signed_up();
  EXPECT_EQ(message(session, "CANCEL", "{}")->state, State::kSignedUp);
}

TEST_F(DoorTest, WhatIsNoMessageIsRefused) {
  const Session session = made();
  EXPECT_EQ(code_of(message(session, "SOMETHING", "{}")), ErrorCode::kInvalidRequest);
}

// --- the steps ---

TEST_F(DoorTest, TheStepsGetTheTokenAndWhatTheBrowserTold) {
  const Session session = signed_up();
  ASSERT_TRUE(message(session, "FINISH", R"({"waba_id":"52","phone_number_id":"106"})"));
  world_.steps.outcome = AccountOutcome{.connection = world_.ids.next<IdKind::kConnection>()};
  const auto done = connect(session, "123456");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->state, State::kDone);
  EXPECT_EQ(done->consent, Consent::kNone);
  EXPECT_EQ(done->sealed_grant, "");
  EXPECT_EQ(done->connection, world_.steps.outcome->connection);
  const AccountWanted& wanted = world_.steps.seen.at(0);
  EXPECT_EQ(wanted.token.reveal(), "EAA1");
  EXPECT_EQ(wanted.account, "52");
  EXPECT_EQ(wanted.address, "106");
  EXPECT_EQ(wanted.pin.reveal(), "123456");
  EXPECT_THAT(world_.acts(), ElementsAre("completed", "window_finished", "signed_up", "created"));
}

TEST_F(DoorTest, AUsedLinkShowsForAnHourWhoseAccountItIs) {
  const Session session = signed_up();
  world_.steps.outcome = AccountOutcome{.connection = world_.ids.next<IdKind::kConnection>()};
  const auto done = connect(session);
  const auto shown = [&] { return testkit::run(world_.pool, world_.door.show(*done))->numbers; };
  world_.clock.skip(59min);
  EXPECT_THAT(shown(), SizeIs(1));
  world_.clock.skip(2min);
  EXPECT_THAT(shown(), SizeIs(0));
}

TEST_F(DoorTest, WithoutAConsentThereAreNoSteps) {
  EXPECT_EQ(code_of(connect(made())), ErrorCode::kConflict);
  EXPECT_THAT(world_.steps.seen, SizeIs(0));
}

TEST_F(DoorTest, AUsedLinkDoesNothingMore) {
  const Session session = signed_up();
  ASSERT_EQ(connect(session)->state, State::kDone);
  EXPECT_EQ(connect(session)->state, State::kDone);
  EXPECT_EQ(code(session)->state, State::kDone);
  EXPECT_EQ(message(session, "CANCEL", "{}")->state, State::kDone);
  EXPECT_THAT(world_.steps.seen, SizeIs(1));
}

TEST_F(DoorTest, APinThatIsMissingIsAskedFor) {
  const Session session = signed_up();
  world_.steps.outcome = AccountOutcome{.failure = Failure::kPinNeeded,
                                        .connection = world_.ids.next<IdKind::kConnection>()};
  const auto waiting = connect(session);
  EXPECT_EQ(waiting->state, State::kAwaitingPin);
  EXPECT_EQ(waiting->next(), Next::kPin);
  EXPECT_EQ(waiting->consent, Consent::kStored);
  world_.steps.outcome = AccountOutcome{
      .failure = Failure::kPinWrong, .provider_code = 133005, .connection = waiting->connection};
  EXPECT_EQ(connect(session, "111111")->next(), Next::kPin);
  world_.steps.outcome = AccountOutcome{.connection = waiting->connection};
  EXPECT_EQ(connect(session, "222222")->state, State::kDone);
  // Once the connection has it, the token is not given again.
  EXPECT_TRUE(world_.steps.seen.at(1).token.empty());
  EXPECT_EQ(world_.steps.seen.at(2).connection, waiting->connection);
}

TEST_F(DoorTest, WhatOnlyANewConsentMendsForgetsTheOldOne) {
  const Session session = signed_up();
  world_.steps.outcome = AccountOutcome{.failure = Failure::kAccessMissing};
  const auto failed = connect(session);
  EXPECT_EQ(failed->consent, Consent::kNone);
  EXPECT_EQ(failed->next(), Next::kSignUp);
  world_.answer_with_token();
  EXPECT_EQ(code(session)->state, State::kSignedUp);
}

TEST_F(DoorTest, WhatFailsOnOurSideCanBeTriedAgain) {
  const Session session = signed_up();
  world_.steps.outcome = fail(ErrorCode::kStoreUnavailable, "away");
  const auto failed = connect(session);
  EXPECT_EQ(failed->failure, Failure::kInternal);
  EXPECT_EQ(failed->next(), Next::kConnect);
  world_.steps.outcome = AccountOutcome{};
  EXPECT_EQ(connect(session)->state, State::kDone);
}

TEST_F(DoorTest, ANumberThatStaysOnItsPhoneNeedsALinkThatAllowsIt) {
  for (const bool allows : {false, true}) {
    const Session session = made({.allows_coexistence = allows});
    ASSERT_TRUE(message(session, "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING", R"({"waba_id":"52"})"));
    world_.answer_with_token();
    ASSERT_TRUE(code(session));
    const auto after = connect(session);
    EXPECT_EQ(after->state, allows ? State::kDone : State::kFailed);
    if (!allows) EXPECT_EQ(after->failure, Failure::kCoexistenceRefused);
  }
  ASSERT_THAT(world_.steps.seen, SizeIs(1));
  EXPECT_TRUE(world_.steps.seen.at(0).coexists);
}

TEST_F(DoorTest, StartingAgainAsksForAnotherConsent) {
  const Session session = signed_up();
  world_.steps.outcome = AccountOutcome{.failure = Failure::kNumberElsewhere,
                                        .connection = world_.ids.next<IdKind::kConnection>()};
  ASSERT_EQ(connect(session)->next(), Next::kConnect);
  const auto again = testkit::run(world_.pool, world_.door.restart(session, {}));
  EXPECT_EQ(again->state, State::kOpened);
  EXPECT_EQ(again->consent, Consent::kNone);
  world_.answer_with_token();
  EXPECT_EQ(code(session)->state, State::kSignedUp);
}

TEST_F(DoorTest, WorkThatACrashCutOffIsGoneOnWith) {
  const Session session = signed_up();
  const Time until = world_.clock.now() + 1min;
  ASSERT_TRUE(testkit::write(
      *world_.db, [until](store::Connection& db) { return db.write(kCutOff, {until}); }));
  EXPECT_EQ(connect(session)->state, State::kConnecting);
  world_.clock.skip(1min);
  EXPECT_EQ(connect(session)->state, State::kDone);
}

// --- who has given it takes it back ---

TEST_F(DoorTest, WhoTakesItBackLeavesNoTokenOfASignUpThatWasNotFinished) {
  const Session session = signed_up();
  const Session other = made();
  world_.answer_with_token("777");
  ASSERT_TRUE(code(other));
  left("10203", world_.clock.now());
  const Session now = world_.now(session);
  EXPECT_EQ(now.sealed_grant, "");
  EXPECT_EQ(now.grant_user, "");
  EXPECT_EQ(now.consent, Consent::kNone);
  EXPECT_EQ(now.state, State::kFailed);
  EXPECT_EQ(now.next(), Next::kSignUp);
  EXPECT_EQ(world_.acts().front(), "consent_withdrawn");
  EXPECT_EQ(world_.now(other).consent, Consent::kHeld);
}

TEST_F(DoorTest, WhatIsGivenLaterIsNotTakenBackByAnOldRequest) {
  const Time before = world_.clock.now();
  world_.clock.skip(1h);
  const Session session = signed_up();
  left("10203", before);
  EXPECT_EQ(world_.now(session).consent, Consent::kHeld);
}

TEST_F(DoorTest, ATokenThatIsUsedAtThisMomentIsNotKeptEither) {
  const Session session = signed_up();
  const Time until = world_.clock.now() + 1min;
  ASSERT_TRUE(testkit::write(
      *world_.db, [until](store::Connection& db) { return db.write(kCutOff, {until}); }));
  left("10203", world_.clock.now());
  const Session now = world_.now(session);
  EXPECT_EQ(now.sealed_grant, "");
  EXPECT_EQ(now.state, State::kConnecting);
}

// --- by redirect ---

TEST_F(DoorTest, ARedirectComesBackWithACode) {
  const Session session = made({.way = Way::kOauth});
  const auto url = leave(session, browser_);
  ASSERT_TRUE(url);
  EXPECT_THAT(*url, HasSubstr("redirect_uri=https%3A%2F%2Fconnect.example%2Fconnect%2Foauth"));
  world_.answer_with_token();
  const auto back = come_back(session, browser_, "code=AQ1&state=" + state_of(*url));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->state, State::kSignedUp);
  EXPECT_THAT(world_.provider.wait_for(1).at(0).body,
              HasSubstr("redirect_uri=https%3A%2F%2Fconnect.example%2Fconnect%2Foauth%2Fcallback"));
}

TEST_F(DoorTest, AStateIsGoodOnceInTheBrowserThatBegan) {
  const Session session = made({.way = Way::kOauth});
  const auto url = leave(session, browser_);
  const std::string query = "code=AQ1&state=" + state_of(*url);
  EXPECT_EQ(code_of(come_back(session, Secret(std::string("another")), query)),
            ErrorCode::kInvalidToken);
  EXPECT_EQ(code_of(come_back(session, browser_, "code=AQ1&state=x")), ErrorCode::kInvalidToken);
  EXPECT_EQ(code_of(come_back(session, browser_, "code=AQ1")), ErrorCode::kInvalidToken);
  world_.answer_with_token();
  EXPECT_TRUE(come_back(session, browser_, query));
  EXPECT_EQ(code_of(come_back(session, browser_, query)), ErrorCode::kInvalidToken);
  EXPECT_EQ(world_.provider.seen_count(), kCallsOfACode);
}

TEST_F(DoorTest, ADenialIsSaidAndTheLinkGoesOn) {
  const Session session = made({.way = Way::kOauth});
  const auto url = leave(session, browser_);
  const auto denied = come_back(session, browser_, "error=access_denied&state=" + state_of(*url));
  EXPECT_EQ(denied->state, State::kCancelled);
  EXPECT_EQ(denied->failure, Failure::kDenied);
  EXPECT_TRUE(leave(session, browser_));
}

TEST_F(DoorTest, ASignupLinkHasNoRedirect) {
  EXPECT_EQ(code_of(leave(made(), browser_)), ErrorCode::kConflict);
}

}  // namespace
}  // namespace flowsell::onboarding
