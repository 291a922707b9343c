#pragma once

#include <string>

#include "channel/adapter.h"
#include "channel/message.h"
#include "crypto/seal.h"
#include "json/writer.h"
#include "messaging/message_reader.h"
#include "messaging/message_table.h"
#include "messaging/senders.h"
#include "outbox/job.h"

namespace flowsell::messaging {

/// Whose messages a message may refer to.
struct MessageOwner {
  WorkspaceId workspace;
  identity::Mode mode;
};

/// What a message refers to, as the provider names it. A reference is one of our ids ("msg_...",
/// looked up) or the provider's own id (passed on). Fails with kInvalidRequest at the reference's
/// field.
Task<channel::CompileContext> resolve_context(const MessageReader& messages, MessageOwner owner,
                                              MessageId id, std::string context,
                                              std::string reaction_target);
/// The same where no look-up is needed; nullopt when one is.
std::optional<channel::CompileContext> context_without_lookup(
    const MessageId& id, const channel::OutboundMessage& message);

/// Whom a message goes to, as it is stored.
ContactHash contact_hash(const crypto::Key& key, const WorkspaceId& workspace,
                         std::string_view contact);
/// A conversation's lane: one sender and one contact.
outbox::Lane lane_of(const SenderId& sender, const ContactHash& contact);

/// What a message's job in the outbox is by its row alone: not when it is due, nor its content.
outbox::Job job_of(const MessageRow& row);

/// What an object's writer wrote, without its braces: the form in which event bodies are kept.
std::string fields_of(json::Writer object);

/// The reference of a reaction; empty for every other kind.
std::string reaction_target(const channel::OutboundMessage& message);

}  // namespace flowsell::messaging
