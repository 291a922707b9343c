#include "stored_ranges.h"

namespace flowsell::identity {

std::string text_of(const std::vector<IpRange>& ranges) {
  std::string out;
  for (const IpRange& range : ranges) out += (out.empty() ? "" : " ") + range.str();
  return out;
}

std::vector<IpRange> ranges_of(std::string_view text) {
  std::vector<IpRange> ranges;
  while (!text.empty()) {
    const auto space = text.find(' ');
    if (const auto range = IpRange::parse(text.substr(0, space))) ranges.push_back(*range);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return ranges;
}

}  // namespace flowsell::identity
