#pragma once

#include <vector>

#include "messaging/message_table.h"
#include "outbox/begun_rows.h"

namespace flowsell::messaging {

using Begun = outbox::Begun<MessageRow>;

/// Messages whose first attempt began in the moment of their acceptance, until its outcome is
/// stored: nearly all, for some milliseconds. They are in the table of messages only when commit 2
/// puts them there, with their outcome. After a crash, those without one are unknown
/// (RecoverBegunOp). For its functions see BegunRows.
class BegunMessages : public outbox::BegunRows<MessageRow> {
 public:
  BegunMessages();
  /// The message, if it is begun; nullptr if not.
  MessagePtr find(const WorkspaceId& workspace, const MessageId& id) const;
  /// Begun messages that a list shows, in no order.
  std::vector<MessagePtr> matching(const MessageQuery& query) const;
};

}  // namespace flowsell::messaging
