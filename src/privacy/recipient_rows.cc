#include "recipient_rows.h"

#include <cstring>

#include "json/writer.h"

namespace flowsell::privacy {
namespace {

using store::Sql;

constexpr std::int64_t kRowsAtOnce = 5000;

const Sql kMessages(
    "SELECT id, contact_hash, status FROM messages WHERE workspace_id = ?1 AND id > ?2 ORDER BY id "
    "LIMIT ?3");
const Sql kEvents(
    "SELECT id, subject, body, contact_hash FROM events WHERE workspace_id = ?1 AND id > ?2 ORDER "
    "BY id LIMIT ?3");

const Sql kConsents("SELECT id FROM consents WHERE workspace_id = ?1 AND contact_hash = ?2");
const Sql kLastEvent("SELECT COALESCE(MAX(seq), 0) FROM audit_events WHERE scope = ?1");
const Sql kRecord(
    "SELECT p.seq, e.act, e.target, p.data FROM (SELECT seq, data FROM audit_personal WHERE scope "
    "= ?1 AND part = 2 AND seq > ?2 ORDER BY seq LIMIT ?3) AS p JOIN audit_events AS e ON e.scope "
    "= ?1 AND e.seq = p.seq ORDER BY p.seq");

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

Result<bool> MessageScan::read_some(store::Connection& db) {
  std::int64_t seen = 0;
  CHECK_OK(db.query(kMessages, {workspace, behind, kRowsAtOnce}, [&](const store::Row& row) {
    ++seen;
    behind = row.id<MessageId>(0);
    if (row.text(1) != contact_hash) return;
    found.push_back(behind);
    if (privacy::waits(static_cast<messaging::MessageStatus>(row.integer(2)))) waits = behind;
  }));
  return seen == kRowsAtOnce;
}

Result<bool> EventScan::read_some(store::Connection& db, const std::set<MessageId>& about) {
  std::int64_t seen = 0;
  CHECK_OK(db.query(kEvents, {workspace, behind, kRowsAtOnce}, [&](const store::Row& row) {
    ++seen;
    behind = row.id<EventId>(0);
    const bool is_theirs = !contact_hash.empty() && row.text(3) == contact_hash;
    if (!is_theirs && !about.contains(row.id<MessageId>(1))) return;
    found.push_back({behind, std::string(row.text(2))});
  }));
  return seen == kRowsAtOnce;
}

Task<RecipientRows> rows_of_recipient(store::Database& db, DataRequest request) {
  MessageScan messages{request.workspace, request.contact_hash};
  bool more = !request.contact_hash.empty();
  while (more) {
    CO_TRY(more, co_await db.read(
                     [&messages](store::Connection& read) { return messages.read_some(read); }));
  }
  RecipientRows rows;
  rows.messages = std::move(messages.found);
  rows.waits = messages.waits;
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

Result<bool> RecordScan::read_some(store::Connection& db) {
  std::int64_t seen = 0;
  const auto scope = store::Param::blob(workspace.blob());
  CHECK_OK(db.query(kRecord, {scope, behind, kRowsAtOnce}, [&](const store::Row& row) {
    ++seen;
    behind = row.integer(0);
    const bool is_asked =
        row.text(1).starts_with("support_session.") && !mask.empty() && row.text(3).contains(mask);
    if (is_asked || consents.contains(std::string(row.text(2)))) found.push_back(behind);
  }));
  return seen == kRowsAtOnce;
}

Result<std::set<std::string>> consents_of(store::Connection& db, const DataRequest& request) {
  std::set<std::string> ids;
  CHECK_OK(db.query(kConsents, {request.workspace, store::Param::blob(request.contact_hash)},
                    [&ids](const store::Row& row) { ids.insert(row.id<ConsentId>(0).str()); }));
  return ids;
}

Result<RecordScan> record_scan_of(store::Connection& db, const DataRequest& request) {
  RecordScan scan{.workspace = request.workspace,
                  .mask = request.recipient.empty() ? "" : json::quoted(request.recipient),
                  .consents = {}};
  TRY(scan.consents, consents_of(db, request));
  return scan;
}

Task<RecordPlaces> record_of_recipient(store::Database& db, DataRequest request) {
  RecordPlaces record;
  if (request.contact_hash.empty()) co_return record;
  auto begin = [&](store::Connection& read) -> Result<RecordScan> {
    CHECK_OK(read.query(kLastEvent, {store::Param::blob(request.workspace.blob())},
                        [&record](const store::Row& row) { record.known_until = row.integer(0); }));
    return record_scan_of(read, request);
  };
  CO_TRY(RecordScan scan, co_await db.read(std::move(begin)));
  bool more = true;
  while (more) {
    CO_TRY(more,
           co_await db.read([&scan](store::Connection& read) { return scan.read_some(read); }));
  }
  record.places = std::move(scan.found);
  co_return record;
}

}  // namespace flowsell::privacy
