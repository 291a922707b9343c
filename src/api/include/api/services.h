#pragma once

#include "core/id.h"
#include "core/time.h"
#include "crypto/rotating_keys.h"
#include "identity/api_keys.h"
#include "messaging/accept.h"
#include "messaging/message_reader.h"
#include "messaging/read_receipts.h"
#include "messaging/senders.h"
#include "messaging/waiters.h"
#include "metering/idempotency.h"
#include "metering/metering.h"
#include "metering/rate_limit.h"
#include "store/database.h"
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
  messaging::Senders& senders;
  messaging::Accept& accept;
  const messaging::MessageReader& messages;
  messaging::ReadReceipts& read_receipts;
  messaging::Waiters& waiters;
  webhook::Endpoints& endpoints;
  const webhook::BegunDeliveries& begun_deliveries;
  const crypto::RotatingKeys& spool;
};

}  // namespace flowsell::api
