#include "repair.h"

#include <charconv>

namespace flowsell::whatsapp {
namespace {

constexpr std::size_t kEscapeLength = 6;  // \uXXXX
constexpr std::string_view kReplacement = "\\ufffd";

/// The code unit of the \u escape at `at`; nullopt when there is none.
std::optional<unsigned> unit_at(std::string_view text, std::size_t at) {
  if (at + kEscapeLength > text.size() || text[at] != '\\' || text[at + 1] != 'u')
    return std::nullopt;
  unsigned unit = 0;
  const char* end = text.data() + at + kEscapeLength;
  const auto [stop, error] = std::from_chars(text.data() + at + 2, end, unit, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return unit;
}

bool is_high(unsigned unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low(unsigned unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

}  // namespace

std::optional<std::string> repair_escapes(std::string_view json) {
  std::string out(json);
  bool changed = false;
  for (std::size_t at = out.find('\\'); at < out.size(); at = out.find('\\', at)) {
    const auto unit = unit_at(out, at);
    if (!unit) {
      at += 2;  // another escape: its second character begins none
      continue;
    }
    const auto next = unit_at(out, at + kEscapeLength);
    if (is_high(*unit) && next && is_low(*next)) {
      at += 2 * kEscapeLength;
      continue;
    }
    if (*unit == 0 || is_high(*unit) || is_low(*unit)) {
      out.replace(at, kEscapeLength, kReplacement);
      changed = true;
    }
    at += kEscapeLength;
  }
  if (!changed) return std::nullopt;
  return out;
}

}  // namespace flowsell::whatsapp
