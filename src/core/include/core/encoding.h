#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace flowsell {

/// Appends 26 lower-case Crockford base32 characters (128 bits, the first character holds 3 bits).
void base32_append(const std::array<std::uint8_t, 16>& bytes, std::string& out);
/// False unless `text` is exactly 26 such characters, lower case, first one 0 to 7: one text for
/// one value.
bool base32_decode(std::string_view text, std::array<std::uint8_t, 16>& out);

/// Lower-case hexadecimal.
std::string hex_encode(std::span<const std::uint8_t> bytes);
/// nullopt unless `text` is an even number of hexadecimal digits, in either case.
std::optional<std::string> hex_decode(std::string_view text);

/// Standard alphabet with padding (RFC 4648 section 4).
std::string base64_encode(std::span<const std::uint8_t> bytes);
/// nullopt unless `text` is canonical padded base64.
std::optional<std::string> base64_decode(std::string_view text);

/// The alphabet for URLs, without padding (RFC 4648 section 5): how JOSE, PKCE and WebAuthn write
/// bytes.
std::string base64url_encode(std::span<const std::uint8_t> bytes);
/// nullopt unless `text` is what base64url_encode() gives for some bytes.
std::optional<std::string> base64url_decode(std::string_view text);

inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Eight of sixteen bytes as a number that orders as they do.
constexpr std::uint64_t eight_bytes(const std::array<std::uint8_t, 16>& bytes,
                                    std::size_t from) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = from; i < from + 8; ++i) value = value << 8 | bytes[i];
  return value;
}

/// The number of Unicode code points in valid UTF-8.
std::size_t count_code_points(std::string_view utf8);
/// True when `text` is valid UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_valid_utf8(std::string_view text);

/// ASCII only, no locale.
bool equals_ignoring_case(std::string_view a, std::string_view b);
/// The same fold: A to Z as a to z, all else as it is.
std::string lower_case(std::string_view text);

/// Percent-decodes a path segment or query value; '+' becomes a space only when `plus_is_space`.
/// nullopt when broken.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
/// The same the other way: every byte that is not unreserved (RFC 3986, 2.3) as %XX, a space too,
/// which readers of URLs and of forms take alike.
std::string percent_encode(std::string_view text);

/// & < > " ' as character references: fit for text and for attributes in double quotes.
std::string escape_html(std::string_view text);

/// The text before `mark`, which is taken away with it; all of it where there is none.
std::string_view take_until(std::string_view& text, char mark);

}  // namespace flowsell
