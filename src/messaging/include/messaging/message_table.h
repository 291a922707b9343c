#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "channel/updates.h"
#include "core/error.h"
#include "core/id.h"
#include "core/page.h"
#include "core/time.h"
#include "identity/caller.h"
#include "store/database.h"

namespace flowsell::messaging {

using channel::MessageStatus;

/// A keyed hash of a person's number or provider's id, for look-ups without the number.
using ContactHash = std::array<std::uint8_t, 16>;

/// Why a message failed or is unknown, as far as it is kept: codes and ids, no words of the
/// provider's.
struct MessageError {
  std::string code;  ///< ours, stable: "recipient_unreachable", "message_expired", "no_answer"
  std::int64_t provider_code = 0;
  std::int64_t provider_subcode = 0;
  std::string trace_id;
  std::string fix;  ///< what to do about it; not stored: see fix_of()
};

/// A message's row: everything about it but what it says.
struct MessageRow {
  WorkspaceId workspace;
  MessageId id;
  identity::Mode mode = identity::Mode::kTest;
  bool inbound = false;
  SenderId sender;
  std::string kind;
  std::string contact;  ///< masked
  ContactHash contact_hash{};
  MessageStatus status = MessageStatus::kAccepted;
  std::string provider_message_id;
  std::string client_ref;
  std::string metadata_json;
  Time created_at;
  std::optional<Time> sending_at, unknown_at, sent_at, failed_at, delivered_at, read_at;
  std::optional<MessageError> error;
};

using MessagePtr = std::shared_ptr<const MessageRow>;

/// In a transaction. False when a row of that id is there already (an inbound message that came
/// twice).
Result<bool> insert_message(store::Connection& db, const MessageRow& row);
/// The same of each: 1, or 0 when a row of that id is there already.
Result<std::vector<std::int64_t>> insert_messages(store::Connection& db,
                                                  std::span<const MessageRow* const> rows);

/// A step forward.
struct StatusChange {
  MessageStatus to = MessageStatus::kSent;
  Time at;
  std::string_view provider_message_id;  ///< empty: keep
  const MessageError* error = nullptr;   ///< with kFailed and kUnknown
};
/// What a change left behind, enough to tell others of it.
struct ChangedMessage {
  bool moved = false;  ///< false: the message was further already; what was missing (the id, the
                       ///< time) was filled in
  bool is_first =
      false;       ///< the message had not taken this step before: in its turn (moved), or now
                   ///< known though it was overtaken. Once for a message and step: count by it
  MessageRow row;  ///< as it is now, without times; unless moved, its workspace and mode only
};
/// A step of a message.
struct MessageStep {
  WorkspaceId workspace;
  MessageId id;
  StatusChange change;
};
/// In a transaction: makes each step, in their order, if it is forward (channel::may_follow).
/// nullopt: there is no such message.
Result<std::vector<std::optional<ChangedMessage>>> change_statuses(
    store::Connection& db, std::span<const MessageStep> steps);
Result<std::optional<ChangedMessage>> change_status(store::Connection& db,
                                                    const WorkspaceId& workspace,
                                                    const MessageId& id,
                                                    const StatusChange& change);
/// The end of the attempt with which a message began (begun_messages.h).
struct BegunChange {
  const MessageRow& message;
  StatusChange change;
};
/// In a transaction: puts messages into the table with their steps made. Where a step that overtook
/// this one has put it there, it is change_status(). Of each what it left behind, in their order.
Result<std::vector<ChangedMessage>> insert_changed(store::Connection& db,
                                                   std::span<const BegunChange> begun);
/// In a transaction: accepted -> sending, nothing else.
Result<> mark_sending(store::Connection& db, const WorkspaceId& workspace, const MessageId& id,
                      Time at);

Result<std::optional<MessageRow>> find_message(store::Connection& db, const WorkspaceId& workspace,
                                               const MessageId& id);
/// Many at once, in their order.
Result<std::vector<std::optional<MessageRow>>> find_messages(store::Connection& db,
                                                             const WorkspaceId& workspace,
                                                             std::span<const MessageId> ids);

/// Whose conversation a message belongs to.
struct Conversation {
  SenderId sender;
  ContactHash contact{};
};
Result<std::vector<std::optional<Conversation>>> find_conversations(store::Connection& db,
                                                                    const WorkspaceId& workspace,
                                                                    std::span<const MessageId> ids);

/// How many people templates were sent to since then, as far as it is known: those of the first
/// `rows_max` messages. Slow where there are many: not for a send.
struct PeopleWritten {
  std::int64_t people = 0;
  bool is_all = true;
};
Result<PeopleWritten> count_people_written(store::Connection& db, const WorkspaceId& workspace,
                                           identity::Mode mode, Time since, std::int64_t rows_max);

struct MessageQuery {
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  std::optional<MessageStatus> status;
  std::optional<SenderId> sender;
  std::optional<bool> inbound;
  std::optional<std::string> client_ref;
  std::optional<ContactHash> contact_hash;
  std::optional<Time> created_from;    ///< inclusive
  std::optional<Time> created_before;  ///< exclusive
  std::optional<MessageId> after;      ///< older than it
  std::optional<MessageId> before;     ///< newer than it
  std::size_t limit = 20;
};
using MessagePage = Page<MessageRow, MessageId>;
/// True when the query's list has this message, on one of its pages.
bool shows(const MessageQuery& query, const MessageRow& row);
/// One page: upwards with `before` alone, else downwards. It looks at kPageScanMax rows at most: it
/// may come back short with has_more set. `begun`: messages that shows() and that may not be in the
/// table yet.
Result<MessagePage> list_messages(store::Connection& db, const MessageQuery& query,
                                  const std::vector<MessagePtr>& begun = {});

}  // namespace flowsell::messaging
