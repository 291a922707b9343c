#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channel/adapter.h"
#include "channel/message.h"
#include "connections/senders.h"
#include "crypto/seal.h"
#include "json/writer.h"
#include "messaging/message_reader.h"
#include "messaging/message_table.h"
#include "outbox/job.h"

namespace flowsell::messaging {

/// Whose messages and files a message may refer to.
struct MessageOwner {
  WorkspaceId workspace;
  identity::Mode mode;
  SenderId sender;  ///< that it leaves from: files are of one
  Time now{};
};

/// What a message refers to: each one of our ids, or the provider's own.
struct References {
  std::string context;
  std::string reaction_target;                 ///< empty for every kind but a reaction
  std::vector<channel::MediaReference> media;  ///< ours only
};
References references_of(const channel::OutboundMessage& message);

/// The same, as the provider names it: our ids are looked up, its own are passed on. Fails with
/// kInvalidRequest at the reference's field.
Task<channel::CompileContext> resolve_context(const MessageReader& messages, MessageOwner owner,
                                              MessageId id, References references);
/// The same where no look-up is needed; nullopt when one is.
std::optional<channel::CompileContext> context_without_lookup(
    const MessageId& id, const channel::OutboundMessage& message);

/// Whom a message goes to, as it is stored.
ContactHash contact_hash(const crypto::Key& key, const WorkspaceId& workspace,
                         std::string_view contact);
/// A conversation's lane: one sender and one contact.
outbox::Lane lane_of(const SenderId& sender, const ContactHash& contact);

/// What a client of the provider's own API gave with the message, to have it back; empty: nothing.
std::string callback_data_of(const MessageRow& row);

/// What a message's job in the outbox is by its row alone: not when it is due, nor its content.
outbox::Job job_of(const MessageRow& row);

/// What an object's writer wrote, without its braces: the form in which event bodies are kept.
std::string fields_of(json::Writer object);
/// Adds more of the same form; nothing where `more` is empty.
void add_fields(std::string& fields, std::string_view more);

}  // namespace flowsell::messaging
