#include "webhook_world.h"

#include "audit/audit_log.h"

namespace flowsell::webhook {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<store::Database> open(testkit::TempFolder& folder,
                                      const std::vector<testkit::Migrations>& more) {
  std::vector<testkit::Migrations> rooms = {identity::migrations(), metering::migrations(),
                                            outbox::migrations(), audit::migrations(),
                                            migrations()};
  rooms.insert(rooms.end(), more.begin(), more.end());
  return testkit::open_database(folder, rooms);
}

}  // namespace

WebhookWorld::WebhookWorld(WorldOptions options)
    : db(open(folder, options.more_tables)),
      spool(*crypto::RotatingKeys::open({folder / "keys", "spool", 1h, 25h}, clock.now())),
      fingerprint(
          *crypto::RotatingKeys::open({folder / "keys", "fingerprint", 24h, 96h}, clock.now())),
      workspaces(*db, ring, ids, clock),
      idempotency(*fingerprint),
      outbox(*db, clock, pool, metrics),
      endpoints(*db, workspaces, *guard, client, idempotency, ids, clock),
      events(*db, endpoints, begun_deliveries, outbox, *spool, workspaces.settings(), ids, clock,
             options.content_retention),
      deliveries(*db, begun_deliveries, client, endpoints, outbox, *spool, clock, options.delivery,
                 metrics),
      body_of(options.delivery.body_of) {
  events.set_delivery_handler(deliveries);
  outbox.set_handler(outbox::JobKind::kDelivery, deliveries);
  caller.workspace = *workspaces.create("Acme");
  caller.scopes = identity::Scopes::of_keys();
  pool.start();
}

WebhookWorld::~WebhookWorld() {
  outbox.stop(testkit::kPatience);
  pool.stop();
  db->stop();
}

EndpointPtr WebhookWorld::add_endpoint(const std::string& url, std::vector<std::string> patterns) {
  auto created =
      testkit::run(pool, endpoints.create(by(), {url, std::move(patterns), {}}, std::nullopt));
  if (!created) throw std::runtime_error(created.error().detail);
  return created->endpoint;
}

EventDraft WebhookWorld::draft(EventType type, outbox::Lane lane) const {
  EventDraft event;
  event.workspace = caller.workspace;
  event.mode = caller.mode;
  event.type = type;
  event.at = clock.now();
  event.subject[0] = 9;
  event.lane = lane;
  event.body = R"("id":"msg_1")";
  return event;
}

void WebhookWorld::skip(std::chrono::milliseconds span) {
  clock.skip(span);
  outbox.start();
}

std::int64_t WebhookWorld::jobs() {
  return testkit::in_snapshot(*db, [](store::Connection& connection) -> Result<std::int64_t> {
    TRY(const auto claimed, outbox::claimed_jobs(connection, 1'000'000));
    TRY(const auto groups, outbox::queued_groups(connection));
    auto count = static_cast<std::int64_t>(claimed.size());
    for (const auto& group : groups) count += group.queued;
    return count;
  });
}

std::vector<DeliveryRow> WebhookWorld::deliveries_now(DeliveryQuery query) {
  query.workspace = caller.workspace;
  query.mode = caller.mode;
  return testkit::in_snapshot(*db,
                              [&](store::Connection& connection) {
                                return list_deliveries(connection, query,
                                                       begun_deliveries.matching(query));
                              })
      .rows;
}

std::vector<StoredEvent> WebhookWorld::events_now(EventQuery query) {
  query.workspace = caller.workspace;
  query.mode = caller.mode;
  return testkit::in_snapshot(*db,
                              [&](store::Connection& connection) {
                                return list_events(connection, *spool, query, body_of);
                              })
      .rows;
}

}  // namespace flowsell::webhook
