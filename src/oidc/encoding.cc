#include "encoding.h"

#include "core/encoding.h"

namespace flowsell::oidc {

std::string form(std::initializer_list<Parameter> parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    if (!out.empty()) out.push_back('&');
    out.append(name).append("=").append(percent_encode(value));
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
