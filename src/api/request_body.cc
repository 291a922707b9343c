#include "request_body.h"

#include <algorithm>

#include "core/encoding.h"

namespace flowsell::api {

Result<json::Document> json_body(const http::Request& request) {
  auto type = request.header("Content-Type");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  if (!type.empty() && !equals_ignoring_case(type, "application/json")) {
    return fail(ErrorCode::kUnsupportedMediaType, "the Content-Type must be application/json");
  }
  return json::parse(request.body);
}

bool is_one_line(std::string_view text) noexcept {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace flowsell::api
