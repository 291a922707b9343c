#pragma once

#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace flowsell::http {

/// Ends a body in the chunked transfer coding (RFC 9112, 7.1).
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// A piece of a body, which is not empty, as one chunk in the place of what `out` holds.
inline void write_chunk(std::string_view piece, std::string& out) {
  std::array<char, 16> digits;
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16);
  out.assign(digits.data(), end).append("\r\n").append(piece).append("\r\n");
}

}  // namespace flowsell::http
