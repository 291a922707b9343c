#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/id.h"
#include "messaging/message_table.h"
#include "privacy/request.h"
#include "runtime/task.h"
#include "store/database.h"
#include "webhook/event_type.h"

namespace flowsell::privacy {

/// As messages have it.
messaging::ContactHash contact_hash_of(std::string_view blob);

struct EventRow {
  EventId id;
  webhook::EventType type{};
  std::string body;
};

/// Looks through a workspace's events for those about some messages, or about a person by its hash
/// (empty: none), some thousand at a time: no index knows them.
struct EventScan {
  WorkspaceId workspace;
  std::string contact_hash;
  EventId behind;  ///< where the next look begins
  std::vector<EventRow> found = {};
  /// False: there are no more.
  Result<bool> read_some(store::Connection& db, const std::set<MessageId>& about);
};

/// What is stored about one number of a workspace.
struct RecipientRows {
  std::vector<MessageId> messages;  ///< all, the oldest first
  MessageId waits;                  ///< the newest of them that is not sent yet; none: all are
  std::vector<EventRow> events;     ///< about them
  EventId events_until;             ///< how far the look for events went
};
/// Whether it is not sent yet.
bool waits(messaging::MessageStatus status);
/// Looks through all messages and events of the workspace, in parts, each in a snapshot of its own.
Task<RecipientRows> rows_of_recipient(store::Database& db, DataRequest request);

}  // namespace flowsell::privacy
