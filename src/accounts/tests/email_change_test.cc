#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "accounts/accounts.h"
#include "accounts_world.h"
#include "postgres_schema.h"
#include "store/postgres.h"

namespace flowsell::accounts {
namespace {

using testing::HasSubstr;

constexpr const char* kNew = "asha.k@example.com";
constexpr const char* kRavi = "ravi@example.com";

class EmailChangeTest : public AccountsTest {
 protected:
  EmailChangeTest() { sign_up_and_verify(); }

  Result<> ask(const Session& by, const std::string& email = kNew,
               const std::string& password = kPassword) {
    return run(accounts_.ask_email_change(by, email, Secret(password), from_));
  }
};

TEST_F(EmailChangeTest, LinkToTheNewAddressMakesItTheAccounts) {
  const auto mine = sign_in();
  ASSERT_TRUE(ask(mine->session));
  EXPECT_THAT(last_mail_to(kEmail), HasSubstr("Another email address was asked for"));
  EXPECT_TRUE(sign_in()) << "nothing changes before the link is followed";
  const auto renewed = run(accounts_.confirm_email_change(mine->session, token_for(kNew), from_));
  ASSERT_TRUE(renewed);
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kInvalidCredentials);
  EXPECT_TRUE(sign_in(kPassword, Secret(), kNew));
  EXPECT_THAT(last_mail_to(kEmail), HasSubstr(kNew)) << "the old address hears of it";
}

TEST_F(EmailChangeTest, EndsOtherSessionsAndRenewsThisOne) {
  const auto other = sign_in();
  const auto mine = sign_in();
  ASSERT_TRUE(ask(mine->session));
  const auto renewed = run(accounts_.confirm_email_change(mine->session, token_for(kNew), from_));
  ASSERT_TRUE(renewed);
  EXPECT_EQ(code_of(run(accounts_.find_session(other->token))), ErrorCode::kInvalidSession);
  EXPECT_EQ(code_of(run(accounts_.find_session(mine->token))), ErrorCode::kInvalidSession);
  EXPECT_EQ(run(accounts_.find_session(*renewed))->user.email, kNew);
}

TEST_F(EmailChangeTest, NeedsThePassword) {
  const auto mine = sign_in();
  EXPECT_EQ(code_of(ask(mine->session, kNew, kOther)), ErrorCode::kInvalidCredentials);
  EXPECT_EQ(mails_to(kNew), 0U);
}

TEST_F(EmailChangeTest, AddressThatHasAnAccountIsToldByTheSameWords) {
  sign_up_and_verify(kRavi);
  const auto mine = sign_in();
  EXPECT_TRUE(ask(mine->session, kRavi));
  EXPECT_THAT(last_mail_to(kRavi), HasSubstr("Somebody tried"));
  EXPECT_THAT(last_mail_to(kRavi), testing::Not(HasSubstr("#token=")));
  EXPECT_THAT(last_mail_to(kEmail), HasSubstr("Another email address was asked for"));
}

TEST_F(EmailChangeTest, AddressThatGotAnAccountMeanwhileIsAConflict) {
  const auto mine = sign_in();
  ASSERT_TRUE(ask(mine->session, kRavi));
  const Secret token = token_for(kRavi);
  sign_up_and_verify(kRavi);
  EXPECT_EQ(code_of(run(accounts_.confirm_email_change(mine->session, token, from_))),
            ErrorCode::kConflict);
  EXPECT_TRUE(run(accounts_.find_session(mine->token)));
  EXPECT_TRUE(sign_in());
}

TEST_F(EmailChangeTest, AddressThatAnotherProcessGivesAwayInTheSameMomentIsAConflict) {
  if (!testkit::tests_run_on_postgres()) GTEST_SKIP() << "SQLite has one writer";
  const auto mine = sign_in();
  ASSERT_TRUE(ask(mine->session));
  const Secret token = token_for(kNew);
  const auto& schema = *static_cast<store::PostgresSchema*>(folder_.companion().get());
  auto other = store::open_postgres(
      {.conninfo = Secret(schema.conninfo()), .readers = 1, .is_shared = true});
  ASSERT_TRUE(other);
  const store::Sql take(
      "INSERT INTO users (id, email, name, password_hash, password_changed_at, email_verified_at, "
      "terms_version, terms_accepted_at, created_at) VALUES (?1, ?2, 'Ravi', '', 0, 0, '', 0, 0)");
  const store::Sql waiting("SELECT COUNT(*) FROM pg_locks WHERE NOT granted");
  std::promise<void> is_taken;
  std::thread elsewhere([&] {
    const auto taken = testkit::write(**other, [&](store::Connection& db) -> Result<> {
      CHECK_OK(db.write(take, {ids_.next<IdKind::kUser>(), kNew}));
      std::int64_t waits = 0;
      // It is there once the connection has sent it.
      CHECK_OK(db.query(waiting, {}, [&](const store::Row& row) { waits = row.integer(0); }));
      is_taken.set_value();
      while (waits == 0) {
        CHECK_OK(db.query(waiting, {}, [&](const store::Row& row) { waits = row.integer(0); }));
      }
      return {};
    });
    EXPECT_TRUE(taken);
  });
  is_taken.get_future().wait();
  EXPECT_EQ(code_of(run(accounts_.confirm_email_change(mine->session, token, from_))),
            ErrorCode::kConflict);
  elsewhere.join();
  (*other)->stop();
}

TEST_F(EmailChangeTest, WhoGetsAMistypedLinkGetsNoAccount) {
  sign_up_and_verify(kRavi);
  const auto mine = sign_in();
  const auto theirs = sign_in(kPassword, Secret(), kRavi);
  ASSERT_TRUE(ask(mine->session));
  const Secret token = token_for(kNew);
  EXPECT_EQ(code_of(run(accounts_.confirm_email_change(theirs->session, token, from_))),
            ErrorCode::kInvalidToken);
  EXPECT_TRUE(run(accounts_.confirm_email_change(mine->session, token, from_)))
      << "and it is not used up";
}

TEST_F(EmailChangeTest, LinkWorksOnceAndForAnHour) {
  const auto mine = sign_in();
  ASSERT_TRUE(ask(mine->session));
  const Secret token = token_for(kNew);
  clock_.advance(1h);
  EXPECT_EQ(code_of(run(accounts_.confirm_email_change(mine->session, token, from_))),
            ErrorCode::kInvalidToken);
  ASSERT_TRUE(ask(mine->session));
  const Secret second = token_for(kNew);
  EXPECT_TRUE(run(accounts_.confirm_email_change(mine->session, second, from_)));
  EXPECT_EQ(code_of(run(accounts_.confirm_email_change(mine->session, second, from_))),
            ErrorCode::kInvalidToken);
}

TEST_F(EmailChangeTest, OnlyTheLastLinkIsGood) {
  const auto mine = sign_in();
  ASSERT_TRUE(ask(mine->session));
  const Secret first = token_for(kNew);
  ASSERT_TRUE(ask(mine->session, "asha.other@example.com"));
  EXPECT_EQ(code_of(run(accounts_.confirm_email_change(mine->session, first, from_))),
            ErrorCode::kInvalidToken);
}

TEST_F(EmailChangeTest, NewPasswordTakesBackWhatWasAsked) {
  const auto mine = sign_in();
  ASSERT_TRUE(ask(mine->session));
  const Secret token = token_for(kNew);
  ASSERT_TRUE(
      run(accounts_.change_password(mine->session, Secret(kPassword), Secret(kOther), from_)));
  EXPECT_EQ(code_of(run(accounts_.confirm_email_change(mine->session, token, from_))),
            ErrorCode::kInvalidToken);
}

TEST_F(EmailChangeTest, LinksToTheOldAddressAreVoidAfterwards) {
  const auto mine = sign_in();
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  const Secret reset = token_for(kEmail);
  ASSERT_TRUE(ask(mine->session));
  ASSERT_TRUE(run(accounts_.confirm_email_change(mine->session, token_for(kNew), from_)));
  EXPECT_EQ(code_of(run(accounts_.reset_password(reset, Secret(kOther), from_))),
            ErrorCode::kInvalidToken);
}

TEST_F(EmailChangeTest, OnesOwnAddressIsRefused) {
  const auto mine = sign_in();
  EXPECT_EQ(code_of(ask(mine->session, "ASHA@example.com")), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code_of(ask(mine->session, "no address")), ErrorCode::kInvalidRequest);
}

TEST_F(EmailChangeTest, AnAccountAsksFiveTimesAnHour) {
  const auto mine = sign_in();
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(ask(mine->session, "a" + std::to_string(i) + "@example.com"));
  EXPECT_EQ(code_of(ask(mine->session, "another@example.com")), ErrorCode::kRateLimited);
}

TEST_F(EmailChangeTest, IsOnTheRecord) {
  const auto mine = sign_in();
  ASSERT_TRUE(ask(mine->session));
  ASSERT_TRUE(run(accounts_.confirm_email_change(mine->session, token_for(kNew), from_)));
  EXPECT_THAT(acts_of(mine->session.user.id),
              testing::ElementsAre("user.signed_up", "user.email_verified", "session.created",
                                   "user.email_change_asked", "user.email_changed"));
}

}  // namespace
}  // namespace flowsell::accounts
