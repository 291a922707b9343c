#pragma once

#include <optional>

#include "http/client.h"
#include "identity/caller.h"
#include "messaging/message_table.h"
#include "messaging/send_handler.h"
#include "messaging/senders.h"
#include "metering/idempotency.h"
#include "store/database.h"

namespace flowsell::messaging {

/// Marks inbound messages as read at their provider: a call that is answered by the provider's
/// answer. Thread-safe.
class ReadReceipts {
 public:
  ReadReceipts(store::Database& db, const MessageReader& messages, http::Client& client,
               Senders& senders, SendHandler& send, metering::Idempotency& idempotency,
               const Clock& clock);

  /// Fails with kNotFound, kConflict (an outbound message), kProviderRejected,
  /// kProviderUnreachable, kProviderTimeout. True: an earlier call with the same key had done it.
  Task<bool> mark_read(identity::Caller caller, MessageId id, bool typing,
                       std::optional<metering::IdempotentCall> call);

 private:
  Task<> call_provider(SenderPtr sender, std::string provider_message_id, bool typing);

  store::Database& db_;
  const MessageReader& messages_;
  http::Client& client_;
  Senders& senders_;
  SendHandler& send_;
  metering::Idempotency& idempotency_;
  const Clock& clock_;
};

}  // namespace flowsell::messaging
