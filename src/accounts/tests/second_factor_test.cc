#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts/accounts.h"
#include "accounts_world.h"
#include "authenticator.h"
#include "store/change.h"

namespace flowsell::accounts {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr store::WriteKind kTestKind{"second-factor-test", 8, store::apply_each<store::Change>};

class SecondFactorTest : public AccountsTest {
 protected:
  SecondFactorTest() { sign_up_and_verify(); }

  /// What the authenticator shows now; the clock goes on, so that each is another.
  Secret next_code(const UserId& user) {
    clock_.advance(30s);
    return code_at(user, 0);
  }
  Secret code_at(const UserId& user, int skew) {
    return shown_code(seed_of(*db_, ring_, user), clock_.now() + skew * 30s);
  }
  Result<Accounts::SignedIn> sign_in_with(const Secret& code, const Secret& device = Secret(),
                                          const std::string& password = kPassword) {
    return run(accounts_.sign_in({kEmail, Secret(password), device, code}, from_));
  }
  Result<Accounts::EnabledFactor> enable(const Session& by) {
    const auto begun = run(accounts_.begin_second_factor(by, Secret(kPassword), from_));
    EXPECT_TRUE(begun);
    return run(accounts_.confirm_second_factor(by, next_code(by.user.id), from_));
  }
  /// Signed in, with a second factor.
  void enable() {
    const auto before = sign_in();
    ASSERT_TRUE(before);
    user_ = before->session.user.id;
    device_ = before->device;
    auto enabled = enable(before->session);
    ASSERT_TRUE(enabled);
    codes_ = enabled->recovery_codes;
    token_ = enabled->token;
  }
  Session mine() { return *run(accounts_.find_session(token_)); }

  UserId user_;
  Secret device_, token_;
  std::vector<Secret> codes_;
};

TEST_F(SecondFactorTest, IsAskedForAfterTheRightPasswordOnly) {
  enable();
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kSecondFactorRequired);
  EXPECT_EQ(code_of(sign_in(kOther)), ErrorCode::kInvalidCredentials);
  EXPECT_EQ(code_of(sign_in_with(next_code(user_), Secret(), kOther)),
            ErrorCode::kInvalidCredentials);
  const auto in = sign_in_with(next_code(user_));
  ASSERT_TRUE(in);
  EXPECT_TRUE(in->session.has_second_factor);
  EXPECT_TRUE(run(accounts_.find_session(in->token))->has_second_factor);
}

TEST_F(SecondFactorTest, AskingForTheCodeCountsAsNoFailure) {
  enable();
  for (int i = 0; i < 12; ++i) EXPECT_EQ(code_of(sign_in()), ErrorCode::kSecondFactorRequired);
  EXPECT_TRUE(sign_in_with(next_code(user_)));
}

TEST_F(SecondFactorTest, RightPasswordWithoutACodeIsOnRecordAndToldOnceADay) {
  enable();
  const auto before = mails_to(kEmail);
  ASSERT_EQ(code_of(sign_in(kPassword, device_)), ErrorCode::kSecondFactorRequired);
  EXPECT_EQ(mails_to(kEmail), before) << "his own device";
  for (int i = 0; i < 5; ++i) ASSERT_EQ(code_of(sign_in()), ErrorCode::kSecondFactorRequired);
  EXPECT_EQ(mails_to(kEmail), before + 1);
  EXPECT_EQ(std::ranges::count(acts_of(user_), "second_factor.missing"), 6);
  clock_.advance(24h);
  ASSERT_EQ(code_of(sign_in()), ErrorCode::kSecondFactorRequired);
  EXPECT_EQ(mails_to(kEmail), before + 2);
}

TEST_F(SecondFactorTest, WaitAfterTooManyCodesIsOnRecord) {
  enable();
  for (int i = 0; i < 8; ++i) (void)sign_in_with(Secret("000000"));
  EXPECT_EQ(std::ranges::count(acts_of(user_), "second_factor.stopped"), 1);
}

TEST_F(SecondFactorTest, NewPasswordsMakeNoNewTriesAtCodes) {
  enable();
  for (int i = 0; i < 6; ++i) (void)sign_in_with(Secret("000000"));
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  const auto done = run(accounts_.reset_password(token_for(), Secret(kOther), from_));
  ASSERT_TRUE(done);
  EXPECT_EQ(code_of(sign_in_with(next_code(user_), done->device, kOther)), ErrorCode::kRateLimited);
}

TEST_F(SecondFactorTest, EnablingRenewsTheSessionAndEndsOthers) {
  const auto other = sign_in();
  const auto before = sign_in();
  const auto enabled = enable(before->session);
  ASSERT_TRUE(enabled);
  EXPECT_EQ(code_of(run(accounts_.find_session(other->token))), ErrorCode::kInvalidSession);
  EXPECT_EQ(code_of(run(accounts_.find_session(before->token))), ErrorCode::kInvalidSession);
  const auto session = run(accounts_.find_session(enabled->token));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->id, before->session.id);
  EXPECT_TRUE(session->has_second_factor);
  EXPECT_FALSE(before->session.has_second_factor);
}

TEST_F(SecondFactorTest, NothingChangesBeforeItIsConfirmed) {
  const auto before = sign_in();
  ASSERT_TRUE(run(accounts_.begin_second_factor(before->session, Secret(kPassword), from_)));
  EXPECT_TRUE(sign_in());
  EXPECT_EQ(code_of(run(accounts_.confirm_second_factor(before->session, Secret("000000"), from_))),
            ErrorCode::kInvalidSecondFactor);
  EXPECT_TRUE(sign_in());
  EXPECT_FALSE(run(accounts_.second_factor_of(before->session.user.id))->enabled_at);
}

TEST_F(SecondFactorTest, BeginningNeedsThePassword) {
  const auto in = sign_in();
  EXPECT_EQ(code_of(run(accounts_.begin_second_factor(in->session, Secret(kOther), from_))),
            ErrorCode::kInvalidCredentials);
  EXPECT_EQ(code_of(run(accounts_.begin_second_factor(in->session, Secret(), from_))),
            ErrorCode::kInvalidCredentials);
}

TEST_F(SecondFactorTest, ConfirmingWithoutBeginningIsAConflict) {
  const auto in = sign_in();
  EXPECT_EQ(code_of(run(accounts_.confirm_second_factor(in->session, Secret("000000"), from_))),
            ErrorCode::kConflict);
}

TEST_F(SecondFactorTest, ConfirmingIsNotGuessed) {
  const auto in = sign_in();
  ASSERT_TRUE(run(accounts_.begin_second_factor(in->session, Secret(kPassword), from_)));
  for (int i = 0; i < 10; ++i)
    (void)run(accounts_.confirm_second_factor(in->session, Secret("abcdef"), from_));
  EXPECT_EQ(code_of(run(accounts_.confirm_second_factor(in->session,
                                                        code_at(in->session.user.id, 0), from_))),
            ErrorCode::kRateLimited);
}

TEST_F(SecondFactorTest, AnEnabledOneIsNotReplaced) {
  enable();
  EXPECT_EQ(code_of(run(accounts_.begin_second_factor(mine(), Secret(kPassword), from_))),
            ErrorCode::kConflict);
}

TEST_F(SecondFactorTest, CodeWorksOnce) {
  enable();
  const Secret code = next_code(user_);
  EXPECT_TRUE(sign_in_with(code));
  EXPECT_EQ(code_of(sign_in_with(code)), ErrorCode::kInvalidSecondFactor);
}

TEST_F(SecondFactorTest, CodeThatConfirmedDoesNotSignIn) {
  const auto before = sign_in();
  ASSERT_TRUE(run(accounts_.begin_second_factor(before->session, Secret(kPassword), from_)));
  const Secret code = next_code(before->session.user.id);
  ASSERT_TRUE(run(accounts_.confirm_second_factor(before->session, code, from_)));
  EXPECT_EQ(code_of(sign_in_with(code)), ErrorCode::kInvalidSecondFactor);
}

TEST_F(SecondFactorTest, CodesOfOneStepMoreOrLessAreTaken) {
  enable();
  clock_.advance(10min);
  EXPECT_EQ(code_of(sign_in_with(code_at(user_, -2))), ErrorCode::kInvalidSecondFactor);
  EXPECT_EQ(code_of(sign_in_with(code_at(user_, 2))), ErrorCode::kInvalidSecondFactor);
  EXPECT_TRUE(sign_in_with(code_at(user_, -1)));
  EXPECT_TRUE(sign_in_with(code_at(user_, 1)));
  EXPECT_EQ(code_of(sign_in_with(code_at(user_, 0))), ErrorCode::kInvalidSecondFactor)
      << "an earlier step than one that was taken";
}

TEST_F(SecondFactorTest, RecoveryCodeWorksOnceAndIsTold) {
  enable();
  const auto in = sign_in_with(codes_[3]);
  ASSERT_TRUE(in);
  EXPECT_TRUE(in->session.has_second_factor);
  EXPECT_TRUE(postman_.send_due());
  EXPECT_THAT(acts_of(user_), Contains("second_factor.recovery_code_used"));
  EXPECT_EQ(run(accounts_.second_factor_of(user_))->recovery_codes, 9);
  EXPECT_EQ(code_of(sign_in_with(codes_[3])), ErrorCode::kInvalidSecondFactor);
  EXPECT_TRUE(sign_in_with(codes_[4]));
}

TEST_F(SecondFactorTest, UserHearsOfAUsedRecoveryCode) {
  enable();
  ASSERT_TRUE(sign_in_with(codes_[0], device_));
  EXPECT_THAT(last_mail_to(kEmail), testing::HasSubstr("9 of them are left"));
}

TEST_F(SecondFactorTest, UserHearsThatItWasSetUpAndDisabled) {
  enable();
  EXPECT_THAT(last_mail_to(kEmail), testing::HasSubstr("A second factor was set up"));
  ASSERT_TRUE(run(accounts_.disable_second_factor(mine(), Secret(kPassword), codes_[0], from_)));
  EXPECT_TRUE(postman_.send_due());
  EXPECT_THAT(last_mail_to(kEmail), testing::HasSubstr("The second factor was disabled"));
}

TEST_F(SecondFactorTest, CodesOfAnotherAccountAreWrong) {
  enable();
  sign_up_and_verify("ravi@example.com");
  const auto theirs = sign_in(kPassword, Secret(), "ravi@example.com");
  const auto enabled = enable(theirs->session);
  ASSERT_TRUE(enabled);
  EXPECT_EQ(code_of(sign_in_with(enabled->recovery_codes[0])), ErrorCode::kInvalidSecondFactor);
  EXPECT_EQ(code_of(sign_in_with(next_code(theirs->session.user.id))),
            ErrorCode::kInvalidSecondFactor);
}

TEST_F(SecondFactorTest, GuessesOfCodesAreCountedAndStopped) {
  enable();
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(code_of(sign_in_with(Secret("abcdef"))), ErrorCode::kInvalidSecondFactor);
  EXPECT_EQ(code_of(sign_in_with(next_code(user_))), ErrorCode::kRateLimited) << "a right one too";
  clock_.advance(15min);
  EXPECT_TRUE(sign_in_with(next_code(user_)));
}

TEST_F(SecondFactorTest, ADayHasThirtyGuesses) {
  enable();
  int tried = 0;
  for (int i = 0; i < 12; ++i) {
    for (int k = 0; k < 5; ++k)
      tried += code_of(sign_in_with(Secret("abcdef"))) == ErrorCode::kInvalidSecondFactor ? 1 : 0;
    clock_.advance(15min);
    ASSERT_TRUE(run(accounts_.tidy()));
  }
  EXPECT_EQ(tried, 30);
  clock_.advance(24h);
  EXPECT_TRUE(sign_in_with(next_code(user_)));
}

TEST_F(SecondFactorTest, UserHearsOfGuessesOnceADay) {
  enable();
  (void)mails_to(kEmail);
  const auto before = mails_to(kEmail);
  for (int i = 0; i < 9; ++i) (void)sign_in_with(Secret("abcdef"));
  EXPECT_EQ(mails_to(kEmail), before + 1);
  EXPECT_THAT(last_mail_to(kEmail), testing::HasSubstr("too many wrong codes"));
}

TEST_F(SecondFactorTest, WhoLacksThePasswordStopsNobodysCodes) {
  enable();
  for (int i = 0; i < 9; ++i) (void)sign_in_with(Secret("abcdef"), Secret(), kOther);
  EXPECT_TRUE(sign_in_with(next_code(user_)));
}

TEST_F(SecondFactorTest, GuessesFromElsewhereDontStopAKnownDevice) {
  enable();
  for (int i = 0; i < 6; ++i) (void)sign_in_with(Secret("abcdef"));
  ASSERT_EQ(code_of(sign_in_with(next_code(user_))), ErrorCode::kRateLimited);
  EXPECT_TRUE(sign_in_with(next_code(user_), device_));
}

TEST_F(SecondFactorTest, PasswordResetLeavesIt) {
  enable();
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  ASSERT_TRUE(run(accounts_.reset_password(token_for(), Secret(kOther), from_)));
  EXPECT_EQ(code_of(sign_in(kOther)), ErrorCode::kSecondFactorRequired);
  EXPECT_TRUE(sign_in_with(next_code(user_), Secret(), kOther));
}

TEST_F(SecondFactorTest, DisablingNeedsPasswordAndCode) {
  enable();
  EXPECT_EQ(code_of(run(
                accounts_.disable_second_factor(mine(), Secret(kOther), next_code(user_), from_))),
            ErrorCode::kInvalidCredentials);
  EXPECT_EQ(code_of(run(accounts_.disable_second_factor(mine(), Secret(kPassword), Secret("abcdef"),
                                                        from_))),
            ErrorCode::kInvalidSecondFactor);
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kSecondFactorRequired);
}

TEST_F(SecondFactorTest, DisabledItIsNotAskedForAndSessionsSayNoMore) {
  enable();
  const auto other = sign_in_with(next_code(user_));
  ASSERT_TRUE(other);
  const auto token =
      run(accounts_.disable_second_factor(mine(), Secret(kPassword), next_code(user_), from_));
  ASSERT_TRUE(token);
  EXPECT_FALSE(run(accounts_.find_session(*token))->has_second_factor);
  EXPECT_EQ(code_of(run(accounts_.find_session(token_))), ErrorCode::kInvalidSession);
  EXPECT_EQ(code_of(run(accounts_.find_session(other->token))), ErrorCode::kInvalidSession);
  EXPECT_TRUE(sign_in());
  EXPECT_EQ(run(accounts_.second_factor_of(user_))->recovery_codes, 0);
}

TEST_F(SecondFactorTest, CodesInASessionAreNotGuessedEither) {
  enable();
  const Session by = mine();
  for (int i = 0; i < 5; ++i)
    (void)run(accounts_.disable_second_factor(by, Secret(kPassword), Secret("abcdef"), from_));
  EXPECT_EQ(
      code_of(run(accounts_.disable_second_factor(by, Secret(kPassword), next_code(user_), from_))),
      ErrorCode::kRateLimited);
  EXPECT_TRUE(sign_in_with(next_code(user_))) << "counted for that session only";
}

TEST_F(SecondFactorTest, NewRecoveryCodesVoidTheOldOnes) {
  enable();
  const auto renewed =
      run(accounts_.renew_recovery_codes(mine(), Secret(kPassword), next_code(user_), from_));
  ASSERT_TRUE(renewed);
  EXPECT_THAT(*renewed, SizeIs(10));
  EXPECT_EQ(code_of(sign_in_with(codes_[0])), ErrorCode::kInvalidSecondFactor);
  EXPECT_TRUE(sign_in_with(renewed->front()));
}

TEST_F(SecondFactorTest, WithoutOneThereIsNothingToDisable) {
  const auto in = sign_in();
  EXPECT_EQ(code_of(run(accounts_.disable_second_factor(in->session, Secret(kPassword),
                                                        Secret("000000"), from_))),
            ErrorCode::kConflict);
}

TEST_F(SecondFactorTest, IsOnTheRecord) {
  enable();
  (void)sign_in_with(Secret("abcdef"));
  ASSERT_TRUE(
      run(accounts_.renew_recovery_codes(mine(), Secret(kPassword), next_code(user_), from_)));
  ASSERT_TRUE(
      run(accounts_.disable_second_factor(mine(), Secret(kPassword), next_code(user_), from_)));
  EXPECT_THAT(acts_of(user_),
              ElementsAre("user.signed_up", "user.email_verified", "session.created",
                          "second_factor.begun", "second_factor.enabled", "second_factor.refused",
                          "second_factor.recovery_codes_renewed", "second_factor.disabled"));
}

TEST_F(SecondFactorTest, WhatWasBegunAndLeftIsTidiedUp) {
  const auto in = sign_in();
  ASSERT_TRUE(run(accounts_.begin_second_factor(in->session, Secret(kPassword), from_)));
  clock_.advance(59min);
  ASSERT_TRUE(run(accounts_.tidy()));
  const Secret code = next_code(in->session.user.id);
  clock_.advance(2min);
  ASSERT_TRUE(run(accounts_.tidy()));
  EXPECT_EQ(code_of(run(accounts_.confirm_second_factor(in->session, code, from_))),
            ErrorCode::kConflict);
}

TEST_F(SecondFactorTest, SessionThatIsYoungIsEnoughForWhoHasNoPassword) {
  const auto in = sign_in();
  const auto forget = [&](store::Connection& db) {
    return db.write(store::Sql("UPDATE users SET password_hash = ''"), {});
  };
  ASSERT_TRUE(store::change_now(*db_, kTestKind, forget));
  EXPECT_TRUE(run(accounts_.begin_second_factor(in->session, Secret(), from_)));
  clock_.advance(11min);
  EXPECT_EQ(code_of(run(accounts_.begin_second_factor(in->session, Secret(), from_))),
            ErrorCode::kInvalidCredentials);
}

TEST_F(SecondFactorTest, SeedOfOneUserIsNoneOfAnother) {
  const Secret seed("12345678901234567890");
  const UserId one = ids_.next<IdKind::kUser>(), two = ids_.next<IdKind::kUser>();
  EXPECT_TRUE(open_seed(ring_, one, seal_seed(ring_, one, seed)));
  EXPECT_FALSE(open_seed(ring_, two, seal_seed(ring_, one, seed)));
}

TEST_F(SecondFactorTest, NoFileHasSeedsOrCodes) {
  if (testkit::tests_run_on_postgres()) GTEST_SKIP() << "its files are another process's";
  enable();
  const std::string seed(seed_of(*db_, ring_, user_).reveal());
  EXPECT_FALSE(folder_.holds(seed));
  EXPECT_FALSE(folder_.holds(base32_text(seed)));
  for (const Secret& code : codes_) EXPECT_FALSE(folder_.holds(std::string(code.reveal())));
}

}  // namespace
}  // namespace flowsell::accounts
