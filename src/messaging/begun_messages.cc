#include "messaging/begun_messages.h"

#include "begun_row.h"

namespace flowsell::messaging {
namespace {

const store::Sql kWrite(FLOWSELL_WRITE_SLOT("begun_messages"));
const store::Sql kClear(FLOWSELL_CLEAR_SLOT("begun_messages"));
const store::Sql kRead(FLOWSELL_READ_SLOTS("begun_messages"));
const store::Sql kClearAll(FLOWSELL_CLEAR_SLOTS("begun_messages"));
constexpr outbox::BegunSlots::Table kTable{kWrite, kClear, kClearAll, kRead, '1'};

}  // namespace

BegunMessages::BegunMessages() : BegunRows(kTable) {}

Result<Begun> BegunMessages::add(store::Connection& db, MessagePtr row) {
  item_.clear();
  pack_begun(*row, item_);
  return BegunRows::add(db, std::move(row), item_);
}

MessagePtr BegunMessages::find(const WorkspaceId& workspace, const MessageId& id) const {
  auto row = BegunRows::find(id);
  return row && row->workspace == workspace ? row : nullptr;
}

std::vector<MessagePtr> BegunMessages::matching(const MessageQuery& query) const {
  return all([&query](const MessageRow& row) { return shows(query, row); });
}

Result<std::vector<MessageRow>> BegunMessages::left(store::Connection& db) {
  TRY(const auto items, outbox::BegunSlots::left(db, kTable));
  std::vector<MessageRow> messages;
  for (const std::string& item : items) {
    auto message = unpack_begun(item);
    if (!message) return fail(ErrorCode::kInternal, "a begun message can't be read");
    messages.push_back(*std::move(message));
  }
  return messages;
}

Result<> BegunMessages::clear_left(store::Connection& db) {
  return outbox::BegunSlots::clear_left(db, kTable);
}

}  // namespace flowsell::messaging
