#include "webhook/deliveries.h"

#include <array>
#include <utility>

#include "json/writer.h"
#include "store/page.h"

namespace flowsell::webhook {
namespace {

using store::Param;
using store::Sql;

const Sql kInsert(
    "INSERT INTO deliveries (workspace_id, id, mode, endpoint_id, event_id, event_type, status, "
    "attempts, "
    "next_attempt_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, '', ?7, ?7)");
const Sql kRecord(
    "UPDATE deliveries SET attempts = CASE WHEN attempts = '' OR ?3 = '' THEN attempts || ?3 "
    "ELSE attempts || ',' || ?3 END, status = ?4, next_attempt_at = ?5, finished_at = ?6 "
    "WHERE workspace_id = ?1 AND id = ?2");
// Content of an event goes as soon as nobody waits for it any more.
const Sql kFinishEvent(
    "UPDATE events SET pending = pending - 1, "
    "sealed = CASE WHEN pending <= 1 THEN NULL ELSE sealed END, "
    "key_id = CASE WHEN pending <= 1 THEN NULL ELSE key_id END, "
    "content_expires_at = CASE WHEN pending <= 1 THEN NULL ELSE content_expires_at END "
    "WHERE workspace_id = ?1 AND id = ?2");
const Sql kEventOf("SELECT event_id FROM deliveries WHERE workspace_id = ?1 AND id = ?2");
// The inner query bounds the work of a page whose filters match little.
#define DELIVERY_PAGE(order)                                                                      \
  "SELECT id, endpoint_id, event_id, event_type, status, attempts, next_attempt_at, created_at, " \
  "finished_at FROM "                                                                             \
  "(SELECT * FROM deliveries WHERE workspace_id = ?1 AND id < ?2 AND id > ?3 ORDER BY id " order  \
  " LIMIT ?9) "                                                                                   \
  "WHERE mode = ?4 AND (?5 IS NULL OR endpoint_id = ?5) AND (?6 IS NULL OR event_id = ?6) "       \
  "AND (?7 IS NULL OR status = ?7) ORDER BY id " order " LIMIT ?8"
const Sql kPageDown(DELIVERY_PAGE("DESC"));
const Sql kPageUp(DELIVERY_PAGE("ASC"));
const Sql kScanEndDown(FLOWSELL_SCAN_END("deliveries", "DESC"));
const Sql kScanEndUp(FLOWSELL_SCAN_END("deliveries", "ASC"));
constexpr store::ScanEnd kScanEnd{kScanEndDown, kScanEndUp};
#undef DELIVERY_PAGE

constexpr std::array<std::pair<DeliveryStatus, std::string_view>, 4> kStatusNames = {{
    {DeliveryStatus::kPending, "pending"},
    {DeliveryStatus::kSucceeded, "succeeded"},
    {DeliveryStatus::kFailed, "failed"},
    {DeliveryStatus::kCanceled, "canceled"},
}};

std::string attempt_json(const Attempt& attempt) {
  json::Writer out;
  out.begin_object().key("at").string(format_time(attempt.at));
  if (attempt.status != 0) out.key("status").integer(attempt.status);
  out.optional_string("error", attempt.error);
  out.key("latency_ms").integer(attempt.latency.count()).end_object();
  return std::move(out).take();
}

std::optional<Time> optional_time(const store::Row& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional<Time>(row.time(column));
}

}  // namespace

std::string_view delivery_status_name(DeliveryStatus status) noexcept {
  return kStatusNames[static_cast<std::size_t>(status)].second;
}

std::optional<DeliveryStatus> parse_delivery_status(std::string_view name) noexcept {
  for (const auto& [status, each] : kStatusNames) {
    if (each == name) return status;
  }
  return std::nullopt;
}

Result<> insert_delivery(store::Connection& db, const NewDelivery& d) {
  CHECK_OK(db.run(kInsert, {d.workspace, d.id, static_cast<int>(d.mode), d.endpoint, d.event,
                            static_cast<int>(d.type), d.at}));
  return {};
}

Result<> record_attempt(store::Connection& db, const WorkspaceId& workspace, const DeliveryId& id,
                        const std::optional<Attempt>& attempt, DeliveryStatus status,
                        std::optional<Time> next, Time now) {
  const bool final = status != DeliveryStatus::kPending;
  const std::string entry = attempt ? attempt_json(*attempt) : "";
  CHECK_OK(db.run(kRecord, {workspace, id, entry, static_cast<int>(status), next,
                            final ? Param(now) : Param(nullptr)}));
  if (!final) return {};
  TRY(const auto event, event_of(db, workspace, id));
  if (event) CHECK_OK(db.run(kFinishEvent, {workspace, *event}));
  return {};
}

Result<DeliveryPage> list_deliveries(store::Connection& db, const DeliveryQuery& query) {
  IdBytes highest;
  highest.fill(0xFF);
  const DeliveryId below = query.after.value_or(DeliveryId(highest));
  const DeliveryId above = query.before.value_or(DeliveryId());
  const auto status = query.status
                          ? std::optional<std::int64_t>(static_cast<std::int64_t>(*query.status))
                          : std::nullopt;
  DeliveryPage page;
  page.upwards = query.before && !query.after;
  CHECK_OK(db.query(page.upwards ? kPageUp : kPageDown,
                    {query.workspace, below, above, static_cast<int>(query.mode), query.endpoint,
                     query.event, status, static_cast<std::int64_t>(query.limit + 1), kPageScanMax},
                    [&page](const store::Row& row) {
                      page.rows.push_back(
                          {row.id<DeliveryId>(0), row.id<EndpointId>(1), row.id<EventId>(2),
                           static_cast<EventType>(row.integer(3)),
                           static_cast<DeliveryStatus>(row.integer(4)), std::string(row.text(5)),
                           optional_time(row, 6), row.time(7), optional_time(row, 8)});
                    }));
  CHECK_OK(store::end_page(db, page, query.limit, &DeliveryRow::id, kScanEnd, query.workspace,
                           below, above));
  return page;
}

Result<std::optional<EventId>> event_of(store::Connection& db, const WorkspaceId& workspace,
                                        const DeliveryId& id) {
  std::optional<EventId> event;
  CHECK_OK(db.query(kEventOf, {workspace, id},
                    [&](const store::Row& row) { event = row.id<EventId>(0); }));
  return event;
}

}  // namespace flowsell::webhook
