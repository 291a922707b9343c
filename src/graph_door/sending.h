#pragma once

#include "connections/senders.h"
#include "graph_call.h"
#include "runtime/task.h"
#include "whatsapp/graph_message.h"

namespace flowsell::graph_door {

/// POST /{phone-number-id}/messages and /marketing_messages: the API's own way, its answer held
/// back until the provider has spoken. Fails with the API's errors; then nothing was sent.
Task<http::Response> send_message(const GraphCall& call, connections::SenderPtr sender,
                                  whatsapp::GraphEdge edge);

}  // namespace flowsell::graph_door
