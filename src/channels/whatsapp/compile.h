#pragma once

#include <string_view>

#include "channel/adapter.h"

namespace flowsell::whatsapp {

/// Adapter::compile(): POST {api_base}/{phone-number id}/messages, or /marketing_messages
/// (reference/whatsapp.md sections 1.1 and 1.4).
Result<http::OutRequest> compile_message(const channel::OutboundMessage& message,
                                         const channel::CompileContext& context,
                                         const channel::SenderRoute& route);

/// Adapter::compile_read(): the same endpoint, without a recipient.
Result<http::OutRequest> compile_read_receipt(std::string_view provider_message_id, bool typing,
                                              const channel::SenderRoute& route);

}  // namespace flowsell::whatsapp
