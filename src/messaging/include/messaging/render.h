#pragma once

#include <string>

#include "connections/senders.h"
#include "messaging/message_table.h"
#include "webhook/event_type.h"

namespace flowsell::messaging {

/// A message as the API shows it: {"id","object":"message",...,"status_history":[...]}. `detail` is
/// the provider's own words about an error, in a live answer only.
std::string render_message(const MessageRow& row, std::string_view detail = {});

/// The message as it was at its acceptance: what the 202 says, first time and replayed alike. How
/// far it came since is what render_message() and the events tell.
std::string render_accepted(const MessageRow& row);

/// The inside of data.message in an event about an outbound message, no braces, no content.
std::string render_event_body(const MessageRow& row);

/// The same for an event that was stored without it, made again from the message's row: a
/// webhook::BodySource. Only message.sent is: what it tells of a message does not change any more.
Result<std::string> event_body(store::Connection& db, const WorkspaceId& workspace,
                               const IdBytes& message, webhook::EventType type);

/// What to do about the error of a stored message; empty where it has none, or its sender is gone.
std::string fix_of(const connections::Senders& senders, const MessageRow& row);

/// The event that tells of a status.
webhook::EventType event_of(MessageStatus status);

}  // namespace flowsell::messaging
