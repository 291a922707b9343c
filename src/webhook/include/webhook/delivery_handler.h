#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "crypto/rotating_keys.h"
#include "http/client.h"
#include "outbox/outbox.h"
#include "store/database.h"
#include "telemetry/metrics.h"
#include "webhook/begun_deliveries.h"
#include "webhook/deliveries.h"
#include "webhook/endpoints.h"
#include "webhook/events.h"

namespace flowsell::webhook {

struct DeliveryOptions {
  std::size_t concurrency_per_endpoint = 32;
  std::chrono::seconds timeout{15};
  std::vector<std::chrono::seconds> schedule;  ///< pauses before each attempt, the first 0
  BodySource body_of = nullptr;
};

/// Posts events to customers' endpoints, signed as Standard Webhooks asks: at least once, each
/// under one constant webhook-id, so that a receiver can tell a repetition. Never follows a
/// redirect.
class DeliveryHandler final : public outbox::JobHandler {
 public:
  DeliveryHandler(store::Database& db, BegunDeliveries& begun, http::Client& client,
                  Endpoints& endpoints, outbox::Outbox& outbox, const crypto::RotatingKeys& spool,
                  const Clock& clock, DeliveryOptions options, metrics::Registry& metrics);

  /// The first attempt of a delivery that began with its event.
  Awaitable<outbox::Disposition> attempt_begun(BegunDelivery begun,
                                               std::shared_ptr<const std::string> body);

  outbox::GroupPolicy policy(const outbox::GroupId& group) override;
  Result<> on_claimed(store::Connection& db, const outbox::Job& job, Time now) override;
  Awaitable<outbox::Disposition> attempt(outbox::Job job) override;
  Result<> recover(store::Connection& db, outbox::Job job, outbox::FoundIn found,
                   Time now) override;
  Result<std::size_t> recover_begun(outbox::FoundIn found) override;
  Result<bool> give_up(store::Connection& db, const outbox::Job& job, Time now) override;

 private:
  /// What is to be posted.
  struct Post {
    EventId event;
    EventType type = EventType::kMessageSent;
    std::shared_ptr<const std::string> body;
  };
  Awaitable<outbox::Disposition> attempt_with(outbox::Job job, Post post,
                                              const BegunDelivery* begun = nullptr);
  struct Verdict;
  Verdict judge(const http::Exchange& exchange, const outbox::Job& job, Time begun) const;
  http::OutRequest request_for(const Endpoint& endpoint, const Post& post, Time now) const;
  Awaitable<outbox::Disposition> settle(outbox::Job job, Verdict verdict,
                                        const BegunDelivery* begun = nullptr);

  store::Database& db_;
  BegunDeliveries& begun_;
  http::Client& client_;
  Endpoints& endpoints_;
  outbox::Outbox& outbox_;
  const crypto::RotatingKeys& spool_;
  const Clock& clock_;
  DeliveryOptions options_;
  metrics::Counter& succeeded_;
  metrics::Counter& attempts_failed_;
  metrics::Counter& gave_up_;
};

}  // namespace flowsell::webhook
