#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fake_adapter.h"
#include "messaging/accept.h"
#include "power_cut_vfs.h"
#include "testkit/http_imposter.h"
#include "testkit/temp_folder.h"
#include "webhook/delivery_handler.h"
#include "webhook/endpoints.h"
#include "webhook/events.h"

namespace flowsell::messaging {

struct MachineOptions {
  std::uint64_t seed = 1;
  store::PowerCutVfs::Sync sync = store::PowerCutVfs::Sync::kHonest;
  std::size_t log_pages = 16;
  std::size_t concurrency = 6;  ///< attempts of the sender open at once
  std::int64_t quota = 1'000'000;
  bool with_endpoint = false;  ///< the customer is told of every accepted message
};

/// What outlives the server's process: the disk with the database, the keys beside it, and the
/// others' servers. The key folder is a real one, which no cut reaches: RotatingKeys writes its
/// files itself.
struct Machine {
  /// With one workspace, one sender and, if asked for, one endpoint. Throws when they can't be
  /// made.
  explicit Machine(const MachineOptions& wanted);

  const MachineOptions options;
  const testkit::TempFolder folder;
  store::PowerCutVfs disk;
  const crypto::KeyRing ring = *crypto::KeyRing::from_hex(Secret(std::string(64, 'a')));
  const crypto::Key contact_key = crypto::Key::random();
  const FakeAdapter adapter;
  testkit::HttpImposter provider;
  testkit::HttpImposter customer;
  identity::Caller caller;
};

/// What the slots of begun messages hold: messages whose attempts are open, and others that have
/// ended since.
std::vector<MessageRow> begun_now(store::Database& db);

/// One process of the server, from its start to its end: all that stands behind POST /v1/messages,
/// wired as connectd wires it. At a power cut it neither claims nor sends any more.
class ServerLife {
 public:
  /// Opens the machine's database and reads what every request needs. Fails when the power does.
  static Result<std::unique_ptr<ServerLife>> begin(Machine& machine);
  ~ServerLife();

  /// Recovers what the last life left open, and begins to work.
  Result<> start();
  /// One POST /v1/messages.
  Task<Accepted> send(MessageId id, std::string body, std::optional<std::string> key);
  /// Waits until nothing is queued or in flight. False: that takes too long.
  bool drain();

  SystemClock clock;
  IdSource ids{clock};
  metrics::Registry metrics;
  metering::Limits limits;
  metering::Quotas quotas{limits};
  runtime::IoPool pool{2};
  std::unique_ptr<store::Database> db;
  std::unique_ptr<crypto::RotatingKeys> spool;
  std::unique_ptr<crypto::RotatingKeys> fingerprint;
  std::shared_ptr<http::EgressGuard> guard =
      std::make_shared<http::EgressGuard>(http::EgressOptions{.allow_loopback = true});
  http::Client client{pool, guard, {}};
  identity::Workspaces workspaces;
  metering::Idempotency idempotency;
  metering::SendKeys send_keys;
  outbox::Outbox outbox;
  webhook::Endpoints endpoints;
  webhook::BegunDeliveries begun_deliveries;
  webhook::Events events;
  webhook::DeliveryHandler deliveries;
  connections::Senders senders;
  connections::ProviderCalls provider_calls;
  connections::LeasedKeys leased_keys;
  templates::Templates templates;
  BegunMessages begun;
  MessageReader messages;
  Waiters waiters;
  SendHandler send_handler;
  Accept accept;

 private:
  ServerLife(Machine& machine, std::unique_ptr<store::Database> database);
  Result<> load();

  Machine& machine_;
};

}  // namespace flowsell::messaging
