#include "core/phone_number.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace flowsell {
namespace {

struct ParseCase {
  const char* name;
  const char* text;
  const char* detail;  ///< of the error, "" when the number is accepted
};
class PhoneNumberParse : public testing::TestWithParam<ParseCase> {};
TEST_P(PhoneNumberParse, AcceptsE164AndNamesTheFirstFault) {
  const auto parsed = PhoneNumber::parse(GetParam().text);
  EXPECT_EQ(parsed ? "" : parsed.error().detail, GetParam().detail);
  if (parsed) {
    EXPECT_EQ(parsed->view(), GetParam().text);
  } else {
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidRequest);
  }
}
constexpr const char* kNoPlus = "phone number: expected '+' at offset 0";
constexpr const char* kLength = "phone number: needs 7 to 15 digits";
constexpr const char* kNoCountry =
    "phone number: starts with no country code that ITU-T has assigned";
INSTANTIATE_TEST_SUITE_P(
    Table, PhoneNumberParse,
    testing::Values(
        ParseCase{"India", "+919876543210", ""}, ParseCase{"Shortest", "+1234567", ""},
        ParseCase{"OneTooShort", "+123456", kLength}, ParseCase{"Longest", "+123456789012345", ""},
        ParseCase{"OneTooLong", "+1234567890123456", kLength}, ParseCase{"Empty", "", kNoPlus},
        ParseCase{"PlusOnly", "+", kLength}, ParseCase{"NoPlus", "919876543210", kNoPlus},
        ParseCase{"SpaceBefore", " +919876543210", kNoPlus},
        ParseCase{"SpaceInside", "+91 9876543210", "phone number: not a digit at offset 3"},
        ParseCase{"TwoPlus", "++919876543210", "phone number: not a digit at offset 1"},
        ParseCase{"LetterAtTheEnd", "+91987654321x", "phone number: not a digit at offset 12"},
        ParseCase{"ArabicDigit", "+91\u0661234567", "phone number: not a digit at offset 3"},
        ParseCase{"LeadingZero", "+0123456789", kNoCountry},
        ParseCase{"UnassignedCountry", "+2101234567", kNoCountry}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(PhoneNumber, ErrorNeverRepeatsTheNumber) {
  const auto parsed = PhoneNumber::parse("+91 98765x43210");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().detail, testing::Not(testing::HasSubstr("987")));
}

// Source: ITU-T, List of assigned country codes. Every three-digit head belongs to exactly one row
// here: "1" and "7" are whole zones; a zone's listed second digits are two-digit codes; the rest
// are three-digit codes.
std::size_t expected_length(int head) {
  const int zone = head / 100;
  const int two = head / 10;
  static const std::string two_digit_codes =
      " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 "
      "60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";
  static const std::string unassigned =
      " 210 214 215 217 219 259 280 281 282 283 284 285 286 287 288 289 292 293 294 295 296 384 "
      "388 422 424 425 426 "
      "427 428 429 671 684 693 694 695 696 697 698 699 801 802 803 804 805 806 807 809 830 831 832 "
      "833 834 835 836 837 "
      "838 839 851 854 857 858 859 871 872 873 874 875 876 877 879 884 885 887 889 890 891 892 893 "
      "894 895 896 897 898 "
      "899 969 978 990 991 997 999 ";
  if (zone == 0) return 0;
  if (zone == 1 || zone == 7) return 1;
  if (two_digit_codes.find(" " + std::to_string(two) + " ") != std::string::npos) return 2;
  return unassigned.find(" " + std::to_string(head) + " ") != std::string::npos ? 0 : 3;
}

TEST(CountryCodeLength, AgreesWithTheItuListForEveryHead) {
  for (int head = 0; head < 1000; ++head) {
    std::string digits = std::to_string(head);
    digits.insert(0, 3 - digits.size(), '0');
    EXPECT_EQ(country_code_length(digits), expected_length(head)) << digits;
  }
}

TEST(CountryCodeLength, NeedsTheWholeCode) {
  EXPECT_EQ(country_code_length(""), 0U);
  EXPECT_EQ(country_code_length("9"), 0U);
  EXPECT_EQ(country_code_length("91"), 2U);
  EXPECT_EQ(country_code_length("35"), 0U);
  EXPECT_EQ(country_code_length("351"), 3U);
  EXPECT_EQ(country_code_length("9a"), 0U);
}

TEST(PhoneNumber, KnowsItsParts) {
  const auto number = *PhoneNumber::parse("+351912345678");
  EXPECT_EQ(number.country_code(), "351");
  EXPECT_EQ(number.digits(), "351912345678");
}

struct MaskCase {
  const char* text;
  const char* masked;
};
class PhoneNumberMask : public testing::TestWithParam<MaskCase> {};
TEST_P(PhoneNumberMask, ShowsCountryCodeAndLastDigits) {
  EXPECT_EQ(PhoneNumber::parse(GetParam().text)->masked(), GetParam().masked);
}
INSTANTIATE_TEST_SUITE_P(
    Table, PhoneNumberMask,
    testing::Values(
        MaskCase{"+919876543210", "+91\u2022\u2022\u2022\u2022\u2022\u20223210"},
        MaskCase{"+12345678", "+1\u2022\u2022\u2022\u2022678"},    // seven: three are shown
        MaskCase{"+123456789", "+1\u2022\u2022\u2022\u20226789"},  // eight: four are shown
        MaskCase{"+3511234", "+351\u2022\u202234"}));              // four: two are shown

}  // namespace
}  // namespace flowsell
