#include "graph_path.h"

#include <algorithm>
#include <array>
#include <span>

namespace flowsell::graph_door {
namespace {

constexpr std::size_t kSegmentsMax = 3;
constexpr std::size_t kSegmentMax = 200;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_segment_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
         c == '.';
}

bool is_segment(std::string_view text) {
  return !text.empty() && text.size() <= kSegmentMax && text != "." && text != ".." &&
         std::ranges::all_of(text, is_segment_character);
}

/// "v25.0": one to three digits, '.', one digit.
bool is_version(std::string_view text) {
  if (text.size() < 4 || text.size() > 6 || text.front() != 'v') return false;
  const std::string_view major = text.substr(1, text.size() - 3);
  return std::ranges::all_of(major, is_digit) && text[text.size() - 2] == '.' &&
         is_digit(text.back());
}

}  // namespace

std::optional<GraphPath> parse_path(std::string_view path) {
  if (!path.starts_with(kRoot)) return std::nullopt;
  path.remove_prefix(kRoot.size());
  GraphPath out;
  std::array<std::string_view, kSegmentsMax> segments;
  std::size_t count = 0;
  while (!path.empty()) {
    path.remove_prefix(1);  // '/'
    const auto end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment.empty() && path.empty() && count > 0) break;  // "/" at the end
    if (count == kSegmentsMax || !is_segment(segment)) return std::nullopt;
    if (count == 0 && out.version.empty() && is_version(segment)) {
      out.version = segment;
    } else {
      segments.at(count++) = segment;
    }
  }
  if (count == 0) return std::nullopt;
  out.node = segments[0];
  out.edge = segments[1];
  out.rest = segments[2];
  return out;
}

bool is_id(std::string_view node) noexcept { return std::ranges::all_of(node, is_digit); }

}  // namespace flowsell::graph_door
