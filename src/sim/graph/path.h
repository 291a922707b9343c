#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "graph_error.h"
#include "http/message.h"

namespace flowsell::sim {

/// "/v25.0/1065/messages" in its parts.
struct GraphPath {
  std::string_view version;  ///< "v25.0" where the path has none
  std::string_view object;
  std::string_view edge;  ///< empty: the object itself
  static GraphPath of(std::string_view path);
};

/// The decoded value of one query parameter; empty when absent.
std::string query_value(std::string_view query, std::string_view name);

/// An answer with Meta's headers. `usage`: what X-Business-Use-Case-Usage says; empty: nothing.
http::Response graph_response(int status, std::string body, std::string_view version,
                              std::string usage);
http::Response graph_refusal(const GraphError& error, std::string_view version, std::string usage);
/// Of one use case ("whatsapp"): so many per cent of its calls are used, for so long no more are
/// taken.
std::string usage_of(std::string_view use_case, std::string_view account_id,
                     std::int64_t used_percent, std::int64_t regain_minutes);

}  // namespace flowsell::sim
