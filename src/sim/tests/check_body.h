#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "json/json.h"
#include "send_request.h"

namespace flowsell::sim {

/// 0 when the body passes every check, the error's code otherwise.
inline int code_of(std::string_view body, SendEdge edge = SendEdge::kMessages) {
  const auto document = json::parse(body);
  if (!document) return -1;
  const auto checked = check_send_request(document->root(), "1", edge);
  return checked ? 0 : checked.error().code;
}

/// A send to `recipient` ("to":"...") of what stands in `rest`.
inline std::string to(std::string_view recipient, std::string_view rest) {
  return fmt::format(R"({{"messaging_product":"whatsapp",{},{}}})", recipient, rest);
}
inline std::string message(std::string_view rest) { return to(R"("to":"+491510000001")", rest); }

}  // namespace flowsell::sim
