#include "accounts/passwords.h"

#include <gtest/gtest.h>

#include "testkit/database.h"
#include "testkit/io.h"

namespace flowsell::accounts {
namespace {

using testkit::code_of;

constexpr PasswordCost kCheap{1, std::size_t{8} << 10};

std::string fault_of(const std::string& password, const std::vector<std::string>& own = {}) {
  const auto checked = check_password(Secret(password), own, "/password");
  if (checked) return "";
  EXPECT_EQ(checked.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(checked.error().fields.at(0).pointer, "/password");
  EXPECT_FALSE(checked.error().detail.contains(password)) << "it quotes the password";
  return checked.error().fields.at(0).code;
}

TEST(CheckPassword, WordsThatDontBelongTogetherAreTaken) {
  EXPECT_EQ(fault_of("umbrella kettle Tuesday moss"), "");
}

TEST(CheckPassword, RandomTextIsTaken) { EXPECT_EQ(fault_of("x8Kq2mVt9LrZ"), ""); }

TEST(CheckPassword, LettersOfAnyScriptCount) { EXPECT_EQ(fault_of("नमस्ते दुनिया सूरज चाँद"), ""); }

TEST(CheckPassword, ElevenCharactersAreTooFew) { EXPECT_EQ(fault_of("x8Kq2mVt9Lr"), "too_short"); }

TEST(CheckPassword, VeryLongOnesAreTaken) {
  EXPECT_EQ(fault_of("umbrella kettle Tuesday moss " + std::string(227, 'q')), "");
  EXPECT_EQ(fault_of(std::string(257, 'q')), "too_long");
}

TEST(CheckPassword, CommonOnesAreWeak) {
  for (const char* password : {"password1234", "123456789012", "qwertyuiop12", "aaaaaaaaaaaaaa",
                               "iloveyou1234", "Passw0rd1234"})
    EXPECT_EQ(fault_of(password), "weak_password") << password;
}

TEST(CheckPassword, OnesOwnAddressIsWeak) {
  const std::vector<std::string> own = {"asha.krishnan@example.com", "Asha Krishnan"};
  EXPECT_EQ(fault_of("asha.krishnan@example.com", own), "weak_password");
}

TEST(CheckPassword, ProductsNameIsWeak) { EXPECT_EQ(fault_of("flowsell1234"), "weak_password"); }

TEST(CheckPassword, ZeroByteIsRefused) {
  EXPECT_EQ(fault_of(std::string("umbrella kettle\0moss", 20)), "invalid_format");
}

class PasswordsTest : public testing::Test {
 protected:
  PasswordsTest() { pool_.start(); }
  ~PasswordsTest() override {
    pool_.stop();
    passwords_.stop();
  }
  Passwords::Verdict verify(const std::string& password, const std::string& stored) {
    return *testkit::run(pool_, passwords_.verify(Secret(password), stored));
  }
  runtime::IoPool pool_{1};
  Passwords passwords_{kCheap, 2};
};

TEST_F(PasswordsTest, RightOneMatchesAndAnotherDoesNot) {
  const auto stored = testkit::run(pool_, passwords_.hash(Secret("right")));
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->starts_with("$argon2id$"));
  EXPECT_TRUE(verify("right", *stored).matches);
  EXPECT_FALSE(verify("Right", *stored).matches);
}

TEST_F(PasswordsTest, SamePasswordIsStoredDifferentlyEachTime) {
  EXPECT_NE(*passwords_.hash_now(Secret("right")), *passwords_.hash_now(Secret("right")));
}

TEST_F(PasswordsTest, WhatIsNotThereNeverMatches) {
  EXPECT_FALSE(verify("of nobody", "").matches);
  EXPECT_FALSE(verify("", "").matches);
}

TEST_F(PasswordsTest, DamagedHashNeverMatches) {
  EXPECT_FALSE(verify("right", "$argon2id$v=19$m=8,t=1,p=1$AAAA").matches);
}

TEST_F(PasswordsTest, OneAtAnotherCostIsOutdated) {
  const Passwords dearer{{2, std::size_t{16} << 10}, 1};
  EXPECT_FALSE(verify("right", *passwords_.hash_now(Secret("right"))).is_outdated);
  const auto verdict = verify("right", *dearer.hash_now(Secret("right")));
  EXPECT_TRUE(verdict.matches);
  EXPECT_TRUE(verdict.is_outdated);
}

}  // namespace
}  // namespace flowsell::accounts
