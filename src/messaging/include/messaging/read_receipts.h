#pragma once

#include <optional>
#include <string>

#include "connections/leased_keys.h"
#include "connections/provider_calls.h"
#include "connections/senders.h"
#include "identity/caller.h"
#include "messaging/message_reader.h"

namespace flowsell::messaging {

/// Marks inbound messages as read at their provider: a call that is answered by the provider's
/// answer. Thread-safe.
class ReadReceipts {
 public:
  ReadReceipts(const MessageReader& messages, connections::Senders& senders,
               connections::ProviderCalls& calls, connections::LeasedKeys& keys);

  /// Fails with kNotFound, kConflict (an outbound message), kProviderRejected,
  /// kProviderUnreachable, kProviderTimeout. True: an earlier call with the same key had done it.
  Task<bool> mark_read(identity::Caller caller, MessageId id, bool typing,
                       std::optional<metering::IdempotentCall> call);

 private:
  Task<> call_provider(connections::SenderPtr sender, std::string provider_message_id, bool typing);

  const MessageReader& messages_;
  connections::Senders& senders_;
  connections::ProviderCalls& calls_;
  connections::LeasedKeys& keys_;
};

}  // namespace flowsell::messaging
