#include "encoding.h"

#include <cstdint>

namespace flowsell::oidc {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string form_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

std::string form(std::initializer_list<Parameter> parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    if (!out.empty()) out.push_back('&');
    out.append(name).append("=").append(form_encode(value));
  }
  return out;
}

std::string with_query(std::string url, std::string_view parameters) {
  if (parameters.empty()) return url;
  const auto question = url.find('?');
  if (question == std::string::npos) {
    url.push_back('?');
  } else if (question + 1 != url.size()) {
    url.push_back('&');
  }
  return url.append(parameters);
}

}  // namespace flowsell::oidc
