#include <algorithm>
#include <set>
#include <span>

#include "audit/audit_log.h"
#include "erased_text.h"
#include "erasure.h"
#include "recipient_rows.h"
#include "store/change.h"

namespace flowsell::privacy {
namespace {

using store::Param;
using store::Sql;

constexpr std::size_t kErasedAtOnce = 500;

// An empty hash marks the row: nothing fills it in again (messaging/message_table.cc).
const Sql kEraseMessage(
    "UPDATE messages SET contact = '', contact_hash = ?3, provider_message_id = NULL, client_ref = "
    "NULL, metadata = NULL, provider_trace = NULL WHERE workspace_id = ?1 AND id = ?2 AND status "
    "NOT IN (10, 20)");
const Sql kEraseEvent(
    "UPDATE events SET body = ?3, sealed = NULL, key_id = NULL, content_expires_at = NULL, "
    "contact_hash = NULL WHERE workspace_id = ?1 AND id = ?2");

const Sql kDropConsents("DELETE FROM consents WHERE workspace_id = ?1 AND contact_hash = ?2");
const Sql kDropChoices(
    "DELETE FROM marketing_choices WHERE workspace_id = ?1 AND contact_hash = ?2");
const Sql kDropWindows(
    "DELETE FROM conversation_windows WHERE workspace_id = ?1 AND contact_hash = ?2");
const Sql kDropMedia("DELETE FROM media WHERE workspace_id = ?1 AND contact_hash = ?2");
const Sql kErasePersonal("DELETE FROM audit_personal WHERE scope = ?1 AND seq = ?2 AND part = 2");

/// What the audit log has beside the acts of its consents.
Result<> erase_places(store::Connection& db, Tools tools, const WorkspaceId& workspace,
                      std::span<const std::int64_t> places) {
  if (places.empty()) return {};
  for (const std::int64_t place : places)
    CHECK_OK(db.write(kErasePersonal, {Param::blob(workspace.blob()), place}));
  return audit::append(db, audit::new_act(tools.ids, tools.clock.now(), workspace.blob(), {}, {},
                                          "audit.personal_erased"));
}

/// The consents, and what was put on record since `scanned_until`.
Result<> erase_consents(store::Connection& db, Tools tools, const DataRequest& request,
                        std::int64_t scanned_until) {
  TRY(RecordScan scan, record_scan_of(db, request));
  scan.behind = scanned_until;
  while (true) {
    TRY(const bool more, scan.read_some(db));
    if (!more) break;
  }
  CHECK_OK(erase_places(db, tools, request.workspace, scan.found));
  return db.write(kDropConsents, {request.workspace, Param::blob(request.contact_hash)});
}

Result<> erase_events(store::Connection& db, const WorkspaceId& workspace,
                      std::span<const EventRow> events) {
  for (const EventRow& event : events) {
    // Where none was stored, it is made of the message, and holds no more than that does.
    const std::string body = event.body.empty() ? std::string() : erased_body(event.body);
    CHECK_OK(db.write(kEraseEvent, {workspace, event.id, body}));
  }
  return {};
}

/// Some messages, with what was told of them since `told_until`.
Result<> erase_messages(store::Connection& db, const WorkspaceId& workspace,
                        std::span<const MessageId> messages, const EventId& told_until) {
  const std::set<MessageId> ours(messages.begin(), messages.end());
  EventScan scan{workspace, {}, told_until};
  while (true) {
    TRY(const bool more, scan.read_some(db, ours));
    if (!more) break;
  }
  CHECK_OK(erase_events(db, workspace, scan.found));
  for (const MessageId& id : messages)
    CHECK_OK(db.write(kEraseMessage, {workspace, id, Param::blob("")}));
  return {};
}

/// Some hundred rows at a time, a transaction each. False: the cell is about to be closed.
template <class T, class Write>
Task<bool> in_parts(const CellRooms& rooms, std::span<const T> rows, Write& write) {
  for (std::size_t at = 0; at < rows.size(); at += kErasedAtOnce) {
    if (rooms.should_stop()) co_return false;
    const auto some = rows.subspan(at, std::min(kErasedAtOnce, rows.size() - at));
    auto body = [&](store::Connection& db) { return write(db, some); };
    CO_CHECK_OK(co_await store::change(rooms.db, kErasureKind, std::move(body)));
  }
  co_return true;
}

}  // namespace

Result<bool> still_waits(store::Connection& db, const WorkspaceId& workspace,
                         const MessageId& message) {
  TRY(const auto row, messaging::find_message(db, workspace, message));
  return row && waits(row->status);
}

Task<RecipientErased> erase_recipient(CellRooms rooms, Tools tools, DataRequest request) {
  const WorkspaceId workspace = request.workspace;
  // Before the look: an attempt that ends meanwhile has its row by then. What is sent to the number
  // later is another matter.
  const bool some_begin = has_begun(rooms, workspace, contact_hash_of(request.contact_hash));
  CO_TRY(const RecipientRows rows, co_await rows_of_recipient(rooms.db, request));
  // Events first: what they are about is known by the messages' hash, which goes last.
  auto events = [&](store::Connection& db, std::span<const EventRow> some) {
    return erase_events(db, workspace, some);
  };
  CO_TRY(bool goes_on, co_await in_parts<EventRow>(rooms, rows.events, events));
  if (!goes_on) co_return RecipientErased{};
  auto messages = [&](store::Connection& db, std::span<const MessageId> some) {
    return erase_messages(db, workspace, some, rows.events_until);
  };
  CO_TRY(goes_on, co_await in_parts<MessageId>(rooms, rows.messages, messages));
  if (!goes_on) co_return RecipientErased{};
  if (some_begin || !rows.waits.is_none()) co_return RecipientErased{false, rows.waits};
  CO_TRY(const RecordPlaces record, co_await record_of_recipient(rooms.db, request));
  auto places = [&](store::Connection& db, std::span<const std::int64_t> some) {
    return erase_places(db, tools, workspace, some);
  };
  CO_TRY(goes_on, co_await in_parts<std::int64_t>(rooms, record.places, places));
  if (!goes_on) co_return RecipientErased{};
  auto body = [&](store::Connection& db) -> Result<> {
    CHECK_OK(rooms.begun_messages.clear_unused(db));
    CHECK_OK(rooms.begun_deliveries.clear_unused(db));
    if (!request.contact_hash.empty()) {
      CHECK_OK(erase_consents(db, tools, request, record.known_until));
      for (const Sql* drop : {&kDropChoices, &kDropWindows, &kDropMedia})
        CHECK_OK(db.write(*drop, {workspace, Param::blob(request.contact_hash)}));
    }
    return audit::append(db, audit::new_act(tools.ids, tools.clock.now(), workspace.blob(), {}, {},
                                            "data_request.recipient_erased", request.id.str()));
  };
  CO_CHECK_OK(co_await store::change(rooms.db, kErasureKind, std::move(body)));
  co_return RecipientErased{.is_done = true, .waits_for = {}};
}

}  // namespace flowsell::privacy
