#include "recovery/removals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts_world.h"
#include "authenticator.h"
#include "operators/schema.h"
#include "recovery/schema.h"

namespace flowsell::recovery {
namespace {

using namespace std::chrono_literals;
using accounts::kEmail;
using accounts::kPassword;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testkit::code_of;

constexpr const char* kOperator = "helper@example.com";

/// Asha has a second factor, and there are a superadmin and somebody of the support.
class RemovalsTest : public accounts::AccountsTest {
 protected:
  RemovalsTest() : AccountsTest({operators::migrations(), recovery::migrations()}, {}) {
    user_ = user(kEmail);
    root_ = user("root@example.com");
    helper_ = user(kOperator);
    if (!staff_.put_superadmin(root_)) throw std::runtime_error("no superadmin");
    add(helper_, operators::Role::kSupport);
    enable(kEmail);
  }
  UserId user(const std::string& email) {
    return accounts_.put_user(email, "Somebody", Secret(kPassword))->id;
  }
  void add(const UserId& of, operators::Role role) {
    if (!run(staff_.add(by(root_, operators::Role::kSuperadmin), of, role)))
      throw std::runtime_error("no operator");
  }
  operators::By by(const UserId& of, operators::Role role = operators::Role::kSupport) {
    return {of, role, "the telephone was stolen", from_};
  }
  Secret next_code(const UserId& of) {
    clock_.advance(30s);
    return accounts::shown_code(accounts::seed_of(*db_, ring_, of), clock_.now());
  }
  void enable(const std::string& email) {
    const auto in = sign_in(kPassword, Secret(), email);
    const auto of = in->session.user.id;
    if (!run(accounts_.begin_second_factor(in->session, Secret(kPassword), from_)))
      throw std::runtime_error("not begun");
    const auto enabled = run(accounts_.confirm_second_factor(in->session, next_code(of), from_));
    if (!enabled) throw std::runtime_error("not enabled");
    codes_ = enabled->recovery_codes;
    token_ = enabled->token;
  }
  Result<Removal> ask(const operators::By& who, const UserId& of) {
    return run(removals_.ask({who, of, "T-17"}));
  }
  Result<Removal> ask() { return ask(by(helper_), user_); }
  State state() { return run(removals_.of_user(user_))->front().state; }
  bool has_factor() { return run(accounts_.second_factor_of(user_))->enabled_at.has_value(); }
  /// When the wait is over.
  void let_time_pass() {
    clock_.advance(24h);
    ASSERT_TRUE(run(removals_.round()));
  }
  std::vector<std::string> operators_acts() { return acts_in(audit::operators_scope()); }

  operators::Operators staff_{*db_, ids_, clock_};
  int work_ = 0;
  Removals removals_{{*db_, accounts_, *spool_, ids_, clock_, [this] { ++work_; }},
                     {24h, "https://connect.example"}};
  UserId user_, root_, helper_;
  std::vector<Secret> codes_;
  Secret token_;
};

TEST_F(RemovalsTest, TakesEffectOnlyAfterTheWaitAndOnce) {
  const auto asked = ask();
  ASSERT_TRUE(asked) << asked.error().detail;
  EXPECT_EQ(work_, 1);
  EXPECT_EQ(asked->effective_at, clock_.now() + 24h);
  clock_.advance(24h - 1s);
  ASSERT_TRUE(run(removals_.round()));
  EXPECT_TRUE(has_factor());
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kSecondFactorRequired);
  clock_.advance(1s);
  ASSERT_TRUE(run(removals_.round()));
  EXPECT_FALSE(has_factor());
  EXPECT_EQ(state(), State::kDone);
  EXPECT_TRUE(sign_in());
  const auto acts = acts_of(user_).size();
  ASSERT_TRUE(run(removals_.round()));
  EXPECT_EQ(acts_of(user_).size(), acts);
}

TEST_F(RemovalsTest, EndsAllSessionsAndVoidsTheCodes) {
  ASSERT_TRUE(run(accounts_.find_session(token_)));
  ASSERT_TRUE(ask());
  EXPECT_TRUE(run(accounts_.find_session(token_))) << "not before its time";
  let_time_pass();
  EXPECT_THAT(*run(accounts_.sessions_of(user_)), testing::IsEmpty());
  EXPECT_EQ(run(accounts_.second_factor_of(user_))->recovery_codes, 0);
}

TEST_F(RemovalsTest, UserHearsOfItAtOnceAndAtItsEnd) {
  ASSERT_TRUE(ask());
  const std::string asked = last_mail_to(kEmail);
  EXPECT_THAT(asked, HasSubstr("https://connect.example/keep-second-factor#token="));
  EXPECT_THAT(asked, Not(HasSubstr("telephone"))) << "what operators say is for them";
  let_time_pass();
  EXPECT_THAT(last_mail_to(kEmail), HasSubstr("taken off your account by the staff"));
}

TEST_F(RemovalsTest, BothRecordsSayWhoAndWhy) {
  ASSERT_TRUE(ask());
  let_time_pass();
  EXPECT_THAT(acts_of(user_), Contains("second_factor.removal_asked"));
  EXPECT_THAT(acts_of(user_), Contains("second_factor.removed"));
  EXPECT_THAT(operators_acts(),
              ElementsAre("operator.created", "operator.created", "second_factor.removal_asked",
                          "second_factor.removed"));
  audit::Query query;
  query.act = "second_factor.removed";
  const auto page = run(accounts_.audit_events(user_, query));
  ASSERT_EQ(page->rows.size(), 1U);
  EXPECT_EQ(page->rows[0].actor.id, helper_.str());
  EXPECT_THAT(audit::render(page->rows[0]), HasSubstr("the telephone was stolen"));
}

TEST_F(RemovalsTest, MailsLinkStopsIt) {
  ASSERT_TRUE(ask());
  const Secret token = token_for();
  EXPECT_EQ(run(removals_.find_by_link(token))->state, State::kWaiting);
  const auto cancelled = run(removals_.cancel_by_link(token, from_));
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->state, State::kCancelled);
  EXPECT_EQ(code_of(run(removals_.cancel_by_link(token, from_))), ErrorCode::kConflict);
  let_time_pass();
  EXPECT_TRUE(has_factor());
  EXPECT_THAT(operators_acts(), Contains("second_factor.removal_cancelled"));
  EXPECT_TRUE(ask()) << "another one may be asked for";
}

TEST_F(RemovalsTest, LinkStopsNothingThatIsDone) {
  ASSERT_TRUE(ask());
  const Secret token = token_for();
  let_time_pass();
  EXPECT_EQ(code_of(run(removals_.cancel_by_link(token, from_))), ErrorCode::kConflict);
  EXPECT_EQ(state(), State::kDone);
}

TEST_F(RemovalsTest, AnotherTokenIsNoLink) {
  ASSERT_TRUE(ask());
  EXPECT_EQ(code_of(run(removals_.find_by_link(Secret("")))), ErrorCode::kInvalidToken);
  EXPECT_EQ(code_of(run(removals_.cancel_by_link(Secret(std::string(43, 'x')), from_))),
            ErrorCode::kInvalidToken);
  EXPECT_EQ(state(), State::kWaiting);
}

TEST_F(RemovalsTest, PasswordResetLeavesTheLink) {
  ASSERT_TRUE(ask());
  const Secret token = token_for();
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  ASSERT_TRUE(run(accounts_.reset_password(token_for(), Secret(accounts::kOther), from_)));
  EXPECT_TRUE(run(removals_.cancel_by_link(token, from_)));
}

TEST_F(RemovalsTest, OperatorTakesItBack) {
  ASSERT_TRUE(ask());
  ASSERT_TRUE(run(removals_.cancel(by(root_, operators::Role::kSuperadmin), user_)));
  EXPECT_EQ(code_of(run(removals_.cancel(by(root_), user_))), ErrorCode::kNotFound);
  let_time_pass();
  EXPECT_TRUE(has_factor());
}

TEST_F(RemovalsTest, NobodyAsksForHisOwn) {
  enable("root@example.com");
  EXPECT_EQ(code_of(ask(by(root_, operators::Role::kSuperadmin), root_)),
            ErrorCode::kInsufficientScope);
}

TEST_F(RemovalsTest, OperatorsOwnIsForWhoMayEndOperators) {
  enable(kOperator);
  const UserId other = user("second@example.com");
  add(other, operators::Role::kSupport);
  EXPECT_EQ(code_of(ask(by(other), helper_)), ErrorCode::kInsufficientScope);
  EXPECT_TRUE(ask(by(root_, operators::Role::kSuperadmin), helper_));
}

TEST_F(RemovalsTest, WhoBecomesAnOperatorMeanwhileKeepsHis) {
  ASSERT_TRUE(ask());
  add(user_, operators::Role::kBilling);
  let_time_pass();
  EXPECT_TRUE(has_factor());
  EXPECT_EQ(state(), State::kVoid);
}

TEST_F(RemovalsTest, WishOfWhoMayNoMoreIsVoid) {
  ASSERT_TRUE(ask());
  operators::Operators::Change off;
  off.disabled = true;
  ASSERT_TRUE(run(staff_.change(by(root_, operators::Role::kSuperadmin), helper_, off)));
  let_time_pass();
  EXPECT_TRUE(has_factor());
  EXPECT_EQ(state(), State::kVoid);
  EXPECT_THAT(acts_of(user_), Contains("second_factor.removal_void"));
}

TEST_F(RemovalsTest, WhatIsUsedIsNotLost) {
  ASSERT_TRUE(ask());
  ASSERT_TRUE(
      run(accounts_.sign_in({kEmail, Secret(kPassword), Secret(), next_code(user_)}, from_)));
  let_time_pass();
  EXPECT_TRUE(has_factor());
  EXPECT_EQ(state(), State::kVoid);
}

TEST_F(RemovalsTest, RecoveryCodesAreUseToo) {
  ASSERT_TRUE(ask());
  ASSERT_TRUE(run(accounts_.sign_in({kEmail, Secret(kPassword), Secret(), codes_[0]}, from_)));
  let_time_pass();
  EXPECT_TRUE(has_factor());
}

TEST_F(RemovalsTest, WrongCodesAreNoUse) {
  ASSERT_TRUE(ask());
  EXPECT_EQ(code_of(run(
                accounts_.sign_in({kEmail, Secret(kPassword), Secret(), Secret("abcdef")}, from_))),
            ErrorCode::kInvalidSecondFactor);
  let_time_pass();
  EXPECT_FALSE(has_factor());
}

TEST_F(RemovalsTest, OneOfAUserWaits) {
  ASSERT_TRUE(ask());
  EXPECT_EQ(code_of(ask()), ErrorCode::kConflict);
}

TEST_F(RemovalsTest, WithoutASecondFactorThereIsNothingToRemove) {
  EXPECT_EQ(code_of(ask(by(helper_), user("plain@example.com"))), ErrorCode::kConflict);
  EXPECT_EQ(code_of(ask(by(helper_), ids_.next<IdKind::kUser>())), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace flowsell::recovery
