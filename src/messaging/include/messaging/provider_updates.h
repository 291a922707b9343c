#pragma once

#include <unordered_map>
#include <vector>

#include "channel/updates.h"
#include "connections/senders.h"
#include "crypto/seal.h"
#include "messaging/begun_messages.h"
#include "messaging/message_table.h"
#include "metering/metering.h"
#include "numbers/sender_states.h"
#include "store/database.h"
#include "templates/templates.h"
#include "webhook/events.h"

namespace flowsell::messaging {

/// Journey in: what a provider told us becomes statuses, inbound messages and events. Idempotent:
/// the same update twice changes nothing and tells nobody. Thread-safe.
class ProviderUpdates {
 public:
  ProviderUpdates(store::Database& db, webhook::Events& events, BegunMessages& begun,
                  const crypto::Key& contact_key, const Clock& clock, metering::Limits limits,
                  const connections::Senders& senders, numbers::SenderStates& states,
                  templates::Templates& templates);

  /// Makes a sender's updates durable, in one commit. Their order is kept where it matters (one
  /// conversation). Fails with the store's codes: then nothing of them was stored, and the provider
  /// must send them again.
  Task<> apply(connections::SenderPtr sender, std::vector<channel::Update> updates);

 private:
  using Lanes = std::unordered_map<MessageId, outbox::Lane>;
  std::vector<SenderId> told_of(const channel::Notice& notice,
                                const connections::Sender& sender) const;
  Task<> find_lanes(connections::SenderPtr sender, std::vector<channel::Update>& updates,
                    Lanes& lanes);

  store::Database& db_;
  webhook::Events& events_;
  BegunMessages& begun_;
  crypto::Key contact_key_;
  const Clock& clock_;
  metering::Limits limits_;
  const connections::Senders& senders_;
  numbers::SenderStates& states_;
  templates::Templates& templates_;
};

}  // namespace flowsell::messaging
