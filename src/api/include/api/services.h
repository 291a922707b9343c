#pragma once

#include <functional>
#include <string>

#include "connections/connection_desk.h"
#include "connections/connector.h"
#include "connections/senders.h"
#include "connections/token_watch.h"
#include "consent/consents.h"
#include "core/id.h"
#include "core/time.h"
#include "crypto/rotating_keys.h"
#include "identity/api_keys.h"
#include "identity/workspaces.h"
#include "media/library.h"
#include "messaging/accept.h"
#include "messaging/message_reader.h"
#include "messaging/read_receipts.h"
#include "messaging/waiters.h"
#include "metering/idempotency.h"
#include "metering/metering.h"
#include "metering/rate_limit.h"
#include "numbers/doctor.h"
#include "numbers/sender_desk.h"
#include "onboarding/door.h"
#include "onboarding/sessions.h"
#include "preflight/preflight.h"
#include "store/database.h"
#include "team/key_desk.h"
#include "team/members.h"
#include "team/policies.h"
#include "team/settings_desk.h"
#include "team/support_sessions.h"
#include "templates/templates.h"
#include "webhook/begun_deliveries.h"
#include "webhook/endpoints.h"

namespace flowsell::api {

/// What the calls of some workspaces work with.
struct Services {
  store::Database& db;
  const Clock& clock;
  identity::ApiKeys& api_keys;
  metering::RateLimit& rate_limit;
  metering::Idempotency& idempotency;
  metering::Limits limits;
  std::size_t body_bytes_max;  ///< of a customer's request; a provider's webhook may be larger
  connections::Senders& senders;
  connections::ProviderCalls& provider_calls;
  connections::LeasedKeys& leased_keys;
  connections::ConnectionChanges& connection_changes;
  connections::Connector& connector;
  connections::ConnectionDesk& connection_desk;
  connections::TokenWatch& token_watch;
  media::Library& media;
  onboarding::Sessions& onboarding;
  onboarding::Door& onboarding_door;
  templates::Templates& templates;
  messaging::Accept& accept;
  const messaging::MessageReader& messages;
  messaging::ReadReceipts& read_receipts;
  messaging::Waiters& waiters;
  webhook::Endpoints& endpoints;
  const webhook::BegunDeliveries& begun_deliveries;
  const crypto::RotatingKeys& spool;
  identity::Workspaces& workspaces;
  team::Members& members;
  team::KeyDesk& key_desk;
  team::SettingsDesk& settings_desk;
  team::SupportSessions& support_sessions;
  team::Policies& policies;
  consent::Consents& consents;
  /// Tells all replicas where a name is: of a key, of a workspace (home.h).
  std::function<Task<>(std::string)> publish;
  const numbers::SenderStates& sender_states;
  numbers::SenderDesk& sender_desk;
  const numbers::Doctor& doctor;
  const preflight::Preflight& preflight;
};

}  // namespace flowsell::api
