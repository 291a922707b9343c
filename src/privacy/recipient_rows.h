#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/id.h"
#include "messaging/message_table.h"
#include "privacy/request.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::privacy {

/// As messages have it.
messaging::ContactHash contact_hash_of(std::string_view blob);

/// Looks through a workspace's messages for those of one number, some thousand at a time.
struct MessageScan {
  WorkspaceId workspace;
  std::string contact_hash;
  MessageId behind = {};  ///< where the next look begins
  std::vector<MessageId> found = {};
  MessageId waits = {};  ///< the newest of them that is not sent yet; none: all are
  /// False: there are no more.
  Result<bool> read_some(store::Connection& db);
};

struct EventRow {
  EventId id;
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

/// Looks through the personal data of a workspace's chain for what is about one number: beside the
/// acts of its consents, and its mask in what a support session asked for.
struct RecordScan {
  WorkspaceId workspace;
  std::string mask;  ///< as JSON has it
  std::set<std::string> consents;
  std::int64_t behind = 0;  ///< where the next look begins
  std::vector<std::int64_t> found = {};
  /// False: there are no more.
  Result<bool> read_some(store::Connection& db);
};
/// Of the consents that there are now.
Result<RecordScan> record_scan_of(store::Connection& db, const DataRequest& request);
/// Ids, as shown, of the number's consents.
Result<std::set<std::string>> consents_of(store::Connection& db, const DataRequest& request);

struct RecordPlaces {
  std::vector<std::int64_t> places;
  std::int64_t known_until = 0;  ///< what comes behind it may be of consents that came later
};
Task<RecordPlaces> record_of_recipient(store::Database& db, DataRequest request);

}  // namespace flowsell::privacy
