#pragma once

#include "channel/message.h"

namespace flowsell::whatsapp {

/// Adapter::check(): WhatsApp's limits (reference/whatsapp.md sections 1.2 and 1.4). Every fault,
/// not only the first.
Result<> check_message(const channel::OutboundMessage& message);

}  // namespace flowsell::whatsapp
