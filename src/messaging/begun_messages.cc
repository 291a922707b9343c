#include "messaging/begun_messages.h"

#include "begun_row.h"

namespace flowsell::messaging {
namespace {

const store::Sql kWrite(FLOWSELL_WRITE_SLOT("begun_messages"));
const store::Sql kClear(FLOWSELL_CLEAR_SLOT("begun_messages"));
const store::Sql kRead(FLOWSELL_READ_SLOTS("begun_messages"));
const store::Sql kClearAll(FLOWSELL_CLEAR_SLOTS("begun_messages"));
constexpr outbox::BegunForm<MessageRow> kForm{
    {kWrite, kClear, kClearAll, kRead, '1'}, pack_begun, unpack_begun};

}  // namespace

BegunMessages::BegunMessages() : BegunRows(kForm) {}

MessagePtr BegunMessages::find(const WorkspaceId& workspace, const MessageId& id) const {
  auto row = BegunRows::find(id);
  return row && row->workspace == workspace ? row : nullptr;
}

std::vector<MessagePtr> BegunMessages::matching(const MessageQuery& query) const {
  return all([&query](const MessageRow& row) { return shows(query, row); });
}

}  // namespace flowsell::messaging
