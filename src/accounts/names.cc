#include "accounts/names.h"

#include <algorithm>

#include "core/encoding.h"
#include "mail/address.h"

namespace flowsell::accounts {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_plain_name(std::string_view text) {
  constexpr std::size_t kLengthMax = 100;
  constexpr std::string_view kRefused = "<>:/\\\"";
  return !text.empty() && count_code_points(text) <= kLengthMax && mail::is_one_line(text) &&
         std::ranges::none_of(text, [=](char c) { return kRefused.contains(c); });
}

std::string text_only(std::string bytes) {
  const bool is_text = is_valid_utf8(bytes);
  for (char& c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_text)) c = '?';
  }
  // U+0080 to U+009F are controls of two bytes.
  return mail::is_one_line(bytes) || bytes.empty() ? bytes : std::string("?");
}

}  // namespace flowsell::accounts
