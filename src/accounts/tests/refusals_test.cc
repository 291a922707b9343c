// What refusals cost, whom they keep out, and what shows of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts_world.h"

namespace flowsell::accounts {
namespace {

using testing::Contains;
using testing::Not;
using testing::SizeIs;

const store::Sql kWrites("SELECT total_changes()", "SELECT 0");
const store::Sql kLeft(
    "SELECT COUNT(*) FROM email_tokens UNION ALL SELECT COUNT(*) FROM mails UNION ALL "
    "SELECT COUNT(*) FROM audit_events");
const store::Sql kDevices("SELECT COUNT(*) FROM known_devices");

class RefusalsTest : public AccountsTest {
 protected:
  /// What SQLite's connection that writes has written so far.
  std::int64_t writes() {
    return testkit::in_transaction(*db_, [](store::Connection& db) -> Result<std::int64_t> {
      std::int64_t count = 0;
      CHECK_OK(db.query(kWrites, {}, [&count](const store::Row& row) { count = row.integer(0); }));
      return count;
    });
  }
  /// Rows that were written.
  std::int64_t writes_of(const std::function<void()>& work) {
    const auto before = writes();
    work();
    return writes() - before;
  }
  Secret reset(const std::string& to = kOther) {
    EXPECT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
    auto done = run(accounts_.reset_password(token_for(), Secret(to), from_));
    EXPECT_TRUE(done);
    return done ? std::move(done->device) : Secret();
  }
};

TEST_F(RefusalsTest, AddressWithoutAnAccountCostsAsManyWrites) {
  if (testkit::tests_run_on_postgres()) GTEST_SKIP() << "it counts no changes of a connection";
  ASSERT_TRUE(sign_up());
  const auto reset = [&](const char* email) {
    return writes_of([&] { ASSERT_TRUE(run(accounts_.ask_password_reset(email, from_))); });
  };
  const auto verify = [&](const char* email) {
    return writes_of([&] { ASSERT_TRUE(run(accounts_.ask_verification(email, from_))); });
  };
  EXPECT_GE(reset("nobody@example.com"), reset(kEmail));
  EXPECT_GE(verify("nobody@example.com"), verify(kEmail));
}

TEST_F(RefusalsTest, NothingStaysOfWhatWasWrittenForNobody) {
  sign_up_and_verify();
  const auto before = testkit::numbers(*db_, kLeft);
  ASSERT_TRUE(run(accounts_.ask_password_reset("nobody@example.com", from_)));
  ASSERT_TRUE(run(accounts_.ask_verification("nobody@example.com", from_)));
  ASSERT_TRUE(run(accounts_.ask_verification(kEmail, from_)));
  EXPECT_EQ(testkit::numbers(*db_, kLeft), before);
}

TEST_F(RefusalsTest, WhoHasSetANewPasswordIsNotKeptOutByGuesses) {
  sign_up_and_verify();
  for (int i = 0; i < 11; ++i) (void)sign_in("wrong");
  const Secret device = reset();
  for (int i = 0; i < 11; ++i) (void)sign_in("wrong");
  ASSERT_EQ(code_of(sign_in(kOther)), ErrorCode::kRateLimited);
  const auto in = sign_in(kOther, device);
  ASSERT_TRUE(in);
  EXPECT_EQ(in->device.reveal(), device.reveal());
}

TEST_F(RefusalsTest, WhoHasVerifiedHisAddressIsNotKeptOutByGuesses) {
  ASSERT_TRUE(sign_up());
  const auto device = run(accounts_.verify_email(token_for(), Secret(kPassword), from_));
  ASSERT_TRUE(device);
  for (int i = 0; i < 11; ++i) (void)sign_in("wrong");
  EXPECT_TRUE(sign_in(kPassword, *device));
}

TEST_F(RefusalsTest, NeighboursGuessesDontStopAKnownDevice) {
  sign_up_and_verify();
  const Secret device = sign_in()->device;
  for (int i = 0; i < 101; ++i)
    (void)sign_in(kOther, Secret(), "user" + std::to_string(i) + "@example.com");
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kRateLimited);
  EXPECT_TRUE(sign_in(kPassword, device));
}

TEST_F(RefusalsTest, PasswordsForALinkAreCounted) {
  ASSERT_TRUE(sign_up());
  const Secret token = token_for();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(code_of(run(accounts_.verify_email(token, Secret(kOther), from_))),
              ErrorCode::kInvalidCredentials);
  }
  EXPECT_EQ(code_of(run(accounts_.verify_email(token, Secret(kPassword), from_))),
            ErrorCode::kRateLimited);
  clock_.advance(15min);
  EXPECT_TRUE(run(accounts_.verify_email(token, Secret(kPassword), from_)));
}

TEST_F(RefusalsTest, RightPasswordsAreCountedTooInAWiderCount) {
  sign_up_and_verify();
  for (int i = 0; i < 59; ++i) ASSERT_TRUE(sign_in()) << i;
  clock_.advance(1s);  // of all these devices the newest is sure to be known
  const Secret device = sign_in()->device;
  EXPECT_EQ(code_of(sign_in()), ErrorCode::kRateLimited);
  EXPECT_TRUE(sign_in(kPassword, device)) << "its own count";
  clock_.advance(15min);
  EXPECT_TRUE(sign_in());
}

TEST_F(RefusalsTest, NetworkHasAnEndOfHashesWhateverItsAccounts) {
  for (const char* email : {"a@example.com", "b@example.com", "c@example.com", "d@example.com"})
    ASSERT_TRUE(accounts_.put_user(email, "Somebody", Secret(kPassword)));
  int let_in = 0;
  for (int i = 0; i < 59; ++i) {
    for (const char* email : {"a@example.com", "b@example.com", "c@example.com", "d@example.com"})
      let_in += sign_in(kPassword, Secret(), email) ? 1 : 0;
  }
  EXPECT_EQ(let_in, 200);
}

TEST_F(RefusalsTest, AccountHasFiftySessionsAndDevicesAtMost) {
  sign_up_and_verify();
  const auto first = sign_in();
  Result<Accounts::SignedIn> last = first;
  for (int i = 0; i < 55; ++i) {
    clock_.advance(1s);
    last = sign_in();
    ASSERT_TRUE(last);
  }
  EXPECT_THAT(*run(accounts_.sessions_of(first->session.user.id)), SizeIs(50));
  EXPECT_EQ(code_of(run(accounts_.find_session(first->token))), ErrorCode::kInvalidSession);
  EXPECT_TRUE(run(accounts_.find_session(last->token)));
  EXPECT_EQ(testkit::numbers(*db_, kDevices).front(), 50);
  const auto mails = mails_to(kEmail);
  EXPECT_TRUE(sign_in(kPassword, last->device));
  EXPECT_EQ(mails_to(kEmail), mails) << "the newest is known";
}

TEST_F(RefusalsTest, ResetThatWasAskedForIsOnRecord) {
  sign_up_and_verify();
  const UserId user = sign_in()->session.user.id;
  ASSERT_TRUE(run(accounts_.ask_password_reset(kEmail, from_)));
  EXPECT_THAT(acts_of(user), Contains("user.password_reset_asked"));
}

TEST_F(RefusalsTest, RightPasswordWithAnUnverifiedAddressIsOnRecord) {
  ASSERT_TRUE(sign_up());
  ASSERT_EQ(code_of(sign_in()), ErrorCode::kEmailNotVerified);
  const auto user = run(accounts_.find_by_email(kEmail));
  ASSERT_TRUE(user && *user);
  EXPECT_THAT(acts_of((*user)->id), Contains("user.sign_in_unverified"));
}

TEST_F(RefusalsTest, NamesBeforeAndAfterAreOnRecordWhereTheyCanBeErased) {
  sign_up_and_verify();
  const auto in = sign_in();
  ASSERT_TRUE(run(accounts_.rename(in->session, "Asha Rao", from_)));
  const auto page = run(accounts_.audit_events(in->session.user.id, {.act = "user.renamed"}));
  ASSERT_TRUE(page);
  ASSERT_THAT(page->rows, SizeIs(1));
  EXPECT_EQ(page->rows.front().personal,
            R"({"before":{"name":"Asha"},"after":{"name":"Asha Rao"}})");
  EXPECT_EQ(page->rows.front().after, "");
}

TEST_F(RefusalsTest, SessionSaysWhereItWasLastSeen) {
  sign_up_and_verify();
  const auto in = sign_in();
  EXPECT_EQ(run(accounts_.find_session(in->token, "198.51.100.7"))->seen_address, "203.0.113.9")
      << "to the minute";
  clock_.advance(1min);
  ASSERT_TRUE(run(accounts_.find_session(in->token, "198.51.100.7")));
  const auto all = *run(accounts_.sessions_of(in->session.user.id));
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all.front().seen_address, "198.51.100.7");
  EXPECT_EQ(all.front().address, "203.0.113.9") << "where it began";
}

}  // namespace
}  // namespace flowsell::accounts
