// What time takes away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts_world.h"

namespace flowsell::accounts {
namespace {

using std::chrono::days;
using testing::IsEmpty;
using testing::SizeIs;

class RecordsTest : public AccountsTest {
 protected:
  UserId known(const std::string& email) { return (*run(accounts_.find_by_email(email)))->id; }
};

TEST_F(RecordsTest, AccountThatNobodyVerifiesIsGoneAfterAWeek) {
  ASSERT_TRUE(sign_up());
  const UserId user = known(kEmail);
  clock_.advance(days(7));
  ASSERT_TRUE(run(accounts_.tidy()));
  ASSERT_EQ(known(kEmail), user);
  clock_.advance(1s);
  ASSERT_TRUE(run(accounts_.tidy()));
  EXPECT_FALSE(*run(accounts_.find_by_email(kEmail)));
  EXPECT_THAT(*run(accounts_.terms_of(user)), IsEmpty());
  const auto events = events_of(std::string(user.blob()));
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events.front().name, "user.removed");
  EXPECT_TRUE(events.back().is_erased);
  sign_up_and_verify();
  EXPECT_TRUE(sign_in()) << "its owner has the address";
}

TEST_F(RecordsTest, VerifiedAccountStays) {
  sign_up_and_verify();
  clock_.advance(days(30));
  ASSERT_TRUE(run(accounts_.tidy()));
  EXPECT_TRUE(sign_in());
}

TEST_F(RecordsTest, TriesAtUnknownAddressesAreOneEventOfTheirNetworkAndMinute) {
  for (int i = 0; i < 3; ++i) (void)sign_in(kOther, Secret(), "nobody@example.com");
  EXPECT_THAT(events_of(audit::system_scope()), IsEmpty());
  ASSERT_TRUE(run(accounts_.tidy()));
  EXPECT_THAT(events_of(audit::system_scope()), IsEmpty()) << "the minute is not over";
  clock_.advance(1min);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(run(accounts_.tidy()));
  const auto events = events_of(audit::system_scope());
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events.front().name, "user.sign_in_failed");
  EXPECT_EQ(events.front().origin.address, "203.0.113.0");
  EXPECT_THAT(events.front().after, testing::HasSubstr(R"("attempts":"3")"));
}

TEST_F(RecordsTest, OldRecordsSayNothingOfPeopleAnyMore) {
  sign_up_and_verify();
  const UserId user = known(kEmail);
  (void)sign_in(kOther, Secret(), "nobody@example.com");
  clock_.advance(1min);
  ASSERT_TRUE(run(accounts_.tidy()));
  clock_.advance(days(400));
  ASSERT_TRUE(sign_in());
  const auto erased = run(accounts_.erase_old_records(clock_.now() - days(365)));
  ASSERT_TRUE(erased);
  EXPECT_EQ(*erased, 4) << "where sign-up, verification and the stranger came from, and a name";
  const auto events = events_of(std::string(user.blob()));
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_FALSE(events.at(0).is_erased) << "young";
  EXPECT_TRUE(events.at(1).is_erased);
  EXPECT_TRUE(events.at(2).is_erased);
  const auto of_system = events_of(audit::system_scope());
  EXPECT_EQ(of_system.front().name, "audit.personal_expired");
  EXPECT_THAT(of_system.front().after, testing::HasSubstr(R"("rows":"4")"));
  EXPECT_TRUE(of_system.back().is_erased);
  EXPECT_EQ(run(accounts_.erase_old_records(clock_.now() - days(365))), 0);
}

TEST_F(RecordsTest, TermsThatWereNeverAcceptedAreAskedFor) {
  Accounts strict({*db_, passwords_, *spool_, ring_, ids_, clock_, [] {}},
                  {.terms_version = "2027-05"});
  const auto user = accounts_.put_user(kEmail, "Asha", Secret(kPassword));
  ASSERT_TRUE(user);
  EXPECT_EQ(code_of(run(strict.check_any_terms(user->id))), ErrorCode::kTermsNotAccepted);
  EXPECT_TRUE(run(accounts_.check_any_terms(user->id))) << "none are in force there";
  ASSERT_TRUE(run(strict.accept_terms(user->id, "2026-11", from_)));
  EXPECT_TRUE(run(strict.check_any_terms(user->id))) << "he has accepted earlier ones";
}

}  // namespace
}  // namespace flowsell::accounts
