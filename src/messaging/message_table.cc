#include "messaging/message_table.h"

#include <algorithm>
#include <cstring>
#include <ranges>
#include <set>
#include <utility>

#include "core/encoding.h"
#include "store/page.h"

namespace flowsell::messaging {
namespace {

using store::Param;
using store::Sql;

#define MESSAGE_COLUMNS                                                                          \
  "workspace_id, id, mode, inbound, sender_id, kind, contact, contact_hash, status, "            \
  "provider_message_id, "                                                                        \
  "client_ref, metadata, created_at, sending_at, unknown_at, sent_at, failed_at, delivered_at, " \
  "read_at, error_code, "                                                                        \
  "provider_code, provider_subcode, provider_trace"

const Sql kInsert(
    "INSERT INTO messages (workspace_id, id, mode, inbound, sender_id, kind, contact, "
    "contact_hash, status, "
    "provider_message_id, client_ref, metadata, created_at, sending_at, unknown_at, sent_at, "
    "failed_at, error_code, provider_code, provider_subcode, provider_trace) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
    "?19, ?20, ?21) ON CONFLICT (workspace_id, id) DO NOTHING");
// A message whose contact was erased has an empty hash: what a provider tells of it later brings
// back no id, since ids of providers hold numbers (decision 8).
// ?5 has bit status/5 set for every status that may be left for ?3: may_follow() as a number, so
// the row is read once.
const Sql kAdvance(
    "UPDATE messages SET status = ?3, provider_message_id = CASE WHEN length(contact_hash) = 0 "
    "THEN "
    "NULL ELSE coalesce(?6, provider_message_id) END, "
    "unknown_at = CASE ?3 WHEN 30 THEN ?4 ELSE unknown_at END, "
    "sent_at = CASE ?3 WHEN 40 THEN ?4 ELSE sent_at END, "
    "failed_at = CASE ?3 WHEN 45 THEN ?4 ELSE failed_at END, "
    "delivered_at = CASE ?3 WHEN 50 THEN ?4 ELSE delivered_at END, "
    "read_at = CASE ?3 WHEN 60 THEN ?4 ELSE read_at END, "
    "error_code = ?7, provider_code = ?8, provider_subcode = ?9, provider_trace = ?10 "
    "WHERE workspace_id = ?1 AND id = ?2 AND (?5 >> CAST(status / 5 AS INTEGER)) & 1 = 1");
// A look-up of its own: RETURNING would open a temporary table each time, at twice the cost.
const Sql kAfterAdvance(
    "SELECT mode, sender_id, kind, contact, provider_message_id, client_ref, metadata, created_at "
    "FROM messages WHERE workspace_id = ?1 AND id = ?2");
// What a step that comes late may still fill in.
const Sql kGaps(
    "SELECT mode, provider_message_id IS NULL, sent_at IS NULL, delivered_at IS NULL FROM messages "
    "WHERE workspace_id = ?1 AND id = ?2 AND inbound = 0");
const Sql kFillIn(
    "UPDATE messages SET provider_message_id = CASE WHEN length(contact_hash) = 0 THEN NULL ELSE "
    "coalesce(provider_message_id, ?4) END, "
    "sent_at = CASE WHEN ?5 = 40 THEN coalesce(sent_at, ?3) ELSE sent_at END, "
    "delivered_at = CASE WHEN ?5 = 50 THEN coalesce(delivered_at, ?3) ELSE delivered_at END "
    "WHERE workspace_id = ?1 AND id = ?2");
const Sql kMarkSending(
    "UPDATE messages SET status = 20, sending_at = ?3 WHERE workspace_id = ?1 AND id = ?2 AND "
    "status = 10");
const Sql kFind("SELECT " MESSAGE_COLUMNS " FROM messages WHERE workspace_id = ?1 AND id = ?2");
const Sql kConversation(
    "SELECT sender_id, contact_hash FROM messages WHERE workspace_id = ?1 AND id = ?2");
#define MESSAGE_PAGE(order)                                                                \
  "SELECT " MESSAGE_COLUMNS                                                                \
  " FROM (SELECT * FROM messages WHERE workspace_id = ?1 AND id < ?2 AND id > ?3 "         \
  "ORDER BY id " order                                                                     \
  " LIMIT ?11) AS scanned WHERE mode = ?4 AND (status = ?5 OR ?5 IS NULL) "                \
  "AND (sender_id = ?6 OR ?6 IS NULL) AND (inbound = ?7 OR ?7 IS NULL) AND (client_ref = " \
  "?8 OR ?8 IS NULL) "                                                                     \
  "AND (contact_hash = ?9 OR ?9 IS NULL) ORDER BY id " order " LIMIT ?10"
const Sql kPageDown(MESSAGE_PAGE("DESC"));
const Sql kPageUp(MESSAGE_PAGE("ASC"));
const Sql kScanEndDown(FLOWSELL_SCAN_END("messages", "DESC"));
const Sql kScanEndUp(FLOWSELL_SCAN_END("messages", "ASC"));
constexpr store::ScanEnd kScanEnd{kScanEndDown, kScanEndUp};
#undef MESSAGE_PAGE
#undef MESSAGE_COLUMNS

ContactHash hash_of(std::string_view blob) {
  ContactHash hash{};
  if (blob.size() == hash.size()) std::memcpy(hash.data(), blob.data(), blob.size());
  return hash;
}

MessageRow message_row(const store::Row& row) {
  MessageRow m;
  m.workspace = row.id<WorkspaceId>(0);
  m.id = row.id<MessageId>(1);
  m.mode = static_cast<identity::Mode>(row.integer(2));
  m.inbound = row.integer(3) != 0;
  m.sender = row.id<SenderId>(4);
  m.kind = row.text(5);
  m.contact = row.text(6);
  m.contact_hash = hash_of(row.text(7));
  m.status = static_cast<MessageStatus>(row.integer(8));
  m.provider_message_id = row.text(9);
  m.client_ref = row.text(10);
  m.metadata_json = row.text(11);
  m.created_at = row.time(12);
  m.sending_at = row.optional_time(13);
  m.unknown_at = row.optional_time(14);
  m.sent_at = row.optional_time(15);
  m.failed_at = row.optional_time(16);
  m.delivered_at = row.optional_time(17);
  m.read_at = row.optional_time(18);
  if (!row.is_null(19)) {
    m.error = MessageError{
        std::string(row.text(19)), row.integer(20), row.integer(21), std::string(row.text(22)), {}};
  }
  return m;
}

/// An error's columns; NULL without one.
struct ErrorParams {
  explicit ErrorParams(const MessageError* error) {
    if (error == nullptr) return;
    code = Param(error->code);
    provider_code = Param(error->provider_code);
    provider_subcode = Param(error->provider_subcode);
    trace_id = Param(error->trace_id);
  }
  Param code{nullptr}, provider_code{nullptr}, provider_subcode{nullptr}, trace_id{nullptr};
};

std::int64_t statuses_before(MessageStatus to) {
  std::int64_t mask = 0;
  for (const auto from :
       {MessageStatus::kAccepted, MessageStatus::kSending, MessageStatus::kUnknown,
        MessageStatus::kSent, MessageStatus::kFailed, MessageStatus::kDelivered,
        MessageStatus::kRead, MessageStatus::kReceived}) {
    if (channel::may_follow(from, to)) mask |= std::int64_t{1} << (static_cast<int>(from) / 5);
  }
  return mask;
}

}  // namespace

namespace {

constexpr std::size_t kInsertWidth = 21;

void append_params(std::vector<Param>& params, const MessageRow& m) {
  const ErrorParams error(m.error ? &*m.error : nullptr);
  params.insert(params.end(), {m.workspace,
                               m.id,
                               static_cast<int>(m.mode),
                               m.inbound,
                               m.sender,
                               m.kind,
                               m.contact,
                               Param::blob(as_text(m.contact_hash)),
                               static_cast<int>(m.status),
                               Param::text_or_null(m.provider_message_id),
                               Param::text_or_null(m.client_ref),
                               Param::text_or_null(m.metadata_json),
                               m.created_at,
                               m.sending_at,
                               m.unknown_at,
                               m.sent_at,
                               m.failed_at,
                               error.code,
                               error.provider_code,
                               error.provider_subcode,
                               error.trace_id});
}

}  // namespace

Result<std::vector<std::int64_t>> insert_messages(store::Connection& db,
                                                  std::span<const MessageRow* const> rows) {
  std::vector<Param> params;
  params.reserve(rows.size() * kInsertWidth);
  for (const MessageRow* row : rows) append_params(params, *row);
  return db.run_each(kInsert, params, kInsertWidth);
}

Result<bool> insert_message(store::Connection& db, const MessageRow& m) {
  const MessageRow* const one = &m;
  TRY(const auto inserted, insert_messages(db, {&one, 1}));
  return inserted.front() == 1;
}

namespace {

constexpr std::size_t kAdvanceWidth = 10;

/// Steps of which each asks for its message's row: which they are, and the parameters.
struct Asked {
  void add(std::size_t step, const MessageStep& of_one) {
    steps.push_back(step);
    params.insert(params.end(), {of_one.workspace, of_one.id});
  }
  std::vector<std::size_t> steps;
  std::vector<Param> params;
};

using ChangedMessages = std::vector<std::optional<ChangedMessage>>;

/// Which of the steps were made: 1 or 0.
Result<std::vector<std::int64_t>> advance(store::Connection& db,
                                          std::span<const MessageStep> steps) {
  std::vector<Param> params;
  params.reserve(steps.size() * kAdvanceWidth);
  for (const auto& [workspace, id, change] : steps) {
    const ErrorParams error(change.error);
    params.insert(params.end(),
                  {workspace, id, static_cast<int>(change.to), change.at,
                   statuses_before(change.to), Param::text_or_null(change.provider_message_id),
                   error.code, error.provider_code, error.provider_subcode, error.trace_id});
  }
  return db.run_each(kAdvance, params, kAdvanceWidth);
}

Result<> read_after_advance(store::Connection& db, std::span<const MessageStep> steps,
                            const Asked& asked, ChangedMessages& out) {
  return db.query_each(kAfterAdvance, asked.params, 2, [&](std::size_t at, const store::Row& row) {
    const MessageStep& step = steps[asked.steps[at]];
    ChangedMessage& changed = out[asked.steps[at]].emplace();
    changed.moved = true;
    changed.is_first = true;
    MessageRow& m = changed.row;
    m.workspace = step.workspace;
    m.id = step.id;
    m.mode = static_cast<identity::Mode>(row.integer(0));
    m.sender = row.id<SenderId>(1);
    m.kind = row.text(2);
    m.contact = row.text(3);
    m.provider_message_id = row.text(4);
    m.client_ref = row.text(5);
    m.metadata_json = row.text(6);
    m.created_at = row.time(7);
    m.status = step.change.to;
    if (step.change.error != nullptr) m.error = *step.change.error;
  });
}

/// Messages that are further already: what their steps still know better is filled in.
Result<> fill_in(store::Connection& db, std::span<const MessageStep> steps, const Asked& asked,
                 ChangedMessages& out) {
  std::vector<std::size_t> fills;
  std::set<std::pair<MessageId, MessageStatus>> filled;
  const auto read_gaps = [&](std::size_t at, const store::Row& row) {
    const auto& [workspace, id, change] = steps[asked.steps[at]];
    ChangedMessage& changed = out[asked.steps[at]].emplace();
    changed.row.workspace = workspace;
    changed.row.mode = static_cast<identity::Mode>(row.integer(0));
    const bool lacks_id = row.integer(1) != 0 && !change.provider_message_id.empty();
    const bool lacks_time = (change.to == MessageStatus::kSent && row.integer(2) != 0) ||
                            (change.to == MessageStatus::kDelivered && row.integer(3) != 0);
    // A step may be among them twice.
    changed.is_first = lacks_time && filled.emplace(id, change.to).second;
    if (lacks_id || changed.is_first) fills.push_back(asked.steps[at]);
  };
  CHECK_OK(db.query_each(kGaps, asked.params, 2, read_gaps));
  for (const std::size_t at : fills) {
    const auto& [workspace, id, change] = steps[at];
    CHECK_OK(db.write(kFillIn,
                      {workspace, id, change.at, Param::text_or_null(change.provider_message_id),
                       static_cast<int>(change.to)}));
  }
  return {};
}

}  // namespace

Result<ChangedMessages> change_statuses(store::Connection& db, std::span<const MessageStep> steps) {
  ChangedMessages out(steps.size());
  TRY(const auto advanced, advance(db, steps));
  Asked moved, behind;
  for (std::size_t i = 0; i < steps.size(); ++i)
    (advanced[i] == 1 ? moved : behind).add(i, steps[i]);
  CHECK_OK(read_after_advance(db, steps, moved, out));
  CHECK_OK(fill_in(db, steps, behind, out));
  return out;
}

Result<std::optional<ChangedMessage>> change_status(store::Connection& db,
                                                    const WorkspaceId& workspace,
                                                    const MessageId& id,
                                                    const StatusChange& change) {
  const MessageStep one{workspace, id, change};
  TRY(auto changed, change_statuses(db, {&one, 1}));
  return std::move(changed.front());
}

namespace {

/// A begun message as it is after its step.
ChangedMessage changed_from(const BegunChange& begun) {
  const StatusChange& change = begun.change;
  ChangedMessage out{.moved = true, .is_first = true, .row = begun.message};
  MessageRow& row = out.row;
  row.status = change.to;
  row.provider_message_id = change.provider_message_id;
  if (change.error != nullptr) row.error = *change.error;
  if (change.to == MessageStatus::kUnknown) row.unknown_at = change.at;
  if (change.to == MessageStatus::kSent) row.sent_at = change.at;
  if (change.to == MessageStatus::kFailed) row.failed_at = change.at;
  return out;
}

}  // namespace

Result<std::vector<ChangedMessage>> insert_changed(store::Connection& db,
                                                   std::span<const BegunChange> begun) {
  std::vector<ChangedMessage> out;
  if (begun.empty()) return out;
  std::vector<Param> params;
  out.reserve(begun.size());  // the parameters view its rows
  params.reserve(begun.size() * kInsertWidth);
  for (const BegunChange& each : begun)
    append_params(params, out.emplace_back(changed_from(each)).row);
  TRY(const auto inserted, db.run_each(kInsert, params, kInsertWidth));
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (inserted[i] == 1) continue;
    const MessageRow& message = begun[i].message;
    TRY(auto changed, change_status(db, message.workspace, message.id, begun[i].change));
    if (!changed) return fail(ErrorCode::kInternal, "a message's row is neither new nor there");
    out[i] = *std::move(changed);
  }
  return out;
}

Result<> mark_sending(store::Connection& db, const WorkspaceId& workspace, const MessageId& id,
                      Time at) {
  CHECK_OK(db.write(kMarkSending, {workspace, id, at}));
  return {};
}

Result<std::optional<MessageRow>> find_message(store::Connection& db, const WorkspaceId& workspace,
                                               const MessageId& id) {
  std::optional<MessageRow> found;
  CHECK_OK(db.query(kFind, {workspace, id},
                    [&found](const store::Row& row) { found = message_row(row); }));
  return found;
}

namespace {

/// Workspace and id of each.
std::vector<Param> keys_of(const WorkspaceId& workspace, std::span<const MessageId> ids) {
  std::vector<Param> params;
  params.reserve(ids.size() * 2);
  for (const MessageId& id : ids) params.insert(params.end(), {workspace, id});
  return params;
}

}  // namespace

Result<std::vector<std::optional<MessageRow>>> find_messages(store::Connection& db,
                                                             const WorkspaceId& workspace,
                                                             std::span<const MessageId> ids) {
  std::vector<std::optional<MessageRow>> found(ids.size());
  CHECK_OK(db.query_each(
      kFind, keys_of(workspace, ids), 2,
      [&found](std::size_t at, const store::Row& row) { found[at] = message_row(row); }));
  return found;
}

Result<std::vector<std::optional<Conversation>>> find_conversations(
    store::Connection& db, const WorkspaceId& workspace, std::span<const MessageId> ids) {
  std::vector<std::optional<Conversation>> found(ids.size());
  const auto read = [&found](std::size_t at, const store::Row& row) {
    found[at] = Conversation{row.id<SenderId>(0), hash_of(row.text(1))};
  };
  CHECK_OK(db.query_each(kConversation, keys_of(workspace, ids), 2, read));
  return found;
}

namespace {

const Sql kPeopleWritten(
    "SELECT COUNT(DISTINCT contact_hash), COUNT(*) FROM (SELECT contact_hash FROM messages WHERE "
    "workspace_id = ?1 AND id >= ?2 AND mode = ?3 AND inbound = 0 AND kind = 'template' AND status "
    "<> ?4 LIMIT ?5) AS written");

}  // namespace

Result<PeopleWritten> count_people_written(store::Connection& db, const WorkspaceId& workspace,
                                           identity::Mode mode, Time since, std::int64_t rows_max) {
  PeopleWritten written;
  const MessageId first(lowest_id_bytes(since));
  CHECK_OK(db.query(kPeopleWritten,
                    {workspace, first, static_cast<int>(mode),
                     static_cast<int>(MessageStatus::kFailed), rows_max},
                    [&](const store::Row& row) {
                      written.people = row.integer(0);
                      written.is_all = row.integer(1) < rows_max;
                    }));
  return written;
}

namespace {

IdRange<MessageId> range_of(const MessageQuery& q) {
  auto range = IdRange<MessageId>::of(q.after, q.before);
  if (q.created_from)
    range.above = std::max(range.above, MessageId(lowest_id_bytes(*q.created_from)));
  if (q.created_before)
    range.below = std::min(range.below, MessageId(lowest_id_bytes(*q.created_before)));
  return range;
}

}  // namespace

bool shows(const MessageQuery& q, const MessageRow& row) {
  return row.workspace == q.workspace && row.mode == q.mode && range_of(q).holds(row.id) &&
         (!q.status || row.status == *q.status) && (!q.sender || row.sender == *q.sender) &&
         (!q.inbound || row.inbound == *q.inbound) &&
         (!q.client_ref || row.client_ref == *q.client_ref) &&
         (!q.contact_hash || row.contact_hash == *q.contact_hash);
}

Result<MessagePage> list_messages(store::Connection& db, const MessageQuery& q,
                                  const std::vector<MessagePtr>& begun) {
  const auto [above, below] = range_of(q);
  const auto status =
      q.status ? std::optional<std::int64_t>(static_cast<std::int64_t>(*q.status)) : std::nullopt;
  const auto inbound = q.inbound ? std::optional<std::int64_t>(*q.inbound ? 1 : 0) : std::nullopt;
  const Param none(nullptr);

  MessagePage page;
  page.upwards = q.before && !q.after;
  CHECK_OK(db.query(page.upwards ? kPageUp : kPageDown,
                    {q.workspace, below, above, static_cast<int>(q.mode), status, q.sender, inbound,
                     q.client_ref, q.contact_hash ? Param::blob(as_text(*q.contact_hash)) : none,
                     static_cast<std::int64_t>(q.limit + 1), kPageScanMax},
                    [&page](const store::Row& row) { page.rows.push_back(message_row(row)); }));
  std::optional<MessageId> end;
  if (page.rows.size() <= q.limit) {
    TRY(end, store::end_of_scan<MessageId>(db, kScanEnd, page.upwards, q.workspace, below, above));
  }
  // What the table has already is further than what memory says: it stays.
  page.add(begun | std::views::transform([](const auto& row) -> const MessageRow& { return *row; }),
           &MessageRow::id, end);
  store::end_page(page, q.limit, &MessageRow::id, end);
  return page;
}

}  // namespace flowsell::messaging
