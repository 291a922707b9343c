#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "core/error.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "json/json.h"

namespace flowsell::whatsapp {

/// A message in Meta's words as one of ours.
struct GraphSend {
  Content request;      ///< the body of POST /v1/messages that says the same
  std::string input;    ///< the recipient as given: the answer repeats it
  std::string contact;  ///< as Meta answers it: a number's digits, or `input`
  bool is_user_id = false;
};
/// A message to us was read.
struct GraphRead {
  std::string message;  ///< Meta's id of it
  bool typing = false;
};
using GraphMessage = std::variant<GraphSend, GraphRead>;

/// By which of Meta's two addresses for messages a request came.
enum class GraphEdge : std::uint8_t { kMessages, kMarketing };

/// Reads a body of Meta's POST /{phone-number-id}/messages: what the API's own request would say.
/// `ttl_seconds`: how long our message lives. Its kinds are not read here: parse_message() does,
/// with the pointers that the body has. Fails with kInvalidRequest.
Result<GraphMessage> read_graph_message(const json::Value& body, GraphEdge edge,
                                        const SenderId& sender, std::int64_t ttl_seconds);

}  // namespace flowsell::whatsapp
