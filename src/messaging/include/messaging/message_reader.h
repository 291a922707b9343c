#pragma once

#include <optional>

#include "media/media.h"
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
  /// A file that a message names.
  Task<std::optional<media::Media>> find_media(WorkspaceId workspace, MediaId id) const;
  /// That a message used it. Where that can't be stored the next use is.
  Awaitable<void> note_use(media::Media file, Time now) const;
  /// See list_messages().
  Task<MessagePage> list(MessageQuery query) const;

 private:
  store::Database& db_;
  const BegunMessages& begun_;
};

}  // namespace flowsell::messaging
