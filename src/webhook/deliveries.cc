#include "webhook/deliveries.h"

#include <array>
#include <ranges>
#include <utility>

#include "json/writer.h"
#include "store/page.h"

namespace flowsell::webhook {
namespace {

using store::Param;
using store::Sql;

/// Longer than any retry schedule: a delivery's job ends by its schedule, not by its age.
constexpr std::chrono::hours kDeliveryLife{24 * 7};

const Sql kInsert(
    "INSERT INTO deliveries (workspace_id, id, mode, endpoint_id, event_id, event_type, status, "
    "attempts, next_attempt_at, created_at, finished_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
const Sql kRecord(
    "UPDATE deliveries SET attempts = CASE WHEN attempts = '' OR ?3 = '' THEN attempts || ?3 "
    "ELSE attempts || ',' || ?3 END, status = ?4, next_attempt_at = ?5, finished_at = ?6 "
    "WHERE workspace_id = ?1 AND id = ?2");
// Content of an event goes as soon as nobody waits for it any more.
#define FINISH_EVENT                                                                         \
  "UPDATE events SET pending = pending - 1, "                                                \
  "sealed = CASE WHEN pending <= 1 THEN NULL ELSE sealed END, "                              \
  "key_id = CASE WHEN pending <= 1 THEN NULL ELSE key_id END, "                              \
  "content_expires_at = CASE WHEN pending <= 1 THEN NULL ELSE content_expires_at END WHERE " \
  "workspace_id = ?1 AND id = "
const Sql kFinishEvent(FINISH_EVENT "?2");
const Sql kFinishEventOf(FINISH_EVENT
                         "(SELECT event_id FROM deliveries WHERE workspace_id = ?1 AND id = ?2)");
#undef FINISH_EVENT
const Sql kEventOf("SELECT event_id FROM deliveries WHERE workspace_id = ?1 AND id = ?2");
// The inner query bounds the work of a page whose filters match little.
#define DELIVERY_PAGE(order)                                                                      \
  "SELECT id, endpoint_id, event_id, event_type, status, attempts, next_attempt_at, created_at, " \
  "finished_at FROM "                                                                             \
  "(SELECT * FROM deliveries WHERE workspace_id = ?1 AND id < ?2 AND id > ?3 ORDER BY id " order  \
  " LIMIT ?9) AS scanned "                                                                        \
  "WHERE mode = ?4 AND (endpoint_id = ?5 OR ?5 IS NULL) AND (event_id = ?6 OR ?6 IS NULL) "       \
  "AND (status = ?7 OR ?7 IS NULL) ORDER BY id " order " LIMIT ?8"
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

outbox::Job job_of(const NewDelivery& delivery) {
  outbox::Job job;
  job.id = delivery.id.bytes();
  job.kind = outbox::JobKind::kDelivery;
  job.workspace = delivery.workspace;
  job.group = delivery.endpoint.bytes();
  job.lane = delivery.lane;
  job.due = delivery.at;
  job.expires_at = delivery.at + kDeliveryLife;
  return job;
}

Result<> insert_delivery(store::Connection& db, const NewDelivery& d) {
  return insert_attempted(db, d, std::nullopt, DeliveryStatus::kPending, d.at, d.at);
}

Result<> insert_attempted(store::Connection& db, const NewDelivery& d,
                          const std::optional<Attempt>& attempt, DeliveryStatus status,
                          std::optional<Time> next, Time now) {
  const bool is_final = status != DeliveryStatus::kPending;
  const std::string entry = attempt ? attempt_json(*attempt) : "";
  CHECK_OK(db.write(kInsert, {d.workspace, d.id, static_cast<int>(d.mode), d.endpoint, d.event,
                              static_cast<int>(d.type), static_cast<int>(status), entry, next, d.at,
                              is_final ? Param(now) : Param(nullptr)}));
  if (is_final && d.has_content) CHECK_OK(db.write(kFinishEvent, {d.workspace, d.event}));
  return {};
}

Result<> record_attempt(store::Connection& db, const WorkspaceId& workspace, const DeliveryId& id,
                        const std::optional<Attempt>& attempt, DeliveryStatus status,
                        std::optional<Time> next, Time now) {
  const bool final = status != DeliveryStatus::kPending;
  const std::string entry = attempt ? attempt_json(*attempt) : "";
  CHECK_OK(db.write(kRecord, {workspace, id, entry, static_cast<int>(status), next,
                              final ? Param(now) : Param(nullptr)}));
  if (!final) return {};
  return db.write(kFinishEventOf, {workspace, id});
}

namespace {

DeliveryRow row_of(const NewDelivery& d) {
  return {d.id, d.endpoint, d.event, d.type, DeliveryStatus::kPending, {}, d.at, d.at, {}};
}

}  // namespace

bool shows(const DeliveryQuery& query, const NewDelivery& d) {
  const auto range = IdRange<DeliveryId>::of(query.after, query.before);
  return d.workspace == query.workspace && d.mode == query.mode && range.holds(d.id) &&
         (!query.endpoint || d.endpoint == *query.endpoint) &&
         (!query.event || d.event == *query.event) &&
         (!query.status || *query.status == DeliveryStatus::kPending);
}

Result<DeliveryPage> list_deliveries(store::Connection& db, const DeliveryQuery& query,
                                     const std::vector<DeliveryPtr>& begun) {
  const auto [above, below] = IdRange<DeliveryId>::of(query.after, query.before);
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
                           row.optional_time(6), row.time(7), row.optional_time(8)});
                    }));
  std::optional<DeliveryId> end;
  if (page.rows.size() <= query.limit) {
    TRY(end,
        store::end_of_scan<DeliveryId>(db, kScanEnd, page.upwards, query.workspace, below, above));
  }
  // What the table has already is further than what memory says: it stays.
  page.add(begun | std::views::transform([](const auto& each) { return row_of(*each); }),
           &DeliveryRow::id, end);
  store::end_page(page, query.limit, &DeliveryRow::id, end);
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
