#pragma once

#include <string>

#include "graph/management.h"
#include "http/message.h"

namespace flowsell::sim {

/// POST /_sim/inbound_media?from=+49...&type=image&caption=...&filename=...&phone_number_id=...:
/// a customer sends the body's bytes, of the type that its Content-Type says. Keeps them as media
/// of 7 days and writes the message for /_sim/inbound. Fails with kInvalidRequest.
Task<std::string> inbound_media(World* world, Management* management, const http::Request* request);

}  // namespace flowsell::sim
