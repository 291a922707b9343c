#include "template_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testkit/database.h"

namespace flowsell::mail {
namespace {

using testing::HasSubstr;

Result<TemplateText> parse(std::string_view text) {
  return TemplateText::parse(text,
                             [](std::string_view name) { return name == "a" || name == "b"; });
}

std::string filled(std::string_view text) {
  return parse(text)->fill([](std::string_view name) { return "<" + std::string(name) + ">"; });
}

TEST(TemplateText, PlacesAreFilled) { EXPECT_EQ(filled("x {{a}}{{b}} y"), "x <a><b> y"); }
TEST(TemplateText, WithoutPlacesItIsAsItWas) { EXPECT_EQ(filled("x } {a} y"), "x } {a} y"); }
TEST(TemplateText, MayBeEmpty) { EXPECT_EQ(filled(""), ""); }

TEST(TemplateText, ValueIsNotLookedAtAgain) {
  EXPECT_EQ(parse("{{a}}")->fill([](std::string_view) { return "{{b}}"; }), "{{b}}");
}

TEST(TemplateText, KnowsWhatItUses) {
  const auto text = parse("{{a}}");
  EXPECT_TRUE(text->uses("a"));
  EXPECT_FALSE(text->uses("b"));
}

TEST(TemplateText, UnknownNameIsRefusedWithItsLine) {
  const auto text = parse("x\ny {{c}}");
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().detail, HasSubstr("line 2: there is no 'c'"));
}

TEST(TemplateText, BlanksAreAPartOfTheName) { EXPECT_FALSE(parse("{{ a }}")); }

TEST(TemplateText, PlaceThatIsNotClosedOnItsLineIsRefused) {
  const auto text = parse("x {{a\n}}");
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().detail, HasSubstr("line 1: '{{' is not closed"));
}

}  // namespace
}  // namespace flowsell::mail
