#include "json/writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace flowsell::json {
namespace {

constexpr std::uint64_t repeated(std::uint8_t byte) { return 0x0101010101010101ULL * byte; }

/// A word with the high bit set in (at least) the first byte of `word` that is below `limit` (1 to
/// 128). A byte after a hit may be marked wrongly, which costs a second look and nothing else.
constexpr std::uint64_t bytes_below(std::uint64_t word, std::uint8_t limit) {
  return (word - repeated(limit)) & ~word & repeated(0x80);
}

constexpr bool is_escaped(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

bool any_escaped_in_8(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return (bytes_below(word, 0x20) | bytes_below(word ^ repeated('"'), 1) |
          bytes_below(word ^ repeated('\\'), 1)) != 0;
}

/// The offset of the first byte from `from` on that must be escaped, or the end.
std::size_t first_escaped(std::string_view text, std::size_t from) {
  std::size_t at = from;
  while (at + 8 <= text.size() && !any_escaped_in_8(text.data() + at)) at += 8;
  while (at < text.size() && !is_escaped(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

void append_escape(char c, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHex[static_cast<unsigned char>(c) & 15]);
  }
}

void append_quoted(std::string_view text, std::string& out) {
  out.push_back('"');
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = first_escaped(text, at);
    out.append(text.substr(at, stop - at));
    if (stop < text.size()) append_escape(text[stop], out);
    at = stop + 1;
  }
  out.push_back('"');
}

template <class Number>
void append_number(Number number, std::string& out) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// JSON has no infinity: a number too large for a double (1e999) is written as one again.
void append_double(double number, std::string& out) {
  if (std::isnan(number)) {
    out += "null";
  } else if (std::isinf(number)) {
    out += number < 0 ? "-1e999" : "1e999";
  } else {
    append_number(number, out);
  }
}

}  // namespace

void Writer::separate() {
  if (needs_comma_) text_.push_back(',');
  needs_comma_ = true;
}

Writer& Writer::begin_object() {
  separate();
  text_.push_back('{');
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_object() {
  text_.push_back('}');
  needs_comma_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  separate();
  text_.push_back('[');
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_array() {
  text_.push_back(']');
  needs_comma_ = true;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  separate();
  text_.push_back('"');
  text_.append(name);
  text_.append("\":");
  needs_comma_ = false;
  return *this;
}

Writer& Writer::any_key(std::string_view name) {
  separate();
  append_quoted(name, text_);
  text_.push_back(':');
  needs_comma_ = false;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  separate();
  append_quoted(text, text_);
  return *this;
}

Writer& Writer::integer(std::int64_t number) {
  separate();
  append_number(number, text_);
  return *this;
}

Writer& Writer::boolean(bool flag) {
  separate();
  text_.append(flag ? "true" : "false");
  return *this;
}

Writer& Writer::null() {
  separate();
  text_.append("null");
  return *this;
}

Writer& Writer::value(const Value& v) {
  switch (v.kind()) {
    case boost::json::kind::null:
      return null();
    case boost::json::kind::bool_:
      return boolean(v.get_bool());
    case boost::json::kind::int64:
      return integer(v.get_int64());
    case boost::json::kind::uint64:
      separate();
      append_number(v.get_uint64(), text_);
      return *this;
    case boost::json::kind::double_:
      separate();
      append_double(v.get_double(), text_);
      return *this;
    case boost::json::kind::string:
      return string(v.get_string());
    case boost::json::kind::array:
      begin_array();
      for (const Value& element : v.get_array()) value(element);
      return end_array();
    case boost::json::kind::object:
      begin_object();
      for (const auto& member : v.get_object()) any_key(member.key()).value(member.value());
      return end_object();
  }
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  separate();
  text_.append(json);
  return *this;
}

Writer& Writer::optional_string(std::string_view name, std::string_view text) {
  return text.empty() ? *this : key(name).string(text);
}

std::string quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_quoted(text, out);
  return out;
}

}  // namespace flowsell::json
