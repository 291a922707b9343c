#include "channel/template_schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace flowsell::channel {
namespace {

constexpr std::array<std::string_view, 8> kHeaders = {"",         "text", "image",    "video",
                                                      "document", "gif",  "location", "product"};

std::int64_t number_of(std::string_view name) {
  std::int64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

}  // namespace

std::string_view template_header_name(TemplateHeader header) noexcept {
  return kHeaders[static_cast<std::size_t>(header)];
}

TemplateText template_text(std::string text, std::size_t length_max, bool is_named) {
  TemplateText out;
  out.text = std::move(text);
  out.length_max = length_max;
  const std::string_view all = out.text;
  for (std::size_t at = all.find("{{"); at != all.npos; at = all.find("{{", at)) {
    const std::size_t end = all.find("}}", at);
    if (end == all.npos) break;
    out.variables.push_back({std::string(all.substr(at + 2, end - at - 2)), at, end + 2 - at});
    at = end + 2;
  }
  for (const TemplateVariable& each : out.variables) {
    if (std::ranges::find(out.names, each.name) == out.names.end()) out.names.push_back(each.name);
  }
  if (!is_named) std::ranges::sort(out.names, std::less<>{}, number_of);
  return out;
}

std::string fill(const TemplateText& text, const std::vector<std::string>& values) {
  std::string out;
  std::size_t done = 0;
  for (const TemplateVariable& each : text.variables) {
    const auto index =
        static_cast<std::size_t>(std::ranges::find(text.names, each.name) - text.names.begin());
    if (index >= values.size()) continue;
    out.append(text.text, done, each.at - done).append(values[index]);
    done = each.at + each.size;
  }
  return out.append(text.text, done);
}

}  // namespace flowsell::channel
