#include "messaging/message_reader.h"

namespace flowsell::messaging {

// Memory first: a message that leaves it between the two looks is in the table then.

Task<std::optional<MessageRow>> MessageReader::find(WorkspaceId workspace, MessageId id) const {
  if (const auto begun = begun_.find(workspace, id)) co_return *begun;
  auto read = [workspace, id](store::Connection& db) { return find_message(db, workspace, id); };
  co_return co_await db_.read(std::move(read));
}

Task<MessagePage> MessageReader::list(MessageQuery query) const {
  const auto begun = begun_.matching(query);
  auto read = [&query, &begun](store::Connection& db) { return list_messages(db, query, begun); };
  co_return co_await db_.read(std::move(read));
}

}  // namespace flowsell::messaging
