#include "json/writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace flowsell::json {
namespace {

TEST(Writer, PutsCommasBetweenMembersAndElements) {
  Writer w;
  w.begin_object()
      .key("a")
      .integer(1)
      .key("b")
      .begin_array()
      .integer(1)
      .boolean(true)
      .null()
      .end_array();
  w.key("c")
      .begin_object()
      .end_object()
      .key("d")
      .begin_array()
      .begin_object()
      .end_object()
      .begin_array();
  w.end_array().end_array().end_object();
  EXPECT_EQ(w.text(), R"({"a":1,"b":[1,true,null],"c":{},"d":[{},[]]})");
}

TEST(Writer, WritesBothEndsOfInt64) {
  Writer w;
  w.begin_array()
      .integer(std::numeric_limits<std::int64_t>::min())
      .integer(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(w.end_array().text(), "[-9223372036854775808,9223372036854775807]");
}

TEST(Writer, OptionalStringLeavesOutTheEmptyText) {
  Writer w;
  w.begin_object()
      .optional_string("a", "")
      .optional_string("b", "x")
      .optional_string("c", "")
      .end_object();
  EXPECT_EQ(w.text(), R"({"b":"x"})");
}

TEST(Writer, RawTextIsAValueLikeAnyOther) {
  Writer w;
  w.begin_array().raw("{}").raw("[1]").integer(2).end_array();
  EXPECT_EQ(w.text(), "[{},[1],2]");
}

TEST(Writer, AnyKeyIsEscaped) {
  Writer w;
  w.begin_object().any_key("a\"b").integer(1).any_key("c").integer(2).end_object();
  EXPECT_EQ(w.text(), R"({"a\"b":1,"c":2})");
}

TEST(Writer, InfinityIsWrittenAsANumberThatIsReadAsInfinity) {
  EXPECT_EQ(Writer().value(Value(std::numeric_limits<double>::infinity())).text(), "1e999");
}

TEST(Writer, DoubleKeepsItsValue) { EXPECT_EQ(Writer().value(Value(0.1)).text(), "0.1"); }

TEST(Quoted, UsesShortEscapesWhereThereAreSome) {
  EXPECT_EQ(quoted("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
}

TEST(Quoted, LeavesSlashDeleteAndUtf8Alone) {
  EXPECT_EQ(quoted("/\x7F\u00e9\u20ac"), "\"/\x7F\u00e9\u20ac\"");
}

TEST(Quoted, EmptyTextIsTwoQuotes) { EXPECT_EQ(quoted(""), "\"\""); }

// Texts are scanned eight bytes at a time: the byte to escape must be found at every place of a
// word and of the rest.
TEST(Quoted, FindsEveryControlCharacterAtEveryPlace) {
  for (std::size_t place = 0; place < 20; ++place) {
    for (char c = 0; c < 0x20; ++c) {
      std::string text(20, '\xC2');
      text[place] = c;
      const std::string out = json::quoted(text);
      ASSERT_EQ(out.find(c), std::string::npos) << "byte " << int{c} << " at " << place;
      ASSERT_EQ(out.substr(1, place), text.substr(0, place));
      ASSERT_EQ(out.substr(out.size() - 1 - (19 - place), 19 - place), text.substr(place + 1));
    }
  }
}

class EveryByte : public testing::TestWithParam<int> {};
TEST_P(EveryByte, IsReadBackUnchanged) {
  const std::string text =
      std::string(static_cast<std::size_t>(GetParam()), 'a') + "\x01\x1F \x21\"#[\\]\x7F";
  const auto document = parse(json::quoted(text));
  ASSERT_TRUE(document);
  EXPECT_EQ(std::string_view(document->root().get_string()), text);
}
INSTANTIATE_TEST_SUITE_P(Offsets, EveryByte, testing::Range(0, 9));

}  // namespace
}  // namespace flowsell::json
