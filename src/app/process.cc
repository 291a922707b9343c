#include "process.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "sim/whatsapp_simulator.h"
#include "whatsapp/adapter.h"

namespace flowsell::app {
namespace {

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

/// What calls to the provider prove that we have; empty: it is not known, or not to be proved.
Secret proved_secret(const config::Settings& settings, const Secret& simulator) {
  if (!settings.whatsapp.app_secret_proof) return {};
  const bool is_own = settings.sandbox.enabled && settings.sandbox.simulator_url.empty();
  return is_own ? simulator : settings.whatsapp.app_secret;
}

/// In the sandbox the simulator's app. A simulator that is a process of its own may have another.
connections::ConnectorOptions connector_options(const config::Settings& settings,
                                                const Secret& simulator) {
  connections::ConnectorOptions options;
  const auto& whatsapp = settings.whatsapp;
  if (settings.sandbox.enabled) {
    const sim::SimulatorOptions usual;
    options.test_app = {whatsapp.app_id.empty() ? usual.app_id : whatsapp.app_id, simulator};
  } else {
    options.live_app = {whatsapp.app_id, whatsapp.app_secret};
    options.callback = {whatsapp.override_callback, whatsapp.verify_token};
  }
  return options;
}

/// "v25.0" of "https://graph.facebook.com/v25.0".
std::string version_of(const std::string& api_base) {
  return api_base.substr(api_base.find_last_of('/') + 1);
}

/// In the sandbox the simulator stands in for Meta's pages too.
onboarding::SignupPlaces signup_places(const Process& process, const std::string& simulator_url) {
  onboarding::SignupPlaces places;
  places.adapter = process.adapter.get();
  places.public_url = [&process] { return process.public_url(); };
  const connections::ConnectorOptions& connector = process.connector_options;
  const auto& whatsapp = process.settings.whatsapp;
  onboarding::SignupPlace place;
  place.login_config = whatsapp.login_config;
  if (connector.test_app.is_there()) {
    place.app = connector.test_app;
    place.sdk_url = simulator_url + "/en_US/sdk.js";
    place.dialog_url = simulator_url + "/v25.0/dialog/oauth";
    place.api_version = "v25.0";
    place.message_origin = simulator_url;
    places.test = place;
  }
  if (connector.live_app.is_there()) {
    place.app = connector.live_app;
    place.sdk_url = whatsapp.sdk_url;
    place.api_version = version_of(whatsapp.api_base);
    place.dialog_url = "https://www.facebook.com/" + place.api_version + "/dialog/oauth";
    place.message_origin.clear();
    places.live = place;
  }
  return places;
}

http::ClientOptions client_options(const config::Settings& settings) {
  http::ClientOptions options;
  options.connections_per_host_max = settings.outbox.concurrency_per_sender;
  return options;
}

}  // namespace

Process::Process(const config::Settings& all_settings, Keys all_keys,
                 const std::string& simulator_url, messaging::SendOptions send_settings,
                 const Secret& simulator_secret)
    : settings(all_settings),
      keys(std::move(all_keys)),
      pool(thread_count(settings)),
      guard(std::make_shared<http::EgressGuard>(egress_options(settings, simulator_url))),
      client(pool, guard, client_options(settings)),
      adapter(whatsapp::make_adapter(proved_secret(settings, simulator_secret))),
      whatsapp(*adapter, "X-Hub-Signature-256", provider_apps(settings, simulator_secret), clock,
               metrics),
      send_options(std::move(send_settings)),
      connector_options(app::connector_options(settings, simulator_secret)),
      signup_places(app::signup_places(*this, simulator_url)) {}

std::string Process::callback_url() const {
  // Of the sandbox the simulator is told where to.
  if (!settings.sandbox.enabled && !settings.whatsapp.override_callback.empty())
    return settings.whatsapp.override_callback;
  return public_url() + "/hooks/whatsapp";
}

std::string Process::public_url() const {
  const auto& server = settings.server;
  if (!server.public_url.empty()) return server.public_url;
  // A port that the system chose is known since it listens.
  if (const auto listening = listening_url.load()) return *listening;
  return (server.tls_certificate.empty() ? "http://" : "https://") + server.listen.str();
}

}  // namespace flowsell::app
