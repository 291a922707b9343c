#pragma once

#include <optional>

#include "messaging/begun_messages.h"
#include "messaging/message_table.h"
#include "store/database.h"

namespace flowsell::messaging {

/// Looks messages up, wherever they are: in the table, or begun and not in it yet. Thread-safe.
class MessageReader {
 public:
  /// Both outlive it.
  MessageReader(store::Database& db, const BegunMessages& begun) : db_(db), begun_(begun) {}

  Task<std::optional<MessageRow>> find(WorkspaceId workspace, MessageId id) const;
  /// See list_messages().
  Task<MessagePage> list(MessageQuery query) const;

 private:
  store::Database& db_;
  const BegunMessages& begun_;
};

}  // namespace flowsell::messaging
