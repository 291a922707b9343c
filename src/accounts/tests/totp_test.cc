#include "totp.h"

#include <gtest/gtest.h>

#include "recovery_codes.h"

namespace flowsell::accounts {
namespace {

const Secret kSeed("12345678901234567890");  // of RFC 6238, appendix B

Time at_second(std::int64_t seconds) { return from_unix_ms(seconds * 1000); }

struct CodeCase {
  const char* name;
  std::int64_t second;
  const char* code;
};

class Totp : public testing::TestWithParam<CodeCase> {};

TEST_P(Totp, IsWhatTheStandardSays) {
  EXPECT_EQ(totp_code(kSeed, step_of(at_second(GetParam().second))), GetParam().code);
}

// The last six of the standard's eight digits.
INSTANTIATE_TEST_SUITE_P(Table, Totp,
                         testing::Values(CodeCase{"Second59", 59, "287082"},
                                         CodeCase{"Year2005", 1'111'111'109, "081804"},
                                         CodeCase{"StepBegins", 1'111'111'111, "050471"},
                                         CodeCase{"Year2009", 1'234'567'890, "005924"},
                                         CodeCase{"Year2033", 2'000'000'000, "279037"},
                                         CodeCase{"Beyond32Bits", 20'000'000'000, "353130"}),
                         [](const auto& of) { return std::string(of.param.name); });

TEST(TotpStep, OneBeforeAndOneBehindAreTaken) {
  const Time now = at_second(1'111'111'111);
  const std::int64_t step = step_of(now);
  for (const int skew : {-1, 0, 1})
    EXPECT_EQ(matching_step(kSeed, totp_code(kSeed, step + skew), now, 0), step + skew);
  for (const int skew : {-2, 2})
    EXPECT_EQ(matching_step(kSeed, totp_code(kSeed, step + skew), now, 0), std::nullopt);
}

TEST(TotpStep, NoneIsTakenAgain) {
  const Time now = at_second(1'111'111'111);
  const std::int64_t step = step_of(now);
  EXPECT_EQ(matching_step(kSeed, totp_code(kSeed, step), now, step), std::nullopt);
  EXPECT_EQ(matching_step(kSeed, totp_code(kSeed, step - 1), now, step), std::nullopt);
  EXPECT_EQ(matching_step(kSeed, totp_code(kSeed, step + 1), now, step), step + 1);
}

TEST(TotpStep, WhatIsNoCodeMatchesNothing) {
  for (const char* code : {"", "00000", "0000000", "abcdef"})
    EXPECT_EQ(matching_step(kSeed, code, at_second(59), 0), std::nullopt) << code;
}

TEST(Base32, IsTheStandards) {
  EXPECT_EQ(base32_text(""), "");
  EXPECT_EQ(base32_text("fooba"), "MZXW6YTB");  // RFC 4648, section 10
  EXPECT_EQ(base32_text(kSeed.reveal()), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

TEST(OtpauthUri, NamesAccountAndIssuer) {
  EXPECT_EQ(otpauth_uri(kSeed, "a+b@example.com").reveal(),
            "otpauth://totp/FlowSell%20Connect:a%2Bb%40example.com?secret="
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=FlowSell%20Connect&algorithm=SHA1&digits=6"
            "&period=30");
}

TEST(RecoveryCodes, AreTenDifferentOnes) {
  const auto codes = make_recovery_codes();
  ASSERT_EQ(codes.size(), 10U);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    EXPECT_EQ(codes[i].size(), 27U);
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(codes[i].reveal(), codes[k].reveal());
  }
}

TEST(RecoveryCodes, AreTheSameHoweverTheyAreTyped) {
  const UserId user;
  const auto hash = recovery_code_hash(user, "abcdef-ghijkl-mnopqr-stuvw2");
  ASSERT_TRUE(hash);
  EXPECT_EQ(recovery_code_hash(user, "ABCDEF GHIJKL MNOPQR STUVW2"), hash);
  EXPECT_EQ(recovery_code_hash(user, "abcdefghijklmnopqrstuvw2"), hash);
  EXPECT_NE(recovery_code_hash(user, "abcdef-ghijkl-mnopqr-stuvw3"), hash);
}

TEST(RecoveryCodes, WhatIsNoneHasNoHash) {
  for (const char* code :
       {"", "123456", "abcdef-ghijkl-mnopqr-stuvw", "abcdef-ghijkl-mnopqr-stuvw1",
        "abcdef-ghijkl-mnopqr-stuvwxy", "abcdef_ghijkl_mnopqr_stuvwx"})
    EXPECT_FALSE(recovery_code_hash(UserId(), code)) << code;
}

}  // namespace
}  // namespace flowsell::accounts
