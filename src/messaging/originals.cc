#include "originals.h"

#include "context.h"
#include "crypto/hash.h"

namespace flowsell::messaging {
namespace {

AboutMessage about_of(const MessageRow& row) {
  return {callback_data_of(row), row.contact_hash, lane_of(row.sender, row.contact_hash)};
}

}  // namespace

Task<AboutMessages> find_about(store::Database& db, const BegunMessages& begun,
                               WorkspaceId workspace, std::vector<MessageId> ids) {
  AboutMessages found;
  std::erase_if(ids, [&](const MessageId& id) {
    const auto row = begun.find(workspace, id);
    if (row) found[id] = about_of(*row);
    return row != nullptr;
  });
  if (ids.empty()) co_return found;
  auto read = [&ids, &found, workspace](store::Connection& connection) -> Result<> {
    TRY(const auto rows, find_messages(connection, workspace, ids));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (rows[i]) found[ids[i]] = about_of(*rows[i]);
    }
    return {};
  };
  CO_CHECK_OK(co_await db.read(read));
  co_return found;
}

webhook::EventDraft original_event(const connections::Sender& sender, const crypto::Key& key,
                                   const webhook::EventDraft& told, Content original) {
  webhook::EventDraft event;
  event.workspace = sender.workspace;
  event.mode = sender.mode;
  event.type = told.type;
  event.at = told.at;
  event.lane = told.lane;
  event.contact_hash = told.contact_hash;
  // Keyed: the words may be guessed.
  const auto digest =
      crypto::keyed_hash(key.bytes(), {"original ", sender.id.blob(), original.reveal()});
  event.subject = crypto::head_of<std::tuple_size_v<IdBytes>>(digest);
  webhook::Events::tell_original(event, original);
  return event;
}

}  // namespace flowsell::messaging
