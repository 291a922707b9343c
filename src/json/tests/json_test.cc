#include "json/json.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "json/writer.h"

namespace flowsell::json {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string detail_of(const Result<Document>& result) {
  return result ? std::string() : result.error().detail;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

struct Case {
  const char* name;
  std::string_view text;
};
std::string name_of(const testing::TestParamInfo<Case>& param_info) {
  return param_info.param.name;
}

class Accepted : public testing::TestWithParam<Case> {};
TEST_P(Accepted, IsWrittenBackWithTheSameMeaning) {
  const auto first = parse(GetParam().text);
  ASSERT_TRUE(first) << detail_of(first);
  const std::string written = std::move(Writer().value(first->root())).take();
  const auto second = parse(written);
  ASSERT_TRUE(second) << detail_of(second);
  EXPECT_EQ(second->root(), first->root());
}
INSTANTIATE_TEST_SUITE_P(
    Table, Accepted,
    testing::Values(
        Case{"EmptyObject", "{}"}, Case{"EmptyArray", "[]"}, Case{"Scalar", "7"},
        Case{"Null", "null"}, Case{"Whitespace", " \t\r\n{ \"a\" : 1 } \n"},
        Case{"EscapedQuote", R"("a\"b\\c\/d")"}, Case{"SurrogatePair", R"("\ud83d\ude00")"},
        Case{"FourByteUtf8", "\"\xF0\x9F\x98\x80\""}, Case{"LowestControlEscape", R"("\u0001")"},
        Case{"SmallestInt64", "-9223372036854775808"},
        Case{"LargestUint64", "18446744073709551615"}, Case{"BeyondUint64", "18446744073709551616"},
        Case{"BeyondDouble", "1e999"}, Case{"SameKeyInSiblings", R"([{"a":1},{"a":2}])"},
        Case{"SameKeyInNested", R"({"a":{"a":{"a":1}}})"}, Case{"EmptyKey", R"({"":1})"},
        Case{"KeysThatDifferInCase", R"({"a":1,"A":2})"}),
    name_of);

class Refused : public testing::TestWithParam<Case> {};
TEST_P(Refused, IsInvalidJson) {
  const auto result = parse(GetParam().text);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidJson);
}
INSTANTIATE_TEST_SUITE_P(
    Table, Refused,
    testing::Values(
        Case{"Nothing", ""}, Case{"OnlySpace", " "}, Case{"Unclosed", R"({"a":1)"},
        Case{"TwoDocuments", "{}{}"}, Case{"TextAfter", "{} x"}, Case{"TrailingComma", "[1,]"},
        Case{"Comment", "[1/*c*/]"}, Case{"SingleQuotes", "['a']"}, Case{"NotANumber", "NaN"},
        Case{"LeadingZero", "01"}, Case{"PlusSign", "+1"}, Case{"BareFraction", ".5"},
        Case{"RawControlCharacter", "\"a\nb\""}, Case{"ByteOrderMark", "\xEF\xBB\xBF{}"},
        Case{"LoneHighSurrogate", R"("\ud83d")"}, Case{"LoneLowSurrogate", R"("\ude00")"},
        Case{"BrokenUtf8", "\"\xFF\""}, Case{"OverlongUtf8", "\"\xC0\xAF\""},
        Case{"SurrogateInUtf8", "\"\xED\xA0\x80\""}, Case{"CutUtf8", "\"\xE2\x82\""},
        Case{"DuplicateKey", R"({"a":1,"a":2})"},
        Case{"DuplicateKeyWrittenWithEscape", R"({"a":1,"\u0061":2})"},
        Case{"DuplicateKeyDeepInside", R"([{"x":{"y":[{"a":1,"b":2,"a":3}]}}])"},
        Case{"DuplicateThatHoldsObjects", R"({"a":{"b":1,"c":{}},"a":{"b":1,"c":{}}})"},
        Case{"DuplicateEmptyKey", R"({"":1,"":2})"}, Case{"NulInString", R"(["a\u0000b"])"},
        Case{"NulInKey", R"({"a\u0000":1})"}, Case{"RawNul", "\"a\0b\""sv}),
    name_of);

TEST(Parse, DepthAtTheLimitIsAccepted) { EXPECT_TRUE(parse(nested(32))); }

TEST(Parse, DepthOverTheLimitIsRefusedByName) {
  EXPECT_NE(detail_of(parse(nested(33))).find("deeper than 32 levels"), std::string::npos);
}

TEST(Parse, LengthAtTheLimitIsAccepted) { EXPECT_TRUE(parse("[1,2]", {.bytes_max = 5})); }

TEST(Parse, LengthOverTheLimitIsRefused) {
  EXPECT_EQ(detail_of(parse("[1,2,]", {.bytes_max = 5})), "the document is longer than 5 bytes");
}

TEST(Parse, DetailNamesTheOffset) {
  EXPECT_NE(detail_of(parse(R"({"a":x})")).find("at byte 5"), std::string::npos)
      << detail_of(parse(R"({"a":x})"));
}

TEST(Parse, DetailNeverRepeatsTheText) {
  EXPECT_EQ(detail_of(parse(R"({"hush":hush})")).find("hush"), std::string::npos);
}

TEST(Parse, DuplicateAmongManyKeysIsFound) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(parse(text + "\"k1000\":0}"));
  EXPECT_FALSE(parse(text + "\"k500\":0}"));
}

TEST(Parse, StringLongerThanTheInlineMemoryIsKeptWhole) {
  const std::string text(100'000, 'x');
  const auto document = parse("[\"" + text + "\"]");
  ASSERT_TRUE(document);
  EXPECT_EQ(std::string_view(document->root().get_array()[0].get_string()), text);
}

TEST(Parse, LongEscapedStringIsPutTogether) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    text += R"(\u00e9y)";
    expected += "\u00e9y";
  }
  const auto document = parse("\"" + text + "\"");
  ASSERT_TRUE(document);
  EXPECT_EQ(std::string_view(document->root().get_string()), expected);
}

TEST(Document, MovedDocumentKeepsItsValuesInPlace) {
  auto first = parse(R"({"a":"a text too long for its own small buffer"})");
  ASSERT_TRUE(first);
  const Value* root = &first->root();
  const Document second = *std::move(first);
  EXPECT_EQ(&second.root(), root);
}

TEST(Document, EmptyDocumentIsNull) { EXPECT_TRUE(Document().root().is_null()); }

TEST(Document, OutlivesTheTextItWasReadFrom) {
  std::string text = R"({"key":"value"})";
  const auto document = parse(text);
  text.assign(text.size(), '#');
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().at("key").as_string(), "value");
}

}  // namespace
}  // namespace flowsell::json
