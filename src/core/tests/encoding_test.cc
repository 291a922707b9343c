#include "core/encoding.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flowsell {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

using Bytes16 = std::array<std::uint8_t, 16>;

std::string base32(const Bytes16& bytes) {
  std::string out;
  base32_append(bytes, out);
  return out;
}

Bytes16 filled(std::uint8_t byte) {
  Bytes16 bytes;
  bytes.fill(byte);
  return bytes;
}

TEST(Base32, ZeroIsTwentySixZeros) { EXPECT_EQ(base32(filled(0)), std::string(26, '0')); }

TEST(Base32, LargestStartsWithSeven) {
  EXPECT_EQ(base32(filled(0xFF)), "7" + std::string(25, 'z'));
}

TEST(Base32, LastBitIsTheLastCharacter) {
  Bytes16 bytes{};
  bytes[15] = 1;
  EXPECT_EQ(base32(bytes), std::string(25, '0') + "1");
}

TEST(Base32, AppendsToWhatIsThere) {
  std::string out = "id_";
  base32_append(filled(0), out);
  EXPECT_EQ(out, "id_" + std::string(26, '0'));
}

TEST(Base32, EverySingleBitIsReadBack) {
  for (std::size_t bit = 0; bit < 128; ++bit) {
    Bytes16 bytes{};
    bytes[bit / 8] = static_cast<std::uint8_t>(1U << (bit % 8));
    Bytes16 back = filled(0xAA);
    ASSERT_TRUE(base32_decode(base32(bytes), back));
    ASSERT_EQ(back, bytes) << "bit " << bit;
  }
}

TEST(Base32, OrderOfTextIsOrderOfBytes) {
  Bytes16 low = filled(0x7F);
  Bytes16 high = low;
  high[9] = 0x80;
  EXPECT_LT(base32(low), base32(high));
}

struct Base32Case {
  const char* name;
  std::string text;
  bool ok;
};
class Base32Decode : public testing::TestWithParam<Base32Case> {};
TEST_P(Base32Decode, TakesOneTextForOneValue) {
  Bytes16 out;
  EXPECT_EQ(base32_decode(GetParam().text, out), GetParam().ok);
}
INSTANTIATE_TEST_SUITE_P(
    Table, Base32Decode,
    testing::Values(Base32Case{"Largest", "7" + std::string(25, 'z'), true},
                    Base32Case{"MoreThan128Bits", "8" + std::string(25, '0'), false},
                    Base32Case{"OneTooShort", std::string(25, '0'), false},
                    Base32Case{"OneTooLong", std::string(27, '0'), false},
                    Base32Case{"Empty", "", false},
                    Base32Case{"UpperCase", std::string(25, '0') + "Z", false},
                    Base32Case{"LetterI", std::string(25, '0') + "i", false},
                    Base32Case{"LetterL", std::string(25, '0') + "l", false},
                    Base32Case{"LetterO", std::string(25, '0') + "o", false},
                    Base32Case{"LetterU", std::string(25, '0') + "u", false},
                    Base32Case{"HighByte", std::string(25, '0') + "\xFF", false}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(Hex, WritesLowerCase) { EXPECT_EQ(hex_encode(as_bytes("\x00\xAB\xFF"sv)), "00abff"); }

TEST(Hex, ReadsBothCases) { EXPECT_EQ(hex_decode("00abFF"), "\x00\xAB\xFF"s); }

TEST(Hex, EmptyIsEmpty) {
  EXPECT_EQ(hex_encode({}), "");
  EXPECT_EQ(hex_decode(""), "");
}

TEST(Hex, OddLengthAndOtherCharactersAreRefused) {
  for (const std::string_view text : {"0", "000", "0g", "g0", "0/", "0:", "0@", "0`", "0 "}) {
    EXPECT_EQ(hex_decode(text), std::nullopt) << text;
  }
}

// Source: RFC 4648 section 10.
struct Base64Case {
  std::string_view plain, text;
};
class Base64 : public testing::TestWithParam<Base64Case> {};
TEST_P(Base64, IsWrittenAndReadBack) {
  EXPECT_EQ(base64_encode(as_bytes(GetParam().plain)), GetParam().text);
  EXPECT_EQ(base64_decode(GetParam().text), GetParam().plain);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc4648, Base64,
    testing::Values(Base64Case{"", ""}, Base64Case{"f", "Zg=="}, Base64Case{"fo", "Zm8="},
                    Base64Case{"foo", "Zm9v"}, Base64Case{"foob", "Zm9vYg=="},
                    Base64Case{"fooba", "Zm9vYmE="}, Base64Case{"foobar", "Zm9vYmFy"},
                    Base64Case{"\xFB\xFF\xBF", "+/+/"}, Base64Case{"\0\0\0"sv, "AAAA"}));

TEST(Base64Decode, RefusesWhatNoEncoderWrites) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=", "Zm9v=", "Z g=", "Zg==\n",
        "-_-_", "Zg==Zg==", "Z=g="}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

struct Utf8Case {
  const char* name;
  std::string_view text;
  bool valid;
};
class Utf8 : public testing::TestWithParam<Utf8Case> {};
TEST_P(Utf8, IsJudgedAsRfc3629Says) { EXPECT_EQ(is_valid_utf8(GetParam().text), GetParam().valid); }
INSTANTIATE_TEST_SUITE_P(
    Table, Utf8,
    testing::Values(
        Utf8Case{"Empty", "", true}, Utf8Case{"Nul", "\0"sv, true},
        Utf8Case{"LastOneByte", "\x7F", true}, Utf8Case{"LoneContinuation", "\x80", false},
        Utf8Case{"LastContinuation", "\xBF", false}, Utf8Case{"OverlongC0", "\xC0\x80", false},
        Utf8Case{"OverlongC1", "\xC1\xBF", false}, Utf8Case{"FirstTwoBytes", "\xC2\x80", true},
        Utf8Case{"LastTwoBytes", "\xDF\xBF", true}, Utf8Case{"TwoBytesCut", "\xC2", false},
        Utf8Case{"TwoBytesBroken", "\xC2\x41", false},
        Utf8Case{"OverlongE0", "\xE0\x9F\xBF", false},
        Utf8Case{"FirstThreeBytes", "\xE0\xA0\x80", true},
        Utf8Case{"BeforeSurrogates", "\xED\x9F\xBF", true},
        Utf8Case{"FirstSurrogate", "\xED\xA0\x80", false},
        Utf8Case{"LastSurrogate", "\xED\xBF\xBF", false},
        Utf8Case{"AfterSurrogates", "\xEE\x80\x80", true},
        Utf8Case{"LastThreeBytes", "\xEF\xBF\xBF", true},
        Utf8Case{"ThreeBytesCut", "\xE2\x82", false},
        Utf8Case{"OverlongF0", "\xF0\x8F\xBF\xBF", false},
        Utf8Case{"FirstFourBytes", "\xF0\x90\x80\x80", true},
        Utf8Case{"LastCodePoint", "\xF4\x8F\xBF\xBF", true},
        Utf8Case{"BeyondUnicode", "\xF4\x90\x80\x80", false},
        Utf8Case{"F5", "\xF5\x80\x80\x80", false}, Utf8Case{"FE", "\xFE", false},
        Utf8Case{"FF", "\xFF", false}, Utf8Case{"FourBytesCut", "\xF0\x9F\x98", false},
        Utf8Case{"FourBytesBroken", "\xF0\x9F\x98\x28", false},
        Utf8Case{"BrokenAtTheEnd", "all is well\xC3", false}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(CountCodePoints, CountsCharactersAndNotBytes) {
  EXPECT_EQ(count_code_points(""), 0U);
  EXPECT_EQ(count_code_points("abc"), 3U);
  EXPECT_EQ(count_code_points("\u00e9\u20ac\U0001F600"), 3U);
}

TEST(Base64Url, IsWhatRfc7515Writes) {
  const std::string bytes("\x03\xec\xff\xe0\xc1", 5);  // RFC 7515, appendix C
  EXPECT_EQ(base64url_encode(as_bytes(bytes)), "A-z_4ME");
  EXPECT_EQ(base64url_decode("A-z_4ME"), bytes);
  EXPECT_EQ(base64url_decode(""), "");
}

TEST(Base64Url, HasOneTextForOneValue) {
  for (const char* text :
       {"A", "A-z_4MF", "A-z_4ME=", "A+z_4ME", "A-z/4ME", "A-z_ 4ME", "A-z_4ME\n"}) {
    EXPECT_EQ(base64url_decode(text), std::nullopt) << text;
  }
}

TEST(EqualsIgnoringCase, FoldsAsciiLettersOnly) {
  EXPECT_TRUE(equals_ignoring_case("Content-TYPE", "content-type"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
  EXPECT_FALSE(equals_ignoring_case("\u00c9", "\u00e9"));
}

TEST(LowerCase, FoldsAsciiLettersOnly) {
  EXPECT_EQ(lower_case("AZaz@[`{09"), "azaz@[`{09");
  EXPECT_EQ(lower_case("\u00c9"), "\u00c9");
  EXPECT_EQ(lower_case(""), "");
}

TEST(PercentDecode, DecodesBothCases) {
  EXPECT_EQ(percent_decode("a%2Fb%2f%00", false), "a/b/\0"s);
}

TEST(PercentDecode, PlusIsASpaceOnlyWhenAsked) {
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(percent_decode("a+b", false), "a+b");
}

TEST(PercentDecode, CutOrBrokenEscapesAreRefused) {
  for (const std::string_view text : {"%", "%4", "a%", "a%4", "%4g", "%g4", "%%41"}) {
    EXPECT_EQ(percent_decode(text, false), std::nullopt) << text;
  }
}

TEST(PercentEncode, WhatIsNotUnreservedIsEscaped) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/c?&=+,%\xC3\xBC\0"s), "a%20b%2Fc%3F%26%3D%2B%2C%25%C3%BC%00");
}

TEST(EscapeHtml, WhatMeansSomethingIsEscaped) {
  EXPECT_EQ(escape_html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

TEST(TakeUntil, TheMarkGoesWithWhatIsBeforeIt) {
  std::string_view text = "a=b=";
  EXPECT_EQ(take_until(text, '='), "a");
  EXPECT_EQ(text, "b=");
  EXPECT_EQ(take_until(text, '&'), "b=");
  EXPECT_EQ(text, "");
  EXPECT_EQ(take_until(text, '&'), "");
}

}  // namespace
}  // namespace flowsell
