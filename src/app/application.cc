#include "application.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "api/api.h"
#include "core/encoding.h"
#include "core/random.h"
#include "http/server.h"
#include "keys.h"
#include "maintenance.h"
#include "messaging/render.h"
#include "migrations.h"
#include "sandbox.h"
#include "sim/whatsapp_simulator.h"
#include "store/copy.h"
#include "store/postgres.h"
#include "store/restores.h"
#include "store/sqlite.h"
#include "telemetry/log.h"
#include "webhook/delivery_handler.h"
#include "whatsapp/adapter.h"

namespace flowsell::app {
namespace {

/// A provider's webhook may have 3 MB (whatsapp.md 4.3), whatever a customer's request may.
constexpr std::size_t kWebhookBytesMax = 4 << 20;

std::size_t thread_count(const config::Settings& settings) {
  if (settings.server.threads > 0) return settings.server.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

http::EgressOptions egress_options(const config::Settings& settings,
                                   const std::string& simulator_url) {
  http::EgressOptions options;
  options.allowed = settings.webhook.allowed_targets;
  options.allow_loopback = settings.sandbox.enabled;
  const auto allow = [&options](const http::Url& url) {
    options.allowed.push_back(url.host + ":" + std::to_string(url.port));
  };
  if (const auto url = http::Url::parse(simulator_url); url) allow(*url);
  // Without TLS only on loopback: config/check.cc.
  if (const auto url = http::Url::parse(settings.whatsapp.api_base); url && !url->tls) allow(*url);
  return options;
}

/// The secret that the simulator signs with: the operator's where the simulator is a process of its
/// own, else one that lives as long as this process.
Secret simulator_secret(const config::Settings& settings) {
  if (!settings.whatsapp.app_secret.empty()) return settings.whatsapp.app_secret;
  std::array<std::uint8_t, 32> bytes;
  fill_random(bytes);
  return Secret(hex_encode(bytes));
}

std::vector<ingest::ProviderApp> provider_apps(const config::Settings& settings,
                                               const Secret& simulator) {
  std::vector<ingest::ProviderApp> apps;
  if (settings.sandbox.enabled) {
    apps.push_back({identity::Mode::kTest, simulator, settings.whatsapp.verify_token});
  } else if (!settings.whatsapp.app_secret.empty()) {
    apps.push_back(
        {identity::Mode::kLive, settings.whatsapp.app_secret, settings.whatsapp.verify_token});
  }
  return apps;
}

Result<messaging::SendOptions> send_options(const config::Settings& settings,
                                            const std::string& simulator_url) {
  messaging::SendOptions options;
  options.messages_per_second = static_cast<double>(settings.outbox.sender_messages_per_second);
  options.concurrency = settings.outbox.concurrency_per_sender;
  options.pair_limit = settings.outbox.pair_limit;
  options.timeout = settings.outbox.provider_timeout;
  if (settings.sandbox.enabled) {
    TRY(options.test_api_base, http::Url::parse(simulator_url + "/v25.0"));
  }
  TRY(options.live_api_base, http::Url::parse(settings.whatsapp.api_base));
  return options;
}

http::ServerOptions server_options(const config::Settings& settings) {
  http::ServerOptions options;
  options.address = settings.server.listen.address;
  options.port = settings.server.listen.port;
  options.head_bytes_max = settings.server.head_bytes_max;
  options.body_bytes_max = std::max(kWebhookBytesMax, settings.server.body_bytes_max);
  options.idle_time_max = settings.server.idle;
  options.tls_certificate_file = settings.server.tls_certificate;
  options.tls_key_file = settings.server.tls_key;
  return options;
}

http::ClientOptions client_options(const config::Settings& settings) {
  http::ClientOptions options;
  options.connections_per_host_max = settings.outbox.concurrency_per_sender;
  return options;
}

std::unique_ptr<sim::WhatsAppSimulator> make_simulator(const config::Settings& settings,
                                                       const Secret& secret) {
  if (!settings.sandbox.enabled || !settings.sandbox.simulator_url.empty()) return nullptr;
  sim::SimulatorOptions options;
  options.address = settings.sandbox.simulator_listen.address;
  options.port = settings.sandbox.simulator_listen.port;
  options.app_secret = secret;
  return std::make_unique<sim::WhatsAppSimulator>(std::move(options));
}

}  // namespace

/// Everything, in the order in which it is made. Members end in the other order.
class Application::Parts {
 public:
  Parts(const config::Settings& settings, std::unique_ptr<store::Database> database, Keys all_keys,
        std::unique_ptr<sim::WhatsAppSimulator> simulator_, const std::string& simulator_url_,
        messaging::SendOptions send_settings, const Secret& sim_secret)
      : simulator(std::move(simulator_)),
        simulator_url(simulator_url_),
        keys(std::move(all_keys)),
        pool(thread_count(settings)),
        db(std::move(database)),
        guard(std::make_shared<http::EgressGuard>(egress_options(settings, simulator_url))),
        client(pool, guard, client_options(settings)),
        workspaces(*db, keys.ring, ids, clock),
        api_keys(*db, ids, clock),
        rate_limit(settings.limits.requests_per_second_per_key),
        idempotency(*keys.fingerprint),
        send_keys(*keys.fingerprint),
        limits{settings.quota.live_monthly, settings.sandbox.test_quota},
        outbox(*db, clock, pool, metrics),
        endpoints(*db, workspaces, *guard, idempotency, ids, clock),
        events(*db, endpoints, begun_deliveries, outbox, *keys.spool, ids, clock,
               settings.content.retention),
        deliveries(*db, begun_deliveries, client, endpoints, outbox, *keys.spool, clock,
                   {settings.outbox.concurrency_per_endpoint, settings.webhook.timeout,
                    settings.webhook.retry_schedule, messaging::event_body},
                   metrics),
        adapter(whatsapp::make_adapter()),
        senders(
            *db, workspaces,
            [this](std::string_view name) {
              return name == adapter->name() ? adapter.get() : nullptr;
            },
            ids, clock),
        messages(*db, begun),
        send(*db, begun, messages, client, senders, events, waiters, outbox, *keys.spool, clock,
             limits, std::move(send_settings), metrics),
        accept(*db, senders, send, outbox, events, send_keys, begun, messages, keys.contact, ids,
               clock, limits),
        updates(*db, events, begun, keys.contact, clock, limits),
        read_receipts(*db, messages, client, senders, send, idempotency, clock),
        hooks(*adapter, "X-Hub-Signature-256", provider_apps(settings, sim_secret), senders,
              updates, clock, metrics),
        api({*db, clock, ids, api_keys, rate_limit, idempotency, limits,
             settings.server.body_bytes_max, senders, accept, messages, read_receipts, waiters,
             endpoints, begun_deliveries, *keys.spool, hooks, metrics,
             [this] { return ready.load(); }}),
        server(
            pool, server_options(settings),
            [this](http::Request& request) { return api.handle(request); },
            [this](const Error& error) { return api.refuse(error); }),
        maintenance(pool, *db, *keys.spool, *keys.fingerprint, idempotency, send_keys, begun,
                    begun_deliveries, clock) {
    events.set_delivery_handler(deliveries);
    outbox.set_handler(outbox::JobKind::kSend, send);
    outbox.set_handler(outbox::JobKind::kDelivery, deliveries);
    add_store_metrics();
  }

  void add_store_metrics() {
    metrics.gauge("connect_store_commits_total", "Transactions committed.",
                  [this] { return static_cast<double>(db->stats().commits); });
    metrics.gauge("connect_store_operations_total", "Operations in committed transactions.",
                  [this] { return static_cast<double>(db->stats().operations); });
    metrics.gauge("connect_store_round_trips_total", "Round trips of the writer to its server.",
                  [this] { return static_cast<double>(db->stats().round_trips); });
    metrics.gauge("connect_http_connections", "Connections open now.",
                  [this] { return static_cast<double>(server.connections()); });
  }

  /// Reads into memory what every request needs.
  Result<> load() {
    TRY(restore, store::find_restore(*db, clock.now()));
    if (restore) {
      idempotency.set_restored_at(restore->restored_at);
      send_keys.set_restored_at(restore->restored_at);
    }
    CHECK_OK(workspaces.load_keys());
    CHECK_OK(senders.load());
    CHECK_OK(endpoints.load());
    Result<> loaded;
    CHECK_OK(db->read_now([&](store::Connection& connection) {
      loaded = idempotency.load_days(connection);
      if (loaded) loaded = send_keys.load(connection);
    }));
    return loaded;
  }

  /// Settles what the last process, or the backup that was restored, left open.
  Result<> recover() {
    if (!restore || restore->is_settled) return outbox.recover();
    log::warn("this database was restored from a backup: nothing unfinished in it is done again",
              {{"epoch", restore->epoch},
               {"backup_at", format_time(restore->backup_at)},
               {"restored_at", format_time(restore->restored_at)}});
    CHECK_OK(outbox.recover(outbox::FoundIn::kBackup));
    return store::settle_restore(*db, clock.now());
  }

  SystemClock clock;
  IdSource ids{clock};
  metrics::Registry metrics;
  std::atomic<bool> ready{false};
  std::unique_ptr<sim::WhatsAppSimulator> simulator;
  std::string simulator_url;
  Keys keys;
  runtime::IoPool pool;
  std::unique_ptr<store::Database> db;
  std::shared_ptr<http::EgressGuard> guard;
  http::Client client;
  identity::Workspaces workspaces;
  identity::ApiKeys api_keys;
  metering::RateLimit rate_limit;
  metering::Idempotency idempotency;
  metering::SendKeys send_keys;
  metering::Limits limits;
  outbox::Outbox outbox;
  webhook::Endpoints endpoints;
  webhook::BegunDeliveries begun_deliveries;
  webhook::Events events;
  webhook::DeliveryHandler deliveries;
  std::unique_ptr<channel::Adapter> adapter;
  messaging::Senders senders;
  messaging::BegunMessages begun;
  messaging::MessageReader messages;
  messaging::Waiters waiters;
  messaging::SendHandler send;
  messaging::Accept accept;
  messaging::ProviderUpdates updates;
  messaging::ReadReceipts read_receipts;
  ingest::Ingest hooks;
  api::Api api;
  http::Server server;
  Maintenance maintenance;
  std::optional<store::Restore> restore;  ///< the last one of this database
};

Application::Application(const config::Settings& settings) : settings_(settings) {}
Application::~Application() = default;

Result<std::unique_ptr<store::Database>> Application::open_database(
    const std::filesystem::path& dir) {
  if (!settings_.database.url.empty()) {
    store::PostgresOptions options;
    options.conninfo = settings_.database.url;
    options.readers = settings_.store.readers;
    options.batch_max = settings_.store.batch_max;
    options.when_gone = [this] {
      must_restart_ = true;
      ::kill(::getpid(), SIGTERM);
    };
    return store::open_postgres(options);
  }
  store::SqliteOptions options;
  options.path = (dir / "connect.db").string();
  options.readers = settings_.store.readers;
  options.batch_max = settings_.store.batch_max;
  return store::open_sqlite(options);
}

Result<> Application::start() {
  const std::filesystem::path dir(settings_.data.dir);
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return fail(ErrorCode::kInternal, "data.dir: the folder can't be made");
  std::filesystem::permissions(dir, std::filesystem::perms::owner_all, error);

  TRY(auto db, open_database(dir));
  CHECK_OK(db->migrate(all_migrations()));
  CHECK_OK(store::check_copies(*db));
  TRY(auto keys, open_keys(settings_, SystemClock().now()));

  const Secret secret = simulator_secret(settings_);
  auto simulator = make_simulator(settings_, secret);
  std::string simulator_url = settings_.sandbox.simulator_url;
  if (simulator) {
    CHECK_OK(simulator->start());
    simulator_url =
        "http://" +
        config::ListenAddress{settings_.sandbox.simulator_listen.address, simulator->port()}.str();
  }
  TRY(auto send_settings, send_options(settings_, simulator_url));
  parts_ = std::make_unique<Parts>(settings_, std::move(db), std::move(keys), std::move(simulator),
                                   simulator_url, std::move(send_settings), secret);
  CHECK_OK(parts_->load());
  std::optional<Sandbox> sandbox;
  if (settings_.sandbox.enabled) {
    TRY(sandbox,
        open_sandbox(dir / "sandbox.json", parts_->workspaces, parts_->api_keys, parts_->senders));
  }
  CHECK_OK(parts_->recover());
  parts_->pool.start();
  CHECK_OK(parts_->server.start());
  const std::string scheme = settings_.server.tls_certificate.empty() ? "http://" : "https://";
  const std::string base_url =
      scheme + config::ListenAddress{settings_.server.listen.address, parts_->server.port()}.str();
  if (parts_->simulator) parts_->simulator->set_webhook_url(base_url + "/hooks/whatsapp");
  parts_->outbox.start();
  parts_->maintenance.start();
  if (sandbox)
    CHECK_OK(write_sandbox_file(dir / "sandbox.json", *sandbox, base_url, simulator_url));
  parts_->ready = true;
  log::info("listening", {{"url", base_url}, {"simulator_url", simulator_url}});
  return {};
}

void Application::stop() {
  if (!parts_) return;
  const auto begun = std::chrono::steady_clock::now();
  const auto left = [&] {
    const auto used = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begun);
    return std::max(std::chrono::milliseconds(0),
                    std::chrono::milliseconds(settings_.server.drain) - used);
  };
  parts_->ready = false;
  parts_->outbox.close();
  parts_->maintenance.stop();
  parts_->server.stop(left());
  parts_->outbox.stop(left());
  if (parts_->simulator) parts_->simulator->stop();
  parts_->pool.stop();
  parts_->maintenance.last_round();
  parts_->db->stop();
  log::info("stopped");
}

}  // namespace flowsell::app
