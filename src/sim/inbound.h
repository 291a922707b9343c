#pragma once

#include <string>
#include <string_view>

#include "json/reader.h"

namespace flowsell::sim {

/// What a customer writes, as the control API was told.
struct InboundText {
  std::string person;        ///< wa_id, or the user id of somebody without a visible number
  std::string contact_json;  ///< one element of "contacts"
  std::string head_json;     ///< "from": ..., "from_user_id": ... without braces
  std::string tail_json;     ///< timestamp, type, payload, context without braces

  /// The inside of the change's value, without metadata and without the opening brace.
  std::string change_json(std::string_view wamid) const;
};

/// Reads "from", "user_id", "profile_name", "timestamp", "type", the object named like the type,
/// "context", "referral" and "errors". Faults go into the reader.
InboundText read_inbound(json::ObjectReader& in);

}  // namespace flowsell::sim
