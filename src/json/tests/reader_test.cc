#include "json/reader.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace flowsell::json {
namespace {

/// A document and a reader on its root.
struct Reading {
  explicit Reading(std::string_view text, std::string pointer = "")
      : document(*parse(text)), in(document.root(), std::move(pointer), faults) {}
  std::string codes() const {
    std::string out;
    for (const FieldError& fault : faults) out += fault.pointer + ":" + fault.code + " ";
    return out;
  }
  Document document;
  std::vector<FieldError> faults;
  ObjectReader in;
};

TEST(ObjectReader, ReadsWhatIsThere) {
  Reading r(R"({"s":"text","i":5,"b":true,"a":[1,2]})");
  EXPECT_EQ(r.in.string("s"), "text");
  EXPECT_EQ(r.in.integer("i", 0, 9), 5);
  EXPECT_EQ(r.in.boolean("b"), true);
  ASSERT_NE(r.in.array("a", 1, 2), nullptr);
  r.in.finish();
  EXPECT_EQ(r.codes(), "");
}

TEST(ObjectReader, AbsentOptionalFieldsAreNoFault) {
  Reading r("{}");
  EXPECT_EQ(r.in.string("s", {.min = 1}), std::nullopt);
  EXPECT_EQ(r.in.integer("i", 1, 9), std::nullopt);
  EXPECT_EQ(r.in.boolean("b"), std::nullopt);
  EXPECT_EQ(r.in.array("a", 1, 2), nullptr);
  EXPECT_EQ(r.codes(), "");
}

TEST(ObjectReader, CollectsEveryFaultInOrder) {
  Reading r(R"({"b":1,"x":2})");
  r.in.required_string("a");
  r.in.boolean("b");
  r.in.finish();
  EXPECT_EQ(r.codes(), "/a:required /b:wrong_type /x:unknown_field ");
}

TEST(ObjectReader, NullIsOfWrongTypeAndNotAbsent) {
  Reading r(R"({"s":null,"i":null,"b":null,"a":null})");
  r.in.required_string("s");
  r.in.integer("i", 0, 1);
  r.in.boolean("b");
  r.in.array("a", 0, 1);
  EXPECT_EQ(r.codes(), "/s:wrong_type /i:wrong_type /b:wrong_type /a:wrong_type ");
}

TEST(ObjectReader, ValueThatIsNoObjectIsTheOnlyFault) {
  Reading r("[1]", "/items/0");
  r.in.required_string("a");
  r.in.finish();
  EXPECT_FALSE(r.in.is_object());
  EXPECT_EQ(r.codes(), "/items/0:wrong_type ");
}

TEST(ObjectReader, PointerEscapesTildeAndSlash) {
  Reading r("{}", "/base");
  EXPECT_EQ(r.in.pointer_of("a/b~c"), "/base/a~1b~0c");
}

TEST(ObjectReader, PointerOfNoNameIsTheObject) {
  Reading r("{}", "/base");
  EXPECT_EQ(r.in.pointer_of(""), "/base");
}

TEST(ObjectReader, UnknownFieldWithAnEmptyNameHasItsOwnPointer) {
  Reading r(R"({"":1})");
  r.in.finish();
  EXPECT_EQ(r.codes(), "/:unknown_field ");
}

TEST(ObjectReader, FieldAskedForTwiceIsOneKnownField) {
  Reading r(R"({"a":1,"b":2})");
  r.in.find("a");
  r.in.find("a");
  r.in.finish();
  EXPECT_EQ(r.codes(), "/b:unknown_field ");
}

TEST(ObjectReader, FaultNeverRepeatsAValue) {
  Reading r(R"({"s":"hush","i":"hush","n":4711})");
  r.in.string("s", {.min = 0, .max = 1});
  r.in.integer("i", 0, 1);
  r.in.integer("n", 0, 1);
  ASSERT_EQ(r.faults.size(), 3U);
  for (const FieldError& fault : r.faults) {
    EXPECT_EQ((fault.detail + fault.fix).find("hush"), std::string::npos);
    EXPECT_EQ((fault.detail + fault.fix).find("4711"), std::string::npos);
  }
}

TEST(ObjectReader, EveryFaultSaysWhatIsWrongAndWhatToDo) {
  Reading r(R"({"s":1,"t":"","u":"ab","i":9,"a":[],"c":[1,2],"x":0})");
  r.in.require("gone");
  r.in.string("s");
  r.in.string("t", {.min = 1});
  r.in.string("u", {.max = 1});
  r.in.integer("i", 0, 1);
  r.in.array("a", 1, 1);
  r.in.array("c", 1, 1);
  r.in.finish();
  EXPECT_EQ(r.codes(),
            "/gone:required /s:wrong_type /t:too_short /u:too_long /i:out_of_range /a:too_few "
            "/c:too_many "
            "/x:unknown_field ");
  for (const FieldError& fault : r.faults)
    EXPECT_FALSE(fault.detail.empty() || fault.fix.empty()) << fault.code;
}

TEST(ObjectReader, FaultsStopGrowingWithTheRequest) {
  std::string text = "{\"k\":0";
  for (int i = 0; i < 500; ++i) text += ",\"k" + std::to_string(i) + "\":0";
  Reading r(text + "}");
  r.in.finish();
  EXPECT_EQ(r.faults.size(), 100U);
}

struct LengthCase {
  const char* name;
  const char* text;  ///< as JSON
  const char* code;  ///< of the fault, "" for none
};
class StringLength : public testing::TestWithParam<LengthCase> {};
TEST_P(StringLength, IsCountedInCodePoints) {
  Reading r(std::string("{\"s\":") + GetParam().text + "}");
  r.in.string("s", {.min = 2, .max = 3});
  EXPECT_EQ(r.faults.empty() ? "" : r.faults[0].code, GetParam().code);
}
INSTANTIATE_TEST_SUITE_P(
    Table, StringLength,
    testing::Values(LengthCase{"OneTooShort", R"("a")", "too_short"},
                    LengthCase{"OneTooShortInFourBytes", "\"\xF0\x9F\x98\x80\"", "too_short"},
                    LengthCase{"Shortest", R"("ab")", ""}, LengthCase{"Longest", R"("abc")", ""},
                    LengthCase{"LongestInSixBytes", "\"\u00e9\u00e9\u00e9\"", ""},
                    LengthCase{"OneTooLong", R"("abcd")", "too_long"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

struct IntegerCase {
  const char* name;
  const char* text;
  const char* code;
};
class Integer : public testing::TestWithParam<IntegerCase> {};
TEST_P(Integer, IsCheckedForTypeAndRange) {
  Reading r(std::string("{\"i\":") + GetParam().text + "}");
  const auto read = r.in.integer("i", -5, 5);
  EXPECT_EQ(r.faults.empty() ? "" : r.faults[0].code, GetParam().code);
  EXPECT_EQ(read.has_value(), r.faults.empty());
}
INSTANTIATE_TEST_SUITE_P(
    Table, Integer,
    testing::Values(IntegerCase{"BelowTheLowest", "-6", "out_of_range"},
                    IntegerCase{"Lowest", "-5", ""}, IntegerCase{"Highest", "5", ""},
                    IntegerCase{"AboveTheHighest", "6", "out_of_range"},
                    IntegerCase{"BeyondInt64", "9223372036854775808", "out_of_range"},
                    IntegerCase{"BeyondUint64", "99999999999999999999", "out_of_range"},
                    IntegerCase{"BeyondDouble", "-1e999", "out_of_range"},
                    IntegerCase{"Fraction", "1.5", "wrong_type"},
                    IntegerCase{"WholeDouble", "1.0", "wrong_type"},
                    IntegerCase{"Exponent", "1e0", "wrong_type"},
                    IntegerCase{"Text", "\"1\"", "wrong_type"},
                    IntegerCase{"Flag", "true", "wrong_type"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(AsResult, NoFaultsAreSuccess) { EXPECT_TRUE(as_result({})); }

TEST(AsResult, DetailIsThatOfTheFirstFault) {
  const auto result =
      as_result({{"/a", "required", "first", "f"}, {"/b", "required", "second", "f"}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(result.error().detail, "first");
  EXPECT_EQ(result.error().fields.size(), 2U);
}

}  // namespace
}  // namespace flowsell::json
