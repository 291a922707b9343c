#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "graph_error.h"
#include "json/json.h"
#include "message_log.h"

namespace flowsell::sim {

/// A body of POST /{phone-number-id}/messages that passed every check. Views point into the
/// document.
struct SendRequest {
  enum class Kind : std::uint8_t { kMessage, kMarkAsRead };
  Kind kind = Kind::kMessage;
  MessageType type = MessageType::kText;
  std::string_view to;             ///< as it was sent
  std::string person;              ///< wa_id: digits with country code; a user id where `to_user`
  bool to_user = false;            ///< sent to a business-scoped user id
  bool to_group = false;           ///< `person` is the group's id
  std::string_view callback_data;  ///< biz_opaque_callback_data
};

/// Where it was posted.
enum class SendEdge : std::uint8_t { kMessages, kMarketingMessages };

/// Meta's own checks, in its order; the first fault is the answer. `sender_country` is the calling
/// code that a number without '+' is read with, as Meta does.
Checked<SendRequest> check_send_request(const json::Value& body, std::string_view sender_country,
                                        SendEdge edge = SendEdge::kMessages);

}  // namespace flowsell::sim
