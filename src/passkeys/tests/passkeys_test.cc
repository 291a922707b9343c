#include "passkeys/passkeys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "accounts_world.h"
#include "core/encoding.h"
#include "json/json.h"
#include "passkeys/schema.h"
#include "recovery_codes.h"
#include "soft_authenticator.h"

namespace flowsell::passkeys {
namespace {

using namespace std::chrono_literals;
using accounts::Accounts;
using accounts::kEmail;
using accounts::kOther;
using accounts::kPassword;
using accounts::Session;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing_support::SoftAuthenticator;
using testkit::code_of;

const store::Sql kChallenges("SELECT COUNT(*) || '' FROM passkey_challenges");
const store::Sql kEnable("UPDATE second_factors SET enabled_at = 1 WHERE user_id = ?1");

std::string challenge_in(const std::string& options) {
  const auto document = json::parse(options);
  const auto& text = document->root().as_object().at("challenge").as_string();
  return base64url_decode(std::string_view(text)).value();
}

/// The stable word of a refused registration.
template <class T>
std::string word_of(const Result<T>& result) {
  return result || result.error().fields.empty() ? "" : result.error().fields.front().code;
}

class PasskeysTest : public accounts::AccountsTest {
 protected:
  PasskeysTest() : AccountsTest({passkeys::migrations()}, &Passkeys::count_in) {
    sign_up_and_verify();
    mine_ = AccountsTest::sign_in()->session;
    device_.user_handle = mine_.user.id.blob();
  }

  Result<std::string> begin(const Session& by, const std::string& password = kPassword) {
    return run(passkeys_.begin(by, Secret(password), from_));
  }
  std::string challenge(const Session& by) {
    const auto options = begin(by);
    if (!options) throw std::runtime_error(options.error().detail);
    return challenge_in(*options);
  }
  Result<Passkey> add(RegistrationAnswer answer, const std::string& name = "phone") {
    return run(passkeys_.add(mine_, name, std::move(answer), from_));
  }
  Passkey add_device() {
    auto added = add(device_.make(challenge(mine_)));
    if (!added) throw std::runtime_error(added.error().detail);
    return *std::move(added);
  }
  struct Began {
    std::string challenge;
    Secret browser;
  };
  Began begin_sign_in(Passkeys& at) {
    auto begun = run(at.begin_sign_in(Secret(), from_));
    if (!begun) throw std::runtime_error(begun.error().detail);
    return {challenge_in(begun->options), std::move(begun->browser)};
  }
  Result<Accounts::SignedIn> finish(AssertionAnswer answer, const Secret& browser,
                                    const Secret& device = Secret()) {
    return run(passkeys_.sign_in(std::move(answer), browser, device, from_));
  }
  Result<Accounts::SignedIn> sign_in() {
    const auto began = begin_sign_in(passkeys_);
    return finish(device_.answer(began.challenge), began.browser);
  }

  Passkeys::Rooms rooms_{*db_, accounts_, ids_, clock_};
  Passkeys passkeys_{rooms_, RelyingParty::of("https://connect.example", "")};
  SoftAuthenticator device_;
  Session mine_;
};

// --- registration ---

TEST_F(PasskeysTest, PasskeyIsMadeAndListed) {
  const auto added = add_device();
  const auto all = run(passkeys_.of(mine_.user.id));
  ASSERT_TRUE(all);
  ASSERT_THAT(*all, SizeIs(1));
  EXPECT_EQ(all->front().id, added.id);
  EXPECT_EQ(all->front().name, "phone");
  EXPECT_EQ(all->front().transports, "internal,hybrid");
  EXPECT_EQ(all->front().used_at, std::nullopt);
  EXPECT_THAT(last_mail_to(kEmail), HasSubstr("A passkey was added"));
  EXPECT_THAT(acts_of(mine_.user.id), Contains("passkey.added"));
}

TEST_F(PasskeysTest, OptionsAskForWhatIsChecked) {
  add_device();
  const auto document = json::parse(begin(mine_).value());
  const auto& options = document->root().as_object();
  EXPECT_EQ(options.at("rp").as_object().at("id"), "connect.example");
  EXPECT_EQ(options.at("attestation"), "none");
  const auto& selection = options.at("authenticatorSelection").as_object();
  EXPECT_EQ(selection.at("userVerification"), "required");
  EXPECT_EQ(selection.at("residentKey"), "required");
  const auto& user = options.at("user").as_object();
  EXPECT_EQ(base64url_decode(std::string_view(user.at("id").as_string())), mine_.user.id.blob());
  const auto& excluded = options.at("excludeCredentials").as_array();
  ASSERT_EQ(excluded.size(), 1U);
  EXPECT_EQ(base64url_decode(std::string_view(excluded[0].as_object().at("id").as_string())),
            device_.credential_id);
}

TEST_F(PasskeysTest, BeginningNeedsThePassword) {
  EXPECT_EQ(code_of(begin(mine_, kOther)), ErrorCode::kInvalidCredentials);
  EXPECT_EQ(code_of(begin(mine_, "")), ErrorCode::kInvalidCredentials);
  EXPECT_THAT(testkit::texts(*db_, kChallenges), ElementsAre("0"));
}

TEST_F(PasskeysTest, ChallengeIsGoodOnceInItsSessionAndForFiveMinutes) {
  const auto made = device_.make(challenge(mine_));
  const Session other = AccountsTest::sign_in()->session;
  EXPECT_EQ(word_of(run(passkeys_.add(other, "phone", made, from_))), "wrong_challenge");
  EXPECT_TRUE(add(made)) << "which did not use it up";
  EXPECT_EQ(word_of(add(made)), "wrong_challenge");
  EXPECT_EQ(word_of(add(device_.make("made up"))), "wrong_challenge");
  device_.credential_id = "another";
  const auto late = device_.make(challenge(mine_));
  clock_.advance(5min);
  EXPECT_EQ(word_of(add(late)), "wrong_challenge");
}

TEST_F(PasskeysTest, RefusedAnswerUsesItsChallengeUp) {
  const std::string once = challenge(mine_);
  device_.user_verified = false;
  EXPECT_EQ(word_of(add(device_.make(once))), "user_not_verified");
  device_.user_verified = true;
  EXPECT_EQ(word_of(add(device_.make(once))), "wrong_challenge");
}

TEST_F(PasskeysTest, SignInsChallengeIsNoneOfARegistration) {
  EXPECT_EQ(word_of(add(device_.make(begin_sign_in(passkeys_).challenge))), "wrong_challenge");
}

TEST_F(PasskeysTest, CredentialBelongsToOneAccount) {
  add_device();
  EXPECT_EQ(code_of(add(device_.make(challenge(mine_)))), ErrorCode::kConflict);
}

TEST_F(PasskeysTest, AnAccountHasTwenty) {
  const std::string early = challenge(mine_);
  for (int i = 0; i < 20; ++i) {
    device_.credential_id = "credential " + std::to_string(i);
    add_device();
  }
  EXPECT_EQ(code_of(begin(mine_)), ErrorCode::kConflict);
  device_.credential_id = "one more";
  EXPECT_EQ(code_of(add(device_.make(early))), ErrorCode::kConflict);
}

TEST_F(PasskeysTest, EndedSessionAddsNone) {
  const auto made = device_.make(challenge(mine_));
  ASSERT_TRUE(run(accounts_.end_session(mine_, mine_.id, from_)));
  EXPECT_EQ(code_of(add(made)), ErrorCode::kInvalidSession);
}

TEST_F(PasskeysTest, NameIsOneLine) {
  EXPECT_EQ(code_of(add(device_.make(challenge(mine_)), "two\nlines")), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code_of(add(device_.make(challenge(mine_)), "  ")), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code_of(add(device_.make(challenge(mine_)), std::string(101, 'n'))),
            ErrorCode::kInvalidRequest);
}

TEST_F(PasskeysTest, IsRenamedByItsOwnerOnly) {
  const auto added = add_device();
  EXPECT_EQ(run(passkeys_.rename(mine_, added.id, "new phone", from_))->name, "new phone");
  Session stranger = mine_;
  stranger.user.id = ids_.next<IdKind::kUser>();
  EXPECT_EQ(code_of(run(passkeys_.rename(stranger, added.id, "mine", from_))),
            ErrorCode::kNotFound);
  EXPECT_EQ(code_of(run(passkeys_.remove(stranger, added.id, from_))), ErrorCode::kNotFound);
  EXPECT_THAT(acts_of(mine_.user.id), Contains("passkey.renamed"));
}

TEST_F(PasskeysTest, WhoHasASecondFactorAddsOneInASessionThatItHasConfirmed) {
  const auto early = device_.make(challenge(mine_));
  const auto enrolment = run(accounts_.begin_second_factor(mine_, Secret(kPassword), from_));
  ASSERT_TRUE(enrolment);
  EXPECT_TRUE(begin(mine_)) << "one that was only begun is none";
  ASSERT_TRUE(testkit::write(
      *db_, [this](store::Connection& db) { return db.write(kEnable, {mine_.user.id}); }));
  EXPECT_EQ(code_of(begin(mine_)), ErrorCode::kSecondFactorRequired);
  EXPECT_EQ(code_of(add(early)), ErrorCode::kSecondFactorRequired) << "nor what was begun before";
  Session confirmed = mine_;
  confirmed.has_second_factor = true;
  EXPECT_TRUE(begin(confirmed));
}

// --- signing in ---

TEST_F(PasskeysTest, SignsInAsIfBothFactorsWereProven) {
  const auto added = add_device();
  const auto signed_in = sign_in();
  ASSERT_TRUE(signed_in);
  const auto session = run(accounts_.find_session(signed_in->token));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->user.id, mine_.user.id);
  EXPECT_EQ(session->passkey, added.id);
  EXPECT_TRUE(session->has_second_factor);
  EXPECT_FALSE(session->voucher);
  EXPECT_EQ(run(passkeys_.of(mine_.user.id))->front().used_at, clock_.now());
}

TEST_F(PasskeysTest, SecondFactorThatIsDisabledLeavesItsSessionsConfirmed) {
  add_device();
  const auto signed_in = sign_in();
  ASSERT_TRUE(signed_in);
  const Session by = signed_in->session;
  const auto enrolment = run(accounts_.begin_second_factor(by, Secret(kPassword), from_));
  ASSERT_TRUE(enrolment);
  ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) -> Result<> {
    static const store::Sql kCode(
        "INSERT INTO recovery_codes (user_id, code_hash) VALUES (?1, ?2)");
    CHECK_OK(db.write(kEnable, {by.user.id}));
    const auto hash =
        accounts::recovery_code_hash(by.user.id, "aaaaaa-aaaaaa-aaaaaa-aaaaaa").value();
    return db.write(kCode, {by.user.id, store::Param::blob(as_text(hash))});
  }));
  const auto token = run(accounts_.disable_second_factor(
      by, Secret(kPassword), Secret("aaaaaa-aaaaaa-aaaaaa-aaaaaa"), from_));
  ASSERT_TRUE(token);
  EXPECT_TRUE(run(accounts_.find_session(*token))->has_second_factor);
}

TEST_F(PasskeysTest, ReplayedAnswerIsRefused) {
  add_device();
  const auto began = begin_sign_in(passkeys_);
  const auto answer = device_.answer(began.challenge);
  EXPECT_TRUE(finish(answer, began.browser));
  EXPECT_EQ(code_of(finish(answer, began.browser)), ErrorCode::kInvalidPasskey);
}

TEST_F(PasskeysTest, ChallengeIsGoodInTheBrowserThatAskedForIt) {
  add_device();
  const auto began = begin_sign_in(passkeys_);
  const auto other = begin_sign_in(passkeys_);
  const auto answer = device_.answer(began.challenge);
  EXPECT_EQ(code_of(finish(answer, other.browser)), ErrorCode::kInvalidPasskey);
  EXPECT_EQ(code_of(finish(answer, Secret())), ErrorCode::kInvalidPasskey);
  EXPECT_TRUE(finish(answer, began.browser));
}

TEST_F(PasskeysTest, BrowserMayHaveSeveralAtATime) {
  add_device();
  const auto first = begin_sign_in(passkeys_);
  const auto second = run(passkeys_.begin_sign_in(first.browser, from_));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->browser.reveal(), first.browser.reveal());
  EXPECT_TRUE(finish(device_.answer(first.challenge), first.browser));
  EXPECT_TRUE(finish(device_.answer(challenge_in(second->options)), first.browser));
}

TEST_F(PasskeysTest, ChallengeEndsWithItsTimeAndIsTidiedAway) {
  add_device();
  const auto began = begin_sign_in(passkeys_);
  clock_.advance(5min);
  EXPECT_EQ(code_of(finish(device_.answer(began.challenge), began.browser)),
            ErrorCode::kInvalidPasskey);
  EXPECT_THAT(testkit::texts(*db_, kChallenges), ElementsAre("1"));
  ASSERT_TRUE(run(passkeys_.tidy()));
  EXPECT_THAT(testkit::texts(*db_, kChallenges), ElementsAre("0"));
}

TEST_F(PasskeysTest, OneReplicaFinishesWhatAnotherHasBegun) {
  add_device();
  Passkeys other{rooms_, RelyingParty::of("https://connect.example", "")};
  const auto began = begin_sign_in(other);
  EXPECT_TRUE(finish(device_.answer(began.challenge), began.browser));
}

TEST_F(PasskeysTest, OfAClosedAccountItOpensNothing) {
  add_device();
  ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) {
    return Accounts::close_in(db, mine_.user.id, clock_.now());
  }));
  const auto acts = acts_of(mine_.user.id);
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kInvalidPasskey);
  EXPECT_EQ(code_of(begin(mine_)), ErrorCode::kInvalidCredentials);
  const auto passkey = run(passkeys_.of(mine_.user.id))->front().id;
  EXPECT_EQ(code_of(run(passkeys_.remove(mine_, passkey, from_))), ErrorCode::kInvalidSession);
  EXPECT_EQ(acts_of(mine_.user.id), acts);
}

TEST_F(PasskeysTest, NobodysPasskeyAndAWrongSignatureAreToldAlike) {
  add_device();
  SoftAuthenticator thief;
  thief.credential_id = device_.credential_id;
  thief.user_handle = device_.user_handle;
  thief.sign_count = 100;
  auto began = begin_sign_in(passkeys_);
  const auto forged = finish(thief.answer(began.challenge), began.browser);
  ASSERT_FALSE(forged);
  EXPECT_EQ(forged.error().code, ErrorCode::kInvalidPasskey);
  EXPECT_THAT(acts_of(mine_.user.id), Contains("user.sign_in_failed"));
  thief.credential_id = "nobody's";
  began = begin_sign_in(passkeys_);
  const auto unknown = finish(thief.answer(began.challenge), began.browser);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().detail, forged.error().detail);
}

TEST_F(PasskeysTest, UserHandleMustBeItsOwners) {
  add_device();
  device_.user_handle = "somebody else";
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kInvalidPasskey);
}

TEST_F(PasskeysTest, CounterThatGoesBackIsRefusedAndTold) {
  add_device();
  device_.sign_count = 9;
  ASSERT_TRUE(sign_in());
  device_.sign_count = 9;
  device_.counts = false;
  const auto mails = mails_to(kEmail);
  EXPECT_THAT(sign_in().error().detail, HasSubstr("counted backwards"));
  EXPECT_THAT(last_mail_to(kEmail), HasSubstr("it may be a copy"));
  EXPECT_THAT(acts_of(mine_.user.id), Contains("passkey.counter_went_back"));
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kInvalidPasskey);
  EXPECT_EQ(mails_to(kEmail), mails + 1) << "once a day";
  device_.counts = true;
  device_.sign_count = 10;
  EXPECT_TRUE(sign_in()) << "the owner's goes on";
}

TEST_F(PasskeysTest, PasskeyThatDoesNotCountIsTaken) {
  device_.counts = false;
  add_device();
  EXPECT_TRUE(sign_in());
  EXPECT_TRUE(sign_in());
}

TEST_F(PasskeysTest, OfTwoAnswersWithOneCountOneGetsIn) {
  add_device();
  const auto first = begin_sign_in(passkeys_);
  const auto second = begin_sign_in(passkeys_);
  device_.counts = false;
  device_.sign_count = 5;
  Result<Accounts::SignedIn> one;
  std::jthread beside([&] { one = finish(device_.answer(first.challenge), first.browser); });
  SoftAuthenticator copy = device_;
  const auto other = finish(copy.answer(second.challenge), second.browser);
  beside.join();
  EXPECT_NE(one.has_value(), other.has_value());
}

TEST_F(PasskeysTest, RemovedPasskeySignsNobodyInAndItsSessionsEnd) {
  const auto added = add_device();
  const auto by_passkey = sign_in();
  ASSERT_TRUE(by_passkey);
  ASSERT_TRUE(run(passkeys_.remove(mine_, added.id, from_)));
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kInvalidPasskey);
  EXPECT_EQ(code_of(run(accounts_.find_session(by_passkey->token))), ErrorCode::kInvalidSession);
  EXPECT_THAT(*run(accounts_.sessions_of(mine_.user.id)), SizeIs(1)) << "the others go on";
  EXPECT_THAT(*run(passkeys_.of(mine_.user.id)), IsEmpty());
  EXPECT_THAT(last_mail_to(kEmail), HasSubstr("A passkey was removed"));
}

TEST_F(PasskeysTest, TriesAreCountedWithThoseByPassword) {
  add_device();
  for (int i = 0; i < 100; ++i) {
    const auto began = begin_sign_in(passkeys_);
    SoftAuthenticator thief;
    (void)finish(thief.answer(began.challenge), began.browser);
  }
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kRateLimited);
  EXPECT_EQ(code_of(AccountsTest::sign_in()), ErrorCode::kRateLimited);
}

TEST_F(PasskeysTest, PasswordResetLeavesThemAndSaysSo) {
  add_device();
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  ASSERT_TRUE(run(accounts_.reset_password(token_for(), Secret(kOther), from_)));
  EXPECT_THAT(last_mail_to(kEmail), HasSubstr("A passkey can still sign in"));
  EXPECT_TRUE(sign_in());
}

TEST_F(PasskeysTest, ChangedPasswordSaysHowManyThereAre) {
  add_device();
  device_.credential_id = "another";
  add_device();
  ASSERT_TRUE(run(accounts_.change_password(mine_, Secret(kPassword), Secret(kOther), from_)));
  EXPECT_THAT(last_mail_to(kEmail), HasSubstr("2 passkeys can still sign in"));
}

TEST_F(PasskeysTest, ChangedPasswordSaysNothingWhereThereAreNone) {
  ASSERT_TRUE(run(accounts_.change_password(mine_, Secret(kPassword), Secret(kOther), from_)));
  EXPECT_THAT(last_mail_to(kEmail), Not(HasSubstr("passkey")));
}

TEST_F(PasskeysTest, DeviceIsKnownToPasswordsAfterwards) {
  add_device();
  const auto signed_in = sign_in();
  ASSERT_TRUE(signed_in);
  for (int i = 0; i < 12; ++i) (void)AccountsTest::sign_in(kOther);
  EXPECT_EQ(code_of(AccountsTest::sign_in()), ErrorCode::kRateLimited);
  EXPECT_TRUE(AccountsTest::sign_in(kPassword, signed_in->device));
}

TEST_F(PasskeysTest, WithoutANameOfTheServerThereAreNone) {
  Passkeys none{rooms_, std::nullopt};
  EXPECT_EQ(code_of(run(none.begin(mine_, Secret(kPassword), from_))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(run(none.begin_sign_in(Secret(), from_))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(run(none.sign_in({}, Secret(), Secret(), from_))), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace flowsell::passkeys
