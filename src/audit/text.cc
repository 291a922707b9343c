#include "text.h"

#include <algorithm>

#include "core/encoding.h"

namespace flowsell::audit {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

}  // namespace

bool is_clean(std::string_view text) {
  return is_valid_utf8(text) && std::ranges::none_of(text, is_control);
}

std::string clean(std::string_view text, std::size_t bytes_max) {
  const bool is_utf8 = is_valid_utf8(text);
  if (text.size() > bytes_max) {
    std::size_t end = bytes_max;
    // Not in the middle of a character.
    while (is_utf8 && end > 0 && continues_a_character(text[end])) --end;
    text = text.substr(0, end);
  }
  std::string out(text);
  for (char& c : out) {
    if (is_control(c) || (!is_utf8 && !is_ascii(c))) c = '?';
  }
  return out;
}

}  // namespace flowsell::audit
