#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "messaging/message_table.h"
#include "store/database.h"

namespace flowsell::messaging {

using MessagePtr = std::shared_ptr<const MessageRow>;

/// A message and the slot that holds it.
struct Begun {
  MessagePtr row;
  std::size_t slot = 0;
};

/// Messages whose first attempt began in the moment of their acceptance, until its outcome is
/// stored: nearly all, for some milliseconds. They are in the table of messages only when commit 2
/// puts them there, with their outcome. Until then commit 1 keeps them in a *slot*: a row of
/// begun_messages that holds all the messages of one transaction, and is written over by a later
/// one once none of its messages is begun any more. So a message costs one row of its own, not two
/// and an update. After a crash, what stands in a slot and has no outcome is unknown (recover()).
/// See docs/decisions/0012-rows-with-their-outcome.md.
///
/// Readers find these messages here, and must look here before they look into the table: a message
/// leaves as soon as the table has it.
///
/// Thread-safe, but for what is marked [transaction]: for write transactions only, so for one
/// thread at a time.
class BegunMessages {
 public:
  /// [transaction] Adds a message of this transaction. It may not be in the table.
  Result<Begun> add(store::Connection& db, MessagePtr row);
  /// [transaction] After the last add().
  Result<> store_added(store::Connection& db);
  /// [transaction] The transaction that may have called add() has ended: see WriteKind::ended.
  void ended(bool committed) noexcept;
  /// [transaction] The transaction is committed that put the message where its way goes on, into
  /// the table: once for each that was added. What never ends stands in its slot until the next
  /// start, and is shown until then.
  void end(const Begun& begun) noexcept;
  /// [transaction] Removes what slots hold that are not in use: the messages in them have ended.
  Result<> clear_unused(store::Connection& db);

  /// [transaction] The transaction is committed that put the message into the table ahead of its
  /// outcome: readers find it there.
  void forget(const MessageId& id) noexcept;

  /// The message, if it is begun; nullptr if not.
  MessagePtr find(const WorkspaceId& workspace, const MessageId& id) const;
  /// Begun messages that a list shows, in no order.
  std::vector<MessagePtr> matching(const MessageQuery& query) const;

  /// Of a slot that the last process left behind.
  struct Left {
    std::int64_t slot = 0;
    std::vector<MessageRow> messages;  ///< those too whose outcome was stored
  };
  /// The first such slot; nullopt: there is none. Fails with kInternal when it is damaged.
  static Result<std::optional<Left>> first_left(store::Connection& db);
  /// [transaction]
  static Result<> remove_left(store::Connection& db, const Left& left);

 private:
  Result<> store_slot(store::Connection& db);
  std::size_t take_slot();
  // Of write transactions.
  std::vector<std::size_t> in_use_;  ///< by slot: its messages that have not ended
  std::vector<std::size_t> unused_;
  struct Filled {
    std::size_t slot;
    std::size_t messages;
  };
  std::vector<Filled> filled_;  ///< by the open transaction
  std::vector<MessagePtr> added_;
  std::string packed_;  ///< what the last of filled_ will hold
  std::string packed_one_;

  mutable std::mutex mutex_;
  boost::unordered_flat_map<MessageId, MessagePtr, std::hash<MessageId>> rows_;
};

}  // namespace flowsell::messaging
