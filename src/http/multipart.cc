#include "http/multipart.h"

#include <algorithm>
#include <utility>

#include "core/encoding.h"
#include "http/message.h"

namespace flowsell::http {

namespace {

constexpr std::size_t kBoundaryBytesMax = 70;  // RFC 2046, 5.1.1
constexpr std::size_t kHeadBytesMax = 8 * 1024;
constexpr std::size_t kPartsMax = 32;
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kBoundarySigns = "'()+_,-./:=? ";

bool is_boundary_sign(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kBoundarySigns.contains(c);
}

/// One "name=value" of a list with semicolons; the value may be quoted.
struct Parameter {
  std::string_view name;
  std::string value;
};

/// Cuts the next one off `rest`, which begins with the semicolon before it. nullopt: it is none.
std::optional<Parameter> take_parameter(std::string_view& rest) {
  if (!rest.starts_with(';')) return std::nullopt;
  rest = trimmed(rest.substr(1));
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  Parameter out{trimmed(rest.substr(0, equals)), {}};
  rest = trimmed(rest.substr(equals + 1));
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    out.value = trimmed(rest.substr(0, end));
    rest.remove_prefix(end);
    return out;
  }
  std::size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    // Of a Windows path browsers send the backslashes as they are: only a quote is escaped.
    const bool escapes =
        rest[at] == '\\' && at + 1 < rest.size() && (rest[at + 1] == '"' || rest[at + 1] == '\\');
    if (escapes) ++at;
    out.value += rest[at];
  }
  if (at >= rest.size()) return std::nullopt;
  rest = trimmed(rest.substr(at + 1));
  return out;
}

/// What browsers write for a quote and for line ends.
std::string without_escapes(std::string text) {
  for (const auto& [escaped, sign] :
       {std::pair<std::string_view, char>{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}}) {
    for (auto at = text.find(escaped); at != std::string::npos; at = text.find(escaped, at + 1))
      text.replace(at, escaped.size(), 1, sign);
  }
  return text;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  const std::size_t semicolon = std::min(content_type.find(';'), content_type.size());
  if (!equals_ignoring_case(trimmed(content_type.substr(0, semicolon)), "multipart/form-data"))
    return std::nullopt;
  std::string_view rest = content_type.substr(semicolon);
  while (auto parameter = take_parameter(rest)) {
    if (!equals_ignoring_case(parameter->name, "boundary")) continue;
    const std::string& value = parameter->value;
    const bool is_sound = !value.empty() && value.size() <= kBoundaryBytesMax &&
                          !value.ends_with(' ') && std::ranges::all_of(value, is_boundary_sign);
    return is_sound ? std::optional(std::move(parameter->value)) : std::nullopt;
  }
  return std::nullopt;
}

std::string multipart_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"') {
      out += "%22";
    } else if (c == '\r') {
      out += "%0D";
    } else if (c == '\n') {
      out += "%0A";
    } else {
      out += c;
    }
  }
  return out;
}

MultipartReader::MultipartReader(std::string_view boundary)
    : delimiter_(std::string("\r\n--").append(boundary)) {}

void MultipartReader::put(std::string_view bytes) {
  held_.erase(0, std::exchange(at_, 0));
  held_.append(bytes);
}

MultipartReader::Step MultipartReader::next() {
  switch (state_) {
    case State::kBegin:
    case State::kDelimiter:
      return read_delimiter();
    case State::kHead:
      return read_head();
    case State::kData:
      return read_data();
    case State::kEnd:
      return Step::kEnd;
    case State::kFailed:
      break;
  }
  return Step::kFailed;
}

MultipartReader::Step MultipartReader::fail_with(std::string_view why) {
  error_ = Error{ErrorCode::kInvalidRequest, "multipart: " + std::string(why)};
  state_ = State::kFailed;
  return Step::kFailed;
}

/// A delimiter's line. The first one has no line end before it, and nothing else: what RFC 2046
/// calls a preamble nobody sends.
MultipartReader::Step MultipartReader::read_delimiter() {
  const std::string_view want =
      std::string_view(delimiter_).substr(state_ == State::kBegin ? kLineEnd.size() : 0);
  const std::string_view rest = std::string_view(held_).substr(at_);
  const std::size_t seen = std::min(rest.size(), want.size());
  if (rest.substr(0, seen) != want.substr(0, seen))
    return fail_with("it does not begin with its boundary");
  const std::string_view behind = rest.substr(seen);
  if (behind.size() < kLineEnd.size()) return Step::kNeedMore;
  at_ += want.size() + kLineEnd.size();
  if (behind.starts_with("--")) {
    state_ = State::kEnd;
    return Step::kEnd;
  }
  if (!behind.starts_with(kLineEnd)) return fail_with("a boundary's line does not end behind it");
  if (++parts_ > kPartsMax) return fail_with("it has too many parts");
  state_ = State::kHead;
  part_ = {};
  has_name_ = false;
  return read_head();
}

MultipartReader::Step MultipartReader::read_head() {
  while (true) {
    const std::string_view rest = std::string_view(held_).substr(at_);
    const std::size_t end = rest.find(kLineEnd);
    if (end == std::string_view::npos) {
      if (rest.size() > kHeadBytesMax) return fail_with("a part's head is too large");
      return Step::kNeedMore;
    }
    if (end > kHeadBytesMax) return fail_with("a part's head is too large");
    at_ += end + kLineEnd.size();
    if (end == 0) break;
    if (!read_field(rest.substr(0, end))) return Step::kFailed;
  }
  if (!has_name_) return fail_with("a part has no name");
  state_ = State::kData;
  return Step::kPart;
}

bool MultipartReader::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    fail_with("a line of a part's head is no field");
    return false;
  }
  const std::string_view name = trimmed(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (equals_ignoring_case(name, "content-type")) part_.content_type = value;
  if (equals_ignoring_case(name, "content-disposition")) return read_disposition(value);
  return true;
}

bool MultipartReader::read_disposition(std::string_view value) {
  const std::size_t semicolon = std::min(value.find(';'), value.size());
  if (has_name_ || !equals_ignoring_case(trimmed(value.substr(0, semicolon)), "form-data")) {
    fail_with("a part is no form-data");
    return false;
  }
  std::string_view rest = value.substr(semicolon);
  while (auto parameter = take_parameter(rest)) {
    if (equals_ignoring_case(parameter->name, "name")) {
      part_.name = without_escapes(std::move(parameter->value));
      has_name_ = true;
    } else if (equals_ignoring_case(parameter->name, "filename")) {
      part_.filename = without_escapes(std::move(parameter->value));
    }
  }
  return true;
}

/// All but what may be the begin of a delimiter.
MultipartReader::Step MultipartReader::read_data() {
  const std::string_view rest = std::string_view(held_).substr(at_);
  std::size_t size = rest.find(delimiter_);
  if (size == 0) {
    state_ = State::kDelimiter;
    return Step::kPartEnd;
  }
  if (size == std::string_view::npos) {
    size = rest.size() - std::min(rest.size(), delimiter_.size() - 1);
    // A line end is the only place where a delimiter can begin.
    const std::size_t line_end = rest.find('\r', size);
    size = std::min(line_end, rest.size());
    if (line_end != std::string_view::npos && size == 0) return Step::kNeedMore;
  }
  if (size == 0) return Step::kNeedMore;
  data_ = rest.substr(0, size);
  at_ += size;
  return Step::kData;
}

}  // namespace flowsell::http
