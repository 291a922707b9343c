#pragma once

#include <string>
#include <vector>

#include "messaging/message_table.h"
#include "outbox/begun_rows.h"
#include "store/database.h"

namespace flowsell::messaging {

using MessagePtr = std::shared_ptr<const MessageRow>;
using Begun = outbox::Begun<MessageRow>;

/// Messages whose first attempt began in the moment of their acceptance, until its outcome is
/// stored: nearly all, for some milliseconds. They are in the table of messages only when commit 2
/// puts them there, with their outcome. After a crash, those without one are unknown
/// (RecoverBegunOp). For its functions see BegunRows.
class BegunMessages : public outbox::BegunRows<MessageRow> {
 public:
  BegunMessages();
  /// [transaction] Adds a message of this transaction.
  Result<Begun> add(store::Connection& db, MessagePtr row);
  /// The message, if it is begun; nullptr if not.
  MessagePtr find(const WorkspaceId& workspace, const MessageId& id) const;
  /// Begun messages that a list shows, in no order.
  std::vector<MessagePtr> matching(const MessageQuery& query) const;

  /// The messages that the last process left behind, those too whose outcome was stored. Fails with
  /// kInternal when they can't be read.
  static Result<std::vector<MessageRow>> left(store::Connection& db);
  /// [transaction]
  static Result<> clear_left(store::Connection& db);

 private:
  std::string item_;
};

}  // namespace flowsell::messaging
