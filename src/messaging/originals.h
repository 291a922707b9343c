#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "connections/senders.h"
#include "crypto/seal.h"
#include "messaging/begun_messages.h"
#include "messaging/message_table.h"
#include "outbox/job.h"
#include "store/database.h"
#include "webhook/events.h"

namespace flowsell::messaging {

/// What goes with the provider's own words about a message of ours.
struct AboutMessage {
  std::string callback_data;  ///< the client's own; empty: none
  ContactHash contact{};
  outbox::Lane lane = 0;
};
using AboutMessages = std::unordered_map<MessageId, AboutMessage>;

/// Of those that there are. Both outlive it.
Task<AboutMessages> find_about(store::Database& db, const BegunMessages& begun,
                               WorkspaceId workspace, std::vector<MessageId> ids);

/// The event of a provider's own words: `told` tells the same in ours. The same words again are the
/// same event.
webhook::EventDraft original_event(const connections::Sender& sender, const crypto::Key& key,
                                   const webhook::EventDraft& told, Content original);

}  // namespace flowsell::messaging
