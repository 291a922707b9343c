#include "emoji.h"

#include <algorithm>
#include <cstddef>

#include "core/encoding.h"

namespace flowsell::whatsapp {
namespace {

constexpr std::size_t kCodePointsMax = 10;
constexpr char32_t kJoiner = 0x200D;
constexpr char32_t kKeycap = 0x20E3;

/// Takes the first code point off valid UTF-8 that is not empty.
char32_t take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]));
  };
  const char32_t lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const std::size_t bytes = std::min(length, text.size());
  char32_t value = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < bytes; ++i) value = value << 6 | (byte(i) & 0x3F);
  text.remove_prefix(bytes);
  return value;
}

bool is_flag_letter(char32_t c) { return c >= 0x1F1E6 && c <= 0x1F1FF; }

/// Changes the emoji before it: variation selectors, skin tones, the tags of sub-region flags.
bool is_modifier(char32_t c) {
  return c == 0xFE0E || c == 0xFE0F || (c >= 0x1F3FB && c <= 0x1F3FF) ||
         (c >= 0xE0020 && c <= 0xE007F);
}

bool is_keycap_base(char32_t c) { return (c >= '0' && c <= '9') || c == '#' || c == '*'; }

/// Copyright and registered signs, U+203C (double exclamation mark) to U+3299 (circled ideograph),
/// the emoji planes.
bool is_emoji_base(char32_t c) {
  return c == 0xA9 || c == 0xAE || (c >= 0x203C && c <= 0x3299) || (c >= 0x1F000 && c <= 0x1FBFF);
}

/// Reads code points one by one and keeps count of the emoji that they make.
class Counter {
 public:
  /// False when `c` can't stand in an emoji, or not at this place.
  bool take(char32_t c) {
    const bool joined = before_ == kJoiner;
    before_ = c;
    if (c == kJoiner || is_modifier(c)) return emoji_ > 0;
    if (c == kKeycap) return take_keycap();
    if (is_flag_letter(c)) return take_flag_letter();
    if (!is_emoji_base(c) && !is_keycap_base(c)) return false;
    open_keycap_ = is_keycap_base(c);
    if (!joined) ++emoji_;
    return true;
  }
  bool is_one() const { return emoji_ == 1 && !open_keycap_ && before_ != kJoiner; }

 private:
  bool take_keycap() {
    const bool fits = open_keycap_;
    open_keycap_ = false;
    return fits;
  }
  bool take_flag_letter() {
    half_flag_ = !half_flag_;
    if (half_flag_) ++emoji_;
    return true;
  }

  std::size_t emoji_ = 0;
  char32_t before_ = 0;
  bool open_keycap_ =
      false;  ///< a digit, '#' or '*' that no keycap has followed yet: a plain character so far
  bool half_flag_ = false;  ///< a flag is two letters
};

}  // namespace

bool is_one_emoji(std::string_view text) {
  if (count_code_points(text) > kCodePointsMax) return false;
  Counter counter;
  while (!text.empty()) {
    if (!counter.take(take_code_point(text))) return false;
  }
  return counter.is_one();
}

bool has_emoji(std::string_view text) {
  while (!text.empty()) {
    const char32_t c = take_code_point(text);
    if (c >= 0x1F000 && c <= 0x1FBFF) return true;
    if (c == 0xFE0F || c == kKeycap) return true;
  }
  return false;
}

}  // namespace flowsell::whatsapp
