#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "audit/head_file.h"
#include "channel/adapter.h"
#include "config/settings.h"
#include "connections/connector.h"
#include "core/id.h"
#include "core/time.h"
#include "http/client.h"
#include "ingest/ingest.h"
#include "keys.h"
#include "messaging/send_handler.h"
#include "onboarding/signup_place.h"
#include "preflight/rate_card.h"
#include "runtime/io_pool.h"
#include "telemetry/metrics.h"

namespace flowsell::app {

/// What all cells of the process share. Members end in the other order.
struct Process {
  Process(const config::Settings& all_settings, Keys all_keys, const std::string& simulator_url,
          messaging::SendOptions send_settings, const Secret& simulator_secret);

  /// What browsers call this server.
  std::string public_url() const;
  /// Where providers' webhooks are to come.
  std::string callback_url() const;

  const config::Settings& settings;
  SystemClock clock;
  IdSource ids{clock};
  metrics::Registry metrics;
  Keys keys;
  runtime::IoPool pool;
  std::shared_ptr<http::EgressGuard> guard;
  http::Client client;
  std::unique_ptr<channel::Adapter> adapter;
  ingest::ProviderDoor whatsapp;
  messaging::SendOptions send_options;
  connections::ConnectorOptions connector_options;
  std::shared_ptr<const preflight::RateCard> rate_card;  ///< read by the start; nullptr: none
  /// "http://127.0.0.1:8080", as it listens: set before it does its first work.
  std::atomic<std::shared_ptr<const std::string>> listening_url;
  onboarding::SignupPlaces signup_places;
  std::unique_ptr<audit::HeadFile> audit_heads;  ///< opened by the start
};

}  // namespace flowsell::app
