#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "identity/workspaces.h"
#include "metering/metering.h"
#include "outbox/outbox.h"
#include "testkit/database.h"
#include "testkit/http_imposter.h"
#include "testkit/io.h"
#include "testkit/skipping_clock.h"
#include "webhook/delivery_handler.h"
#include "webhook/endpoints.h"
#include "webhook/events.h"
#include "webhook/schema.h"

namespace flowsell::webhook {

struct WorldOptions {
  DeliveryOptions delivery = {.concurrency_per_endpoint = 32,
                              .timeout = std::chrono::seconds(10),
                              .schedule = {std::chrono::seconds(0), std::chrono::seconds(5)}};
  std::chrono::hours content_retention{24};
  std::vector<testkit::Migrations> more_tables = {};
};

/// Every part that a webhook needs, wired as the server wires them, and one workspace.
class WebhookWorld {
 public:
  explicit WebhookWorld(WorldOptions options = {});
  ~WebhookWorld();

  EndpointPtr add_endpoint(const std::string& url, std::vector<std::string> patterns = {"*"});
  /// The caller, as who asks for a change.
  team::By by() const {
    team::By by;
    by.caller = caller;
    return by;
  }
  EventDraft draft(EventType type = EventType::kMessageSent, outbox::Lane lane = 1) const;
  /// Records an event and begins its deliveries.
  void tell(EventDraft event) { testkit::run(pool, events.tell(std::move(event))); }
  /// Moves the clock and lets the outbox look at it.
  void skip(std::chrono::milliseconds span);
  /// True as soon as no attempt is open.
  bool idle() {
    return testkit::eventually([this] { return outbox.in_flight() == 0; });
  }
  /// Rows in the outbox's tables, queued and claimed.
  std::int64_t jobs();
  std::vector<DeliveryRow> deliveries_now(DeliveryQuery query = {});
  std::vector<StoredEvent> events_now(EventQuery query = {});

  testkit::TempFolder folder;
  testkit::SkippingClock clock;
  IdSource ids{clock};
  metrics::Registry metrics;
  runtime::IoPool pool{2};
  std::unique_ptr<store::Database> db;
  crypto::KeyRing ring = *crypto::KeyRing::from_hex(Secret(std::string(64, 'a')));
  std::unique_ptr<crypto::RotatingKeys> spool;
  std::unique_ptr<crypto::RotatingKeys> fingerprint;
  std::shared_ptr<http::EgressGuard> guard =
      std::make_shared<http::EgressGuard>(http::EgressOptions{.allow_loopback = true});
  http::Client client{pool, guard, {}};
  identity::Workspaces workspaces;
  metering::Idempotency idempotency;
  outbox::Outbox outbox;
  Endpoints endpoints;
  BegunDeliveries begun_deliveries;
  Events events;
  DeliveryHandler deliveries;
  BodySource body_of;
  identity::Caller caller;
};

}  // namespace flowsell::webhook
