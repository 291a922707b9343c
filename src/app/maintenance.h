#pragma once

#include "core/time.h"
#include "crypto/rotating_keys.h"
#include "growth.h"
#include "identity/api_keys.h"
#include "messaging/begun_messages.h"
#include "metering/send_keys.h"
#include "onboarding/sessions.h"
#include "removed_counters.h"
#include "retention.h"
#include "runtime/io_pool.h"
#include "runtime/rounds.h"
#include "store/database.h"
#include "team/support_sessions.h"
#include "webhook/begun_deliveries.h"

namespace flowsell::app {

/// What time alone does, every ten minutes: content and keys whose life is over are destroyed, old
/// idempotency keys and what begun messages left behind dropped, tables that grow kept in shape,
/// and what workspaces keep for a shorter time removed.
class Maintenance {
 public:
  Maintenance(runtime::IoPool& pool, store::Database& db, crypto::RotatingKeys& spool,
              crypto::RotatingKeys& fingerprint, metering::Idempotency& idempotency,
              metering::SendKeys& send_keys, messaging::BegunMessages& begun,
              webhook::BegunDeliveries& begun_deliveries, Growth& growth, Retention& retention,
              identity::ApiKeys& api_keys, team::SupportSessions& support_sessions,
              onboarding::Sessions& onboarding, metrics::Registry& metrics, const Clock& clock);
  void start() { rounds_.start(); }
  /// No round begins any more.
  void stop() { rounds_.stop(); }
  /// Waits for the end of a round that still runs, and removes what the next start need not look
  /// at. Blocking; after stop() and the last attempt's end.
  void last_round();

 private:
  Awaitable<void> round();
  Awaitable<bool> clean_up(Time now, bool is_first);

  store::Database& db_;
  crypto::RotatingKeys& spool_;
  crypto::RotatingKeys& fingerprint_;
  metering::Idempotency& idempotency_;
  metering::SendKeys& send_keys_;
  messaging::BegunMessages& begun_;
  webhook::BegunDeliveries& begun_deliveries_;
  Growth& growth_;
  Retention& retention_;
  identity::ApiKeys& api_keys_;
  team::SupportSessions& support_sessions_;
  onboarding::Sessions& onboarding_;
  RemovedCounters removed_;
  const Clock& clock_;
  runtime::Rounds rounds_;
};

}  // namespace flowsell::app
