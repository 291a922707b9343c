#pragma once

#include <optional>
#include <string>

#include "channel/message.h"
#include "connections/senders.h"
#include "crypto/key_ring.h"
#include "messaging/begun_messages.h"
#include "messaging/conversation_windows.h"
#include "messaging/message_reader.h"
#include "messaging/message_table.h"
#include "messaging/send_handler.h"
#include "metering/metering.h"
#include "metering/send_keys.h"
#include "outbox/outbox.h"
#include "store/database.h"
#include "templates/templates.h"
#include "webhook/events.h"

namespace flowsell::messaging {

/// A message that was accepted, now or by an earlier call with the same Idempotency-Key.
struct Accepted {
  MessagePtr row;
  bool replayed = false;
  std::optional<metering::Quota> quota;  ///< after this request; not for a replay
};

/// Journey out, first half: from a parsed request to commit 1. Thread-safe.
class Accept {
 public:
  Accept(store::Database& db, connections::Senders& senders, SendHandler& send,
         outbox::Outbox& outbox, webhook::Events& events, metering::SendKeys& keys,
         BegunMessages& begun, const MessageReader& messages, const crypto::Key& contact_key,
         const identity::SettingsMemory& settings, IdSource& ids, const Clock& clock,
         metering::Quotas& quotas, templates::Templates& templates);

  /// The id that a new message will have: so that a caller can wait for it before it exists.
  MessageId next_id() { return ids_.next<IdKind::kMessage>(); }

  struct Checked {
    connections::SenderPtr sender;
    http::OutRequest request;                           ///< the provider's, without its credential
    std::optional<templates::ThrottledFlow> throttled;  ///< has to be counted
  };
  /// Everything that is checked before acceptance. Fails with kInvalidRequest, every fault in one
  /// answer, kConsentRequired and kRecipientOptedOut. `message` must live until then.
  Task<Checked> check(identity::Caller caller, MessageId id,
                      const channel::OutboundMessage& message) const;

  /// When the recipient wrote to the sender last, as far as is known here. Nothing is refused by
  /// it: the provider decides. Both must live until then.
  Task<std::optional<ConversationWindow>> window_of(const connections::Sender& sender,
                                                    const channel::OutboundMessage& message) const;

  /// Accepts: after it returns, the message survives a crash and a power cut, and the first attempt
  /// is on its way where there was room. `raw_body` is the request's own text: what is sealed.
  /// Fails with kInvalidRequest, kQuotaExhausted, kIdempotencyKeyReused, kIdempotencyInProgress,
  /// kIdempotencyKeyUnverifiable or
  /// the store's codes; then nothing was accepted.
  Task<Accepted> accept(identity::Caller caller, MessageId id, channel::OutboundMessage message,
                        Content raw_body, std::optional<metering::IdempotentCall> call);

  ContactHash hash_of(const WorkspaceId& workspace, std::string_view contact) const;

 private:
  MessageRow make_row(const identity::Caller& caller, const MessageId& id,
                      const channel::OutboundMessage& message,
                      const connections::Sender& sender) const;
  Task<> check_marketing(const identity::Caller& caller, const connections::Sender& sender,
                         const channel::OutboundMessage& message, std::string_view category) const;
  Task<Accepted> replay(WorkspaceId workspace, MessageId id);

  store::Database& db_;
  connections::Senders& senders_;
  SendHandler& send_;
  outbox::Outbox& outbox_;
  webhook::Events& events_;
  metering::SendKeys& keys_;
  BegunMessages& begun_;
  const MessageReader& messages_;
  crypto::Key contact_key_;
  const identity::SettingsMemory& settings_;
  IdSource& ids_;
  const Clock& clock_;
  metering::Quotas& quotas_;
  templates::Templates& templates_;
};

}  // namespace flowsell::messaging
