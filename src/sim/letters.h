#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace flowsell::sim {

// Of ASCII only, without a locale.
std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);
/// Its decimal digits, without what stands between them.
std::string digits_in(std::string_view text);
/// Lower-case letters, digits and underscores, at least one of them: how templates and their
/// variables are named.
bool is_name(std::string_view text);
/// Six digits.
bool is_pin(std::string_view text);

/// The number that the whole text is; nullopt for any other text.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

}  // namespace flowsell::sim
