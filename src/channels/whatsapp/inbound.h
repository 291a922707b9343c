#pragma once

#include "update_sink.h"

namespace flowsell::whatsapp {

/// One element of "messages": a message, or what a person did to one, or what WhatsApp says of the
/// person. What is not understood becomes an UnknownUpdate named "messages/<type>".
void read_inbound(const json::Value& element, const ChangeContext& change, UpdateSink& sink);

}  // namespace flowsell::whatsapp
