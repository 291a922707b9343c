#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/id.h"
#include "core/page.h"
#include "core/time.h"
#include "identity/caller.h"
#include "outbox/job.h"
#include "store/database.h"
#include "webhook/event_type.h"

namespace flowsell::webhook {

/// Numbers are stored: never renumber.
enum class DeliveryStatus : std::uint8_t {
  kPending = 0,
  kSucceeded = 1,
  kFailed = 2,    ///< the last attempt of the schedule failed, or the endpoint said that it is gone
  kCanceled = 3,  ///< the endpoint was deleted or disabled
};
std::string_view delivery_status_name(DeliveryStatus status) noexcept;
std::optional<DeliveryStatus> parse_delivery_status(std::string_view name) noexcept;

struct NewDelivery {
  DeliveryId id;
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  EndpointId endpoint;
  EventId event;
  EventType type = EventType::kMessageSent;
  Time at;
  outbox::Lane lane = 0;
  bool has_content = false;  ///< the event has sealed content, which goes with its last delivery
  bool is_open = false;      ///< its first attempt begins with it; else it is to be queued
};
using DeliveryPtr = std::shared_ptr<const NewDelivery>;

/// Its job in the outbox.
outbox::Job job_of(const NewDelivery& delivery);
/// In a transaction.
Result<> insert_delivery(store::Connection& db, const NewDelivery& delivery);

/// How one attempt went: what is kept of it. Never a body.
struct Attempt {
  Time at;
  int status = 0;          ///< HTTP; 0: no answer
  std::string_view error;  ///< class: "timed_out", "unconnected", "http_error", ...; empty: none
  std::chrono::milliseconds latency{0};
};
/// In a transaction: adds the attempt; `next` is when the next one comes, with kPending only.
Result<> record_attempt(store::Connection& db, const WorkspaceId& workspace, const DeliveryId& id,
                        const std::optional<Attempt>& attempt, DeliveryStatus status,
                        std::optional<Time> next, Time now);

/// In a transaction: insert_delivery() and record_attempt() in one.
Result<> insert_attempted(store::Connection& db, const NewDelivery& delivery,
                          const std::optional<Attempt>& attempt, DeliveryStatus status,
                          std::optional<Time> next, Time now);

struct DeliveryRow {
  DeliveryId id;
  EndpointId endpoint;
  EventId event;
  EventType type;
  DeliveryStatus status;
  std::string attempts_json;  ///< the inside of a JSON array
  std::optional<Time> next_attempt_at;
  Time created_at;
  std::optional<Time> finished_at;
};
struct DeliveryQuery {
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  std::optional<EndpointId> endpoint;
  std::optional<EventId> event;
  std::optional<DeliveryStatus> status;
  std::optional<DeliveryId> after;
  std::optional<DeliveryId> before;
  std::size_t limit = 20;
};
using DeliveryPage = Page<DeliveryRow, DeliveryId>;
/// One page: upwards with `before` alone, else downwards. It looks at kPageScanMax rows at most: it
/// may come back short with has_more set. `begun`: those that shows() and that may not be in the
/// table yet.
Result<DeliveryPage> list_deliveries(store::Connection& db, const DeliveryQuery& query,
                                     const std::vector<DeliveryPtr>& begun = {});
/// True when the query's list has this delivery, on one of its pages.
bool shows(const DeliveryQuery& query, const NewDelivery& delivery);

/// The event of a delivery.
Result<std::optional<EventId>> event_of(store::Connection& db, const WorkspaceId& workspace,
                                        const DeliveryId& id);

}  // namespace flowsell::webhook
