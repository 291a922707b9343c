#include "emoji.h"

#include <gtest/gtest.h>

namespace flowsell::whatsapp {
namespace {

struct EmojiCase {
  const char* name;
  std::string_view text;
  bool one;
};

constexpr EmojiCase kEmoji[] = {
    {"Thumb", "👍", true},
    {"SkinTone", "👍🏽", true},
    {"HeartWithSelector", "❤️", true},
    {"Family", "👨‍👩‍👧‍👦", true},
    {"KissWithSkinTones", "👩🏻‍❤️‍💋‍👩🏽", true},
    {"Flag", "🇮🇳", true},
    {"FlagOfScotland", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", true},
    {"Keycap", "1️⃣", true},
    {"Copyright", "©️", true},
    {"Empty", "", false},
    {"Two", "👍❤️", false},
    {"TwoFlags", "🇮🇳🇩🇪", false},
    {"Digit", "1", false},
    {"DigitWithSelector", "1\uFE0F", false},
    {"FlagAndEmoji", "🇮🇳👍", false},
    {"KeycapAlone", "⃣", false},
    {"KeycapOnAnEmoji", "👍⃣", false},
    {"Letter", "a", false},
    {"AccentedLetter", "é", false},
    {"Devanagari", "अ", false},
    {"EmojiAndSpace", "👍 ", false},
    {"SelectorAlone", "\uFE0F", false},
    {"DanglingJoiner", "👍\u200D", false},
    {"Ideograph", "愛", false},
    {"NineModifiers", "👍🏽🏽🏽🏽🏽🏽🏽🏽🏽", true},
    {"TenModifiers", "👍🏽🏽🏽🏽🏽🏽🏽🏽🏽🏽", false},
};

TEST(IsOneEmoji, IsTheTable) {
  for (const EmojiCase& row : kEmoji) EXPECT_EQ(is_one_emoji(row.text), row.one) << row.name;
}

}  // namespace
}  // namespace flowsell::whatsapp
