#include "identity/api_key.h"

#include <gtest/gtest.h>

#include <set>

namespace flowsell::identity {
namespace {

std::string made(Mode mode = Mode::kTest) { return std::string(ApiKeyText::make(mode).reveal()); }

TEST(ApiKeyText, MadeKeyIsParsed) {
  for (const Mode mode : {Mode::kTest, Mode::kLive}) {
    const std::string text = made(mode);
    const auto parsed = ApiKeyText::parse(text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->mode, mode);
  }
}

TEST(ApiKeyText, SaysItsModeInItsHead) {
  EXPECT_TRUE(made(Mode::kTest).starts_with("fsk_test_"));
  EXPECT_TRUE(made(Mode::kLive).starts_with("fsk_live_"));
}

TEST(ApiKeyText, PrefixIsTheHeadAndTheNameOnly) {
  const std::string text = made();
  EXPECT_EQ(ApiKeyText::parse(text)->prefix, text.substr(0, 17));
}

TEST(ApiKeyText, NoTwoAreAlike) {
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.insert(made());
  EXPECT_EQ(keys.size(), 100U);
}

TEST(ApiKeyText, EveryTypoOfOneCharacterIsRefused) {
  const std::string text = made();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string typo = text;
    typo[i] = typo[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(ApiKeyText::parse(typo)) << "at " << i;
  }
}

TEST(ApiKeyText, SwappedNeighboursAreRefused) {
  std::string text = made();
  std::size_t i = 20;
  while (text[i] == text[i + 1]) ++i;
  std::swap(text[i], text[i + 1]);
  EXPECT_FALSE(ApiKeyText::parse(text));
}

TEST(ApiKeyText, LiveKeyIsNotATestKeyByItsHeadAlone) {
  std::string text = made(Mode::kLive);
  text.replace(4, 4, "test");
  EXPECT_FALSE(ApiKeyText::parse(text));
}

TEST(ApiKeyText, OneCharacterLessIsRefused) {
  const std::string text = made();
  EXPECT_FALSE(ApiKeyText::parse(std::string_view(text).substr(0, text.size() - 1)));
}

TEST(ApiKeyText, OneCharacterMoreIsRefused) { EXPECT_FALSE(ApiKeyText::parse(made() + "0")); }

TEST(ApiKeyText, NothingIsRefused) { EXPECT_FALSE(ApiKeyText::parse("")); }

TEST(ApiKeyText, AnotherServicesKeyIsRefused) {
  EXPECT_FALSE(ApiKeyText::parse("sk_test_" + made().substr(9)));
}

}  // namespace
}  // namespace flowsell::identity
