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

/// An answer with Meta's headers.
http::Response graph_response(int status, std::string body, std::string_view version);
http::Response graph_refusal(const GraphError& error, std::string_view version);
/// X-Business-Use-Case-Usage of management calls: so many per cent of an hour's calls are used.
http::Header usage_header(std::string_view account_id, std::int64_t used_percent);
std::unexpected<GraphError> refuse_proof(std::string message);

}  // namespace flowsell::sim
