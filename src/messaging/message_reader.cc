#include "messaging/message_reader.h"

#include "store/change.h"
#include "telemetry/log.h"

namespace flowsell::messaging {
namespace {

constexpr store::WriteKind kUseKind{"media_use", 9, store::apply_each<store::Change>};

}  // namespace

// Memory first: a message that leaves it between the two looks is in the table then.

Task<std::optional<MessageRow>> MessageReader::find(WorkspaceId workspace, MessageId id) const {
  if (const auto begun = begun_.find(workspace, id)) co_return *begun;
  auto read = [workspace, id](store::Connection& db) { return find_message(db, workspace, id); };
  co_return co_await db_.read(std::move(read));
}

Task<std::optional<media::Media>> MessageReader::find_media(WorkspaceId workspace,
                                                            MediaId id) const {
  auto read = [workspace, id](store::Connection& db) { return media::find(db, workspace, id); };
  co_return co_await db_.read(std::move(read));
}

Awaitable<void> MessageReader::note_use(media::Media file, Time now) const {
  auto note = [&file, now](store::Connection& db) { return media::touch(db, file, now); };
  if (!co_await store::change(db_, kUseKind, std::move(note)))
    log::warn("a file's use could not be noted");
}

Task<MessagePage> MessageReader::list(MessageQuery query) const {
  const auto begun = begun_.matching(query);
  auto read = [&query, &begun](store::Connection& db) { return list_messages(db, query, begun); };
  co_return co_await db_.read(std::move(read));
}

}  // namespace flowsell::messaging
