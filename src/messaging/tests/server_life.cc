#include "server_life.h"

#include <stdexcept>

#include "audit/audit_log.h"
#include "connections/schema.h"
#include "json/json.h"
#include "media/schema.h"
#include "messaging/render.h"
#include "messaging/schema.h"
#include "messaging_world.h"
#include "store/sqlite.h"
#include "templates/schema.h"
#include "testkit/io.h"
#include "webhook/schema.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<crypto::RotatingKeys> keys_of(const Machine& machine, const char* name,
                                              std::chrono::hours period, std::chrono::hours life,
                                              Time now) {
  auto keys = crypto::RotatingKeys::open({machine.folder / "keys", name, period, life}, now);
  if (!keys) throw std::runtime_error(keys.error().detail);
  return *std::move(keys);
}

SendOptions send_options(const Machine& machine) {
  SendOptions options;
  options.messages_per_second = 0;
  options.concurrency = machine.options.concurrency;
  options.pair_limit = false;
  options.timeout = 10s;
  options.routes.test_api_base = http::Url::parse(machine.provider.url("/v1")).value();
  return options;
}

Result<> set_up(Machine& machine) {
  TRY(const auto server, ServerLife::begin(machine));
  TRY(machine.caller.workspace, server->workspaces.create("Acme"));
  TRY([[maybe_unused]] const auto sender,
      server->senders.create(draft_of_sender(machine.caller, "111", "+15550783881")));
  CHECK_OK(server->start());
  if (!machine.options.with_endpoint) return {};
  team::By by;
  by.caller = machine.caller;
  auto create = server->endpoints.create(
      by, {machine.customer.url("/in"), {"message.accepted"}, {}}, std::nullopt);
  TRY([[maybe_unused]] const auto endpoint, testkit::run(server->pool, std::move(create)));
  return {};
}

}  // namespace

std::vector<MessageRow> begun_now(store::Database& db) {
  return testkit::in_snapshot(
      db, [](store::Connection& connection) { return BegunMessages().left(connection); });
}

Machine::Machine(const MachineOptions& wanted)
    : options(wanted), disk({.seed = wanted.seed, .sync = wanted.sync}) {
  http::Response taken;
  taken.body = R"({"id":"pm.1"})";
  provider.otherwise(taken);
  caller.scopes = identity::Scopes::of_keys();
  if (const auto done = set_up(*this); !done) throw std::runtime_error(done.error().detail);
}

Result<std::unique_ptr<ServerLife>> ServerLife::begin(Machine& machine) {
  TRY(auto db, store::open_sqlite({.path = machine.folder / "test.db",
                                   .log_pages = machine.options.log_pages,
                                   .vfs = machine.disk.name()}));
  CHECK_OK(db->migrate(store::merge_migrations(
      {identity::migrations(), metering::migrations(), outbox::migrations(), webhook::migrations(),
       messaging::migrations(), connections::migrations(), media::migrations(),
       templates::migrations(), audit::migrations()})));
  std::unique_ptr<ServerLife> server(new ServerLife(machine, std::move(db)));
  CHECK_OK(server->load());
  return server;
}

ServerLife::ServerLife(Machine& machine, std::unique_ptr<store::Database> database)
    : limits{.live_monthly = 0, .test_monthly = machine.options.quota},
      db(std::move(database)),
      spool(keys_of(machine, "spool", 1h, 25h, clock.now())),
      fingerprint(keys_of(machine, "fingerprint", 24h, 96h, clock.now())),
      workspaces(*db, machine.ring, ids, clock),
      idempotency(*fingerprint),
      send_keys(*fingerprint),
      outbox(*db, clock, pool, metrics),
      endpoints(*db, workspaces, *guard, client, idempotency, ids, clock),
      events(*db, endpoints, begun_deliveries, outbox, *spool, workspaces.settings(), ids, clock,
             24h),
      deliveries(*db, begun_deliveries, client, endpoints, outbox, *spool, clock,
                 {.timeout = 10s, .schedule = {0s, 1s}, .body_of = event_body}, metrics),
      senders(
          *db, workspaces,
          [&machine](std::string_view name) {
            return name == machine.adapter.name() ? &machine.adapter : nullptr;
          },
          ids, clock),
      provider_calls(client, clock, send_options(machine).routes),
      leased_keys(*db, idempotency, clock),
      templates(*db, senders.connections(), provider_calls, leased_keys, ids, clock),
      messages(*db, begun),
      send_handler(*db, begun, messages, client, senders, events, waiters, outbox, *spool, clock,
                   limits, send_options(machine), metrics),
      accept(*db, senders, send_handler, outbox, events, send_keys, begun, messages,
             machine.contact_key, workspaces.settings(), ids, clock, quotas, templates),
      machine_(machine) {
  events.set_delivery_handler(deliveries);
  outbox.set_handler(outbox::JobKind::kSend, send_handler);
  outbox.set_handler(outbox::JobKind::kDelivery, deliveries);
  // Else every attempt whose end can't be stored any more would wait a second before it looks.
  machine.disk.on_cut([this] {
    outbox.close();
    outbox.abandon();
  });
}

ServerLife::~ServerLife() {
  outbox.stop(testkit::kPatience);
  pool.stop();
  db->stop();
  machine_.disk.on_cut(nullptr);
}

Result<> ServerLife::load() {
  CHECK_OK(workspaces.load_keys());
  CHECK_OK(senders.load());
  CHECK_OK(endpoints.load());
  Result<> loaded;
  CHECK_OK(
      db->read_now([&](store::Connection& connection) { loaded = send_keys.load(connection); }));
  return loaded;
}

Result<> ServerLife::start() {
  CHECK_OK(outbox.recover());
  pool.start();
  outbox.start();
  return {};
}

Task<Accepted> ServerLife::send(MessageId id, std::string body, std::optional<std::string> key) {
  CO_TRY(const auto document, json::parse(body));
  CO_TRY(auto message, channel::parse_message(document.root()));
  const identity::Caller caller = machine_.caller;
  std::optional<metering::IdempotentCall> call;
  if (key) {
    call = idempotency.begin(machine_.caller.workspace, caller.mode, "POST", "/v1/messages", *key,
                             body, clock.now());
  }
  co_return co_await accept.accept(caller, id, std::move(message), Content(std::move(body)),
                                   std::move(call));
}

bool ServerLife::drain() {
  return testkit::eventually([this] { return outbox.queued() == 0 && outbox.in_flight() == 0; });
}

}  // namespace flowsell::messaging
