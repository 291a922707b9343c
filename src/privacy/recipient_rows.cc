#include "recipient_rows.h"

#include <cstring>

namespace flowsell::privacy {
namespace {

using store::Sql;

constexpr std::int64_t kRowsAtOnce = 5000;

const Sql kMessages(
    "SELECT id, contact_hash, status FROM messages WHERE workspace_id = ?1 AND id > ?2 ORDER BY id "
    "LIMIT ?3");
const Sql kEvents(
    "SELECT id, subject, body, contact_hash, type FROM events WHERE workspace_id = ?1 AND id > ?2 "
    "ORDER BY id LIMIT ?3");

struct MessageScan {
  WorkspaceId workspace;
  std::string contact_hash;
  MessageId behind;
  RecipientRows rows;

  Result<bool> read_some(store::Connection& db) {
    std::int64_t seen = 0;
    CHECK_OK(db.query(kMessages, {workspace, behind, kRowsAtOnce}, [&](const store::Row& row) {
      ++seen;
      behind = row.id<MessageId>(0);
      if (row.text(1) != contact_hash) return;
      rows.messages.push_back(behind);
      const auto status = static_cast<messaging::MessageStatus>(row.integer(2));
      if (waits(status)) rows.waits = behind;
    }));
    return seen == kRowsAtOnce;
  }
};

}  // namespace

bool waits(messaging::MessageStatus status) {
  return status == messaging::MessageStatus::kAccepted ||
         status == messaging::MessageStatus::kSending;
}

messaging::ContactHash contact_hash_of(std::string_view blob) {
  messaging::ContactHash hash{};
  if (blob.size() == hash.size()) std::memcpy(hash.data(), blob.data(), blob.size());
  return hash;
}

Result<bool> EventScan::read_some(store::Connection& db, const std::set<MessageId>& about) {
  std::int64_t seen = 0;
  CHECK_OK(db.query(kEvents, {workspace, behind, kRowsAtOnce}, [&](const store::Row& row) {
    ++seen;
    behind = row.id<EventId>(0);
    const bool is_theirs = !contact_hash.empty() && row.text(3) == contact_hash;
    if (!is_theirs && !about.contains(row.id<MessageId>(1))) return;
    found.push_back(
        {behind, static_cast<webhook::EventType>(row.integer(4)), std::string(row.text(2))});
  }));
  return seen == kRowsAtOnce;
}

Task<RecipientRows> rows_of_recipient(store::Database& db, DataRequest request) {
  MessageScan messages{request.workspace, request.contact_hash, {}, {}};
  bool more = !request.contact_hash.empty();
  while (more) {
    CO_TRY(more, co_await db.read(
                     [&messages](store::Connection& read) { return messages.read_some(read); }));
  }
  RecipientRows rows = std::move(messages.rows);
  const std::set<MessageId> about(rows.messages.begin(), rows.messages.end());
  EventScan events{request.workspace, request.contact_hash, {}};
  more = !request.contact_hash.empty();
  while (more) {
    CO_TRY(more, co_await db.read(
                     [&](store::Connection& read) { return events.read_some(read, about); }));
  }
  rows.events = std::move(events.found);
  rows.events_until = events.behind;
  co_return rows;
}

}  // namespace flowsell::privacy
