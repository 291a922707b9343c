#include "mime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "core/encoding.h"

namespace flowsell::mail {
namespace {

constexpr std::size_t kLineMax = 76;
/// Of base64 60 characters, with its frame 72: an encoded word has 75 at most.
constexpr std::size_t kWordBytesMax = 45;
constexpr std::size_t kPlainHeaderMax = 60;
constexpr std::string_view kWordHead = "=?UTF-8?B?";
constexpr std::string_view kWordTail = "?=";
constexpr std::string_view kCrlf = "\r\n";

bool is_printable(char c) { return c >= 0x20 && c < 0x7F; }

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void append_quoted_line(std::string_view line, std::string& out) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_blank_at_end = (c == ' ' || c == '\t') && i + 1 == line.size();
    const bool as_it_is = (is_printable(c) || c == '\t') && c != '=' && !is_blank_at_end;
    const std::size_t width = as_it_is ? 1 : 3;
    if (column + width >= kLineMax) {  // room for the '=' that goes on with the next line
      out += "=\r\n";
      column = 0;
    }
    if (as_it_is) {
      out += c;
    } else {
      out += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
    column += width;
  }
  out += kCrlf;
}

/// How many bytes of valid UTF-8 to take: `most`, or fewer so that no character is cut.
std::size_t whole_characters(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  while ((static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return most;
}

std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, whole_characters(text, kWordBytesMax));
    text.remove_prefix(part.size());
    if (!out.empty()) out += "\r\n ";
    out += kWordHead;
    out += base64_encode(as_bytes(part));
    out += kWordTail;
  }
  return out;
}

/// Of such a text no reader makes anything else.
bool is_plain(std::string_view text) {
  return text.size() <= kPlainHeaderMax && std::ranges::all_of(text, is_printable) &&
         !text.contains("=?") && !text.starts_with(' ') && !text.ends_with(' ');
}

std::optional<std::string> from_word(std::string_view word) {
  if (!word.starts_with(kWordHead) || !word.ends_with(kWordTail)) return std::nullopt;
  word.remove_prefix(kWordHead.size());
  word.remove_suffix(kWordTail.size());
  return base64_decode(word);
}

}  // namespace

std::string quoted_printable(std::string_view text) {
  std::string out;
  while (!text.empty()) append_quoted_line(take_line(text), out);
  return out;
}

std::string from_quoted_printable(std::string_view encoded) {
  std::string out;
  while (!encoded.empty()) {
    std::string_view line = take_line(encoded);
    const bool goes_on = line.ends_with('=');
    if (goes_on) line.remove_suffix(1);
    for (std::size_t i = 0; i < line.size(); ++i) {
      const auto byte =
          line[i] == '=' ? hex_decode(line.substr(i + 1, 2)) : std::optional<std::string>();
      if (byte && byte->size() == 1) {
        out += *byte;
        i += 2;
      } else {
        out += line[i];
      }
    }
    if (!goes_on) out += '\n';
  }
  return out;
}

std::string header_text(std::string_view text) {
  return is_plain(text) ? std::string(text) : encoded_words(text);
}

std::string from_header_text(std::string_view encoded) {
  if (!encoded.starts_with(kWordHead)) return std::string(encoded);
  std::string out;
  while (!encoded.empty()) {
    const auto blank = encoded.find_first_of(" \r\n");
    if (const auto word = from_word(encoded.substr(0, blank))) out += *word;
    encoded.remove_prefix(blank == std::string_view::npos ? encoded.size() : blank + 1);
  }
  return out;
}

std::string display_name(std::string_view name) {
  if (!is_plain(name)) return encoded_words(name);
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string header_date(Time t) {
  using namespace std::chrono;
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(t);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(t - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
                     kDays.at(weekday(day).c_encoding()), unsigned{date.day()},
                     kMonths.at(unsigned{date.month()} - 1), int{date.year()}, time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

}  // namespace flowsell::mail
