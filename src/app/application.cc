#include "application.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <numeric>
#include <optional>

#include "api/api.h"
#include "audit_signing.h"
#include "cell.h"
#include "cells.h"
#include "cluster/peers.h"
#include "core/encoding.h"
#include "core/random.h"
#include "graph_door/graph_door.h"
#include "homes.h"
#include "http/server.h"
#include "key_rotation.h"
#include "keys.h"
#include "migrations.h"
#include "peer_door.h"
#include "people.h"
#include "process.h"
#include "sandbox.h"
#include "sim/whatsapp_simulator.h"
#include "store/copy.h"
#include "store/sqlite.h"
#include "telemetry/log.h"

namespace flowsell::app {
namespace {

/// A provider's webhook may have 3 MB (whatsapp.md 4.3), whatever a customer's request may.
constexpr std::size_t kWebhookBytesMax = 4 << 20;
/// How long a process drains whose database is not its own any more.
constexpr std::chrono::seconds kLostDrain{2};

/// The secret that the simulator signs with: the operator's where the simulator is a process of its
/// own, else one that lives as long as this process.
Secret simulator_secret(const config::Settings& settings) {
  if (!settings.whatsapp.app_secret.empty()) return settings.whatsapp.app_secret;
  std::array<std::uint8_t, 32> bytes;
  fill_random(bytes);
  return Secret(hex_encode(bytes));
}

Result<messaging::SendOptions> send_options(const config::Settings& settings,
                                            const std::string& simulator_url) {
  messaging::SendOptions options;
  options.messages_per_second = static_cast<double>(settings.outbox.sender_messages_per_second);
  options.concurrency = settings.outbox.concurrency_per_sender;
  options.pair_limit = settings.outbox.pair_limit;
  options.timeout = settings.outbox.provider_timeout;
  if (settings.sandbox.enabled) {
    TRY(options.routes.test_api_base, http::Url::parse(simulator_url + "/v25.0"));
  }
  TRY(options.routes.live_api_base, http::Url::parse(settings.whatsapp.api_base));
  if (settings.whatsapp.http2) {
    options.routes.test_version = http::Version::kHttp2;  // the simulator is ours
    options.routes.live_version = http::Version::kOffered;
  }
  return options;
}

bool needs_second_factor(const config::Settings& settings) {
  using enum config::SecondFactor;
  const auto wanted = settings.operators.second_factor;
  if (wanted == kOff && !settings.sandbox.enabled)
    log::warn("operators.second_factor is off: a password alone opens every workspace", {});
  return wanted == kRequired || (wanted == kAuto && !settings.sandbox.enabled);
}

/// Of a file, in the form that it comes in.
constexpr std::size_t kFileBytesMax = (100U << 20U) + 64 * 1024;

http::ServerOptions server_options(const config::Settings& settings) {
  http::ServerOptions options;
  options.streamed_bytes_max = kFileBytesMax;
  options.address = settings.server.listen.address;
  options.port = settings.server.listen.port;
  options.head_bytes_max = settings.server.head_bytes_max;
  options.body_bytes_max = std::max(kWebhookBytesMax, settings.server.body_bytes_max);
  options.idle_time_max = settings.server.idle;
  options.tls_certificate_file = settings.server.tls_certificate;
  options.tls_key_file = settings.server.tls_key;
  return options;
}

std::unique_ptr<sim::WhatsAppSimulator> make_simulator(const config::Settings& settings,
                                                       const Secret& secret) {
  if (!settings.sandbox.enabled || !settings.sandbox.simulator_url.empty()) return nullptr;
  sim::SimulatorOptions options;
  options.address = settings.sandbox.simulator_listen.address;
  options.port = settings.sandbox.simulator_listen.port;
  options.app_secret = secret;
  options.numbers = sim::consecutive_numbers({}, settings.sandbox.workspaces);
  return std::make_unique<sim::WhatsAppSimulator>(std::move(options));
}

}  // namespace

/// Everything, in the order in which it is made. Members end in the other order.
class Application::Parts {
 public:
  Parts(const config::Settings& settings, Keys keys,
        std::unique_ptr<sim::WhatsAppSimulator> simulator_, std::string simulator_url_,
        messaging::SendOptions send_settings, const Secret& sim_secret)
      : simulator(std::move(simulator_)),
        simulator_url(std::move(simulator_url_)),
        process(settings, std::move(keys), simulator_url, std::move(send_settings), sim_secret) {}

  /// The door, once it is known who is behind it.
  void open_door(api::Homes& homes) {
    api.emplace(api::Api::Process{
        process.clock,
        process.ids,
        process.metrics,
        process.whatsapp,
        homes,
        process.settings.cluster.name,
        process.settings.sandbox.enabled ? identity::Mode::kTest : identity::Mode::kLive,
        process.settings.accounts.session_life,
        process.audit_heads.get(),
        sandbox_mails.get(),
        needs_second_factor(process.settings),
        {process.settings.terms.version, process.settings.terms.provider_policies_version},
        {process.settings.limits.requests_per_second_per_user,
         process.settings.limits.open_requests_per_minute},
        [this] { return process.public_url(); }});
    auto options = server_options(process.settings);
    options.streams = [this](http::Method method, std::string_view target) {
      return api->streams(method, target) || graph_door::GraphDoor::streams(method, target);
    };
    graph_door.emplace(graph_door::GraphDoor::Process{process.clock, process.ids, process.metrics,
                                                      homes, process.settings.server.public_url});
    server.emplace(
        process.pool, std::move(options),
        [this](http::Request& request) { return peer_door.handle(request); },
        [this](const Error& error) { return api->refuse(error); });
    process.metrics.gauge("connect_http_connections", "Connections open now.",
                          [this] { return static_cast<double>(server->connections()); });
    const auto add = [this](const char* name, const char* help, double (*of_one)(const Cell&)) {
      process.metrics.gauge(name, help,
                            [this, of_one] { return cell ? of_one(*cell) : cells->sum(of_one); });
    };
    add("connect_store_commits_total", "Transactions committed.",
        [](const Cell& c) { return static_cast<double>(c.database().stats().commits); });
    add("connect_store_operations_total", "Operations in committed transactions.",
        [](const Cell& c) { return static_cast<double>(c.database().stats().operations); });
    add("connect_store_round_trips_total", "Round trips of the writer to its server.",
        [](const Cell& c) { return static_cast<double>(c.database().stats().round_trips); });
    const auto add_deletions = [this](const char* name, const char* help,
                                      std::int64_t (privacy::Runner::*count)() const noexcept) {
      process.metrics.gauge(name, help, [this, count] {
        const privacy::Runner* const runner = people ? &people->deletions() : cells->deletions();
        return runner == nullptr ? 0.0 : static_cast<double>((runner->*count)());
      });
    };
    add_deletions("connect_data_requests_open", "Data requests that have not ended.",
                  &privacy::Runner::open_count);
    add_deletions("connect_data_requests_overdue", "Data requests whose time is over.",
                  &privacy::Runner::overdue_count);
    add("connect_outbox_queued", "Jobs in the outbox that no attempt has claimed.",
        [](const Cell& c) { return static_cast<double>(c.outbox().queued()); });
    add("connect_outbox_in_flight", "Attempts open now.",
        [](const Cell& c) { return static_cast<double>(c.outbox().in_flight()); });
  }

  void start_rotation(store::Database& shared, std::string name, KeyRotation::Names live) {
    rotation.emplace(process, shared, std::move(name), std::move(live));
    rotation->start();
  }

  std::string base_scheme() const {
    return process.settings.server.tls_certificate.empty() ? "http://" : "https://";
  }
  std::string base_url() const {
    return base_scheme() +
           config::ListenAddress{process.settings.server.listen.address, server->port()}.str();
  }

  /// The same before the server listens; a port that it has yet to choose is 0.
  std::string listening_url() const { return base_scheme() + process.settings.server.listen.str(); }

  /// Where the other replicas reach this one.
  std::string peer_url() const {
    if (!process.settings.cluster.address.empty()) return process.settings.cluster.address;
    const std::string& listens_at = process.settings.server.listen.address;
    if (listens_at != "0.0.0.0" && listens_at != "::") return base_url();
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    return base_scheme() + name.data() + ":" + std::to_string(server->port());
  }

  std::unique_ptr<sim::WhatsAppSimulator> simulator;
  std::string simulator_url;
  Process process;
  std::unique_ptr<mail::MailFolder> sandbox_mails;  ///< where mails don't leave
  std::unique_ptr<Cell> cell;                       ///< on SQLite
  std::unique_ptr<People> people;                   ///< the same
  std::optional<OneCell> home;                      ///< the same
  std::unique_ptr<Cells> cells;                     ///< on PostgreSQL
  std::optional<api::Api> api;
  std::optional<graph_door::GraphDoor> graph_door;
  PeerDoor peer_door{[this](http::Request& request) {
                       return graph_door::GraphDoor::is_for(request.path)
                                  ? graph_door->handle(request)
                                  : api->handle(request);
                     },
                     [this](std::string_view name) { return cells && cells->is_me(name); },
                     [this](const http::Request& request) {
                       return cluster::client_of(request, process.keys.peers, process.clock.now());
                     },
                     process.settings.server.trusted_proxies};
  std::optional<http::Server> server;
  std::optional<KeyRotation> rotation;
};

Application::Application(const config::Settings& settings) : settings_(settings) {}
Application::~Application() = default;

Result<> Application::make_parts(store::Database& shared) {
  TRY(auto keys, open_keys(settings_, shared, SystemClock().now()));
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
  parts_ = std::make_unique<Parts>(settings_, std::move(keys), std::move(simulator), simulator_url,
                                   std::move(send_settings), secret);
  Process& process = parts_->process;
  if (!settings_.whatsapp.rate_card_file.empty()) {
    TRY(auto card, preflight::RateCard::load(settings_.whatsapp.rate_card_file));
    process.rate_card = std::make_shared<const preflight::RateCard>(std::move(card));
  }
  TRY(process.audit_heads,
      audit::HeadFile::open(audit_head_file(settings_), audit::HeadKey::of(process.keys.ring),
                            head_keys({process.keys.ring, process.keys.former})));
  if (keeps_mails(settings_)) {
    TRY(parts_->sandbox_mails, mail::MailFolder::open(mail_folder_of(settings_)));
  }
  return {};
}

Result<> Application::start() {
  const std::filesystem::path dir(settings_.data.dir);
  CHECK_OK(make_data_folder(settings_));
  CHECK_OK(check_master_key(settings_));

  const EarlierKeys earlier(dir / "sandbox.json");
  std::vector<SandboxWorkspace> sandbox;
  if (settings_.database.url.empty()) {
    TRY(sandbox, start_one_cell(dir, earlier));
  } else {
    TRY(sandbox, start_cells(earlier));
  }
  const std::string base_url = parts_->base_url();
  if (settings_.sandbox.enabled)
    CHECK_OK(write_sandbox_file(dir / "sandbox.json", sandbox, base_url, parts_->simulator_url));
  if (parts_->home) parts_->home->set_open(true);
  log::info("listening", {{"url", base_url}, {"simulator_url", parts_->simulator_url}});
  return {};
}

Result<std::vector<SandboxWorkspace>> Application::start_one_cell(const std::filesystem::path& dir,
                                                                  const EarlierKeys& earlier) {
  store::SqliteOptions options;
  options.path = (dir / "connect.db").string();
  options.readers = settings_.store.readers;
  options.batch_max = settings_.store.batch_max;
  TRY(auto db, store::open_sqlite(options));
  CHECK_OK(db->migrate(all_migrations()));
  CHECK_OK(store::check_copies(*db));
  store::Database& database = *db;
  CHECK_OK(make_parts(database));
  auto no_others = [](std::string /*name*/) -> Task<> { co_return Result<>{}; };
  connections::NameBook names;
  names.claim = [](connections::ProviderNames /*names*/) -> Task<bool> { co_return true; };
  names.withdraw = [](connections::ProviderNames /*names*/) -> Task<> { co_return Result<>{}; };
  names.release = [](connections::ProviderNames /*names*/) -> Task<> { co_return Result<>{}; };
  parts_->cell = std::make_unique<Cell>(parts_->process, std::move(db), std::move(no_others),
                                        std::move(names));
  Cell& cell = *parts_->cell;
  CHECK_OK(cell.load());
  TRY(parts_->people, People::make(parts_->process, database, parts_->listening_url(),
                                   /*signs=*/false));
  parts_->home.emplace(parts_->process, cell, *parts_->people);
  std::vector<SandboxWorkspace> sandbox;
  if (settings_.sandbox.enabled) {
    std::vector<std::size_t> numbers(settings_.sandbox.workspaces);
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    TRY(sandbox, open_sandbox(earlier,
                              {cell.workspaces(), cell.api_keys(), cell.senders(), cell.members(),
                               parts_->people->accounts()},
                              numbers, /*has_the_first=*/true));
    CHECK_OK(
        put_operator(earlier, parts_->people->accounts(), parts_->people->operators(), sandbox));
  }
  CHECK_OK(cell.recover());
  parts_->open_door(*parts_->home);
  parts_->process.pool.start();
  CHECK_OK(parts_->server->start());
  tell_simulator();
  cell.start();
  parts_->people->start(*parts_->home);
  parts_->start_rotation(database, "server", [] { return std::vector<std::string>{"server"}; });
  return sandbox;
}

Result<std::vector<SandboxWorkspace>> Application::start_cells(const EarlierKeys& earlier) {
  TRY(auto shared, open_shared_postgres(settings_.database.url, settings_.store.readers,
                                        settings_.privacy.postgres_rewrite));
  store::Database& database = *shared;
  CHECK_OK(make_parts(database));
  parts_->cells = std::make_unique<Cells>(parts_->process, std::move(shared), [this] {
    if (!must_restart_.exchange(true)) ::kill(::getpid(), SIGTERM);
  });
  parts_->open_door(*parts_->cells);
  parts_->process.metrics.gauge(
      "connect_cells_owned", "Cells that are open in this process.",
      [this] { return static_cast<double>(parts_->cells->open_count()); });
  parts_->process.pool.start();
  // The others are told an address that answers.
  CHECK_OK(parts_->server->start());
  tell_simulator();
  auto started = parts_->cells->start(parts_->peer_url(), parts_->base_url());
  Result<std::vector<SandboxWorkspace>> sandbox;
  if (started && settings_.sandbox.enabled) sandbox = parts_->cells->open_sandbox(earlier);
  if (started && sandbox) {
    parts_->start_rotation(database, parts_->cells->name(),
                           [&cells = *parts_->cells] { return cells.names(); });
    return sandbox;
  }
  stop();
  if (!started) return std::unexpected(std::move(started).error());
  return sandbox;
}

void Application::tell_simulator() {
  parts_->process.listening_url = std::make_shared<const std::string>(parts_->base_url());
  if (parts_->simulator) parts_->simulator->set_webhook_url(parts_->base_url() + "/hooks/whatsapp");
}

void Application::stop() {
  if (!parts_) return;
  const auto begun = std::chrono::steady_clock::now();
  const auto drain = must_restart_ ? std::chrono::milliseconds(kLostDrain)
                                   : std::chrono::milliseconds(settings_.server.drain);
  const auto left = [&] {
    const auto used = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begun);
    return std::max(std::chrono::milliseconds(0), drain - used);
  };
  if (parts_->rotation) parts_->rotation->stop();
  Cell* const cell = parts_->cell.get();
  if (cell != nullptr) {
    parts_->home->set_open(false);
    cell->close();
  } else {
    // While the server still takes calls, for those that others have now.
    parts_->cells->stop(left());
  }
  parts_->server->stop(left());
  if (cell != nullptr) {
    cell->stop_outbox(left());
    parts_->people->stop();
    cell->end();
  }
  if (parts_->cells) parts_->cells->end();
  if (parts_->simulator) parts_->simulator->stop();
  parts_->process.pool.stop();
  log::info("stopped");
}

}  // namespace flowsell::app
