#pragma once

#include <chrono>
#include <functional>

#include "channel/adapter.h"
#include "channel/outcome.h"
#include "connections/provider_routes.h"
#include "connections/senders.h"
#include "crypto/rotating_keys.h"
#include "http/client.h"
#include "messaging/begun_messages.h"
#include "messaging/message_reader.h"
#include "messaging/message_table.h"
#include "messaging/waiters.h"
#include "metering/metering.h"
#include "outbox/outbox.h"
#include "store/database.h"
#include "telemetry/metrics.h"
#include "webhook/events.h"

namespace flowsell::messaging {

struct SendOptions {
  double messages_per_second = 80;  ///< of one sender; 0: no pace
  std::size_t concurrency = 256;    ///< attempts of one sender open at once
  bool pair_limit = true;
  std::chrono::seconds timeout{30};
  connections::ProviderRoutes routes;
  /// What the provider lets a sender send in a second; nullopt: not known. Asked on every thread.
  std::function<std::optional<std::int64_t>(const SenderId&)> known_pace = nullptr;
};

/// The pace of a sender: what is set, but where that is the provider's usual one, what the provider
/// lets this one do; never more than a known lower one.
double pace_of(double set, std::optional<std::int64_t> known) noexcept;

/// Sends messages to their provider: one attempt each time, one outcome, stored.
class SendHandler final : public outbox::JobHandler {
 public:
  SendHandler(store::Database& db, BegunMessages& begun, const MessageReader& messages,
              http::Client& client, connections::Senders& senders, webhook::Events& events,
              Waiters& waiters, outbox::Outbox& outbox, crypto::RotatingKeys& spool,
              const Clock& clock, metering::Limits limits, SendOptions options,
              metrics::Registry& metrics);

  /// Told of each answer by which a provider refuses a connection's token. Before the first
  /// attempt.
  using TokenListener = std::function<void(const ConnectionId&, const ProviderError&)>;
  void set_token_listener(TokenListener listener) { on_refused_token_ = std::move(listener); }

  channel::SenderRoute route(const connections::Sender& sender) const;
  /// The first attempt of a message that was compiled when it was accepted. `raw_body` is what a
  /// later attempt is made from: it is sealed and stored only where there is one.
  Awaitable<outbox::Disposition> attempt_compiled(outbox::Job job, connections::SenderPtr sender,
                                                  http::OutRequest request, Content raw_body,
                                                  Begun begun);
  /// Seals a message's content into its job, under the newest key.
  void seal(outbox::Job& job, const Content& raw_body) const;

  outbox::GroupPolicy policy(const outbox::GroupId& group) override;
  Result<> on_claimed(store::Connection& db, const outbox::Job& job, Time now) override;
  Awaitable<outbox::Disposition> attempt(outbox::Job job) override;
  Result<> recover(store::Connection& db, outbox::Job job, outbox::FoundIn found,
                   Time now) override;
  Result<std::size_t> recover_begun(outbox::FoundIn found) override;
  Result<bool> give_up(store::Connection& db, const outbox::Job& job, Time now) override;

 private:
  Task<http::OutRequest> reopen(const outbox::Job& job, const connections::Sender& sender);
  Awaitable<void> tell_sending(const outbox::Job& job);
  /// What the provider would have told of a message that ended here; nullopt where nobody is told
  /// in its words.
  Awaitable<std::optional<webhook::EventDraft>> original_of(const outbox::Job& job,
                                                            connections::SenderPtr sender,
                                                            const webhook::EventDraft& event,
                                                            const MessageError& error,
                                                            const Begun* begun);
  Awaitable<outbox::Disposition> settle(outbox::Job job, connections::SenderPtr sender,
                                        channel::Outcome outcome, const Begun* begun = nullptr);
  Awaitable<outbox::Disposition> put_back(outbox::Job job, Time due, const Begun* begun = nullptr);
  std::optional<Time> retry_time(const outbox::Job& job, const channel::Outcome& outcome,
                                 Time now) const;
  Awaitable<outbox::Disposition> attempt_stored(outbox::Job job, connections::SenderPtr sender,
                                                http::OutRequest request);
  Awaitable<channel::Outcome> exchange(const connections::Sender& sender, http::OutRequest request,
                                       bool& refused);
  void reseal(outbox::Job& job);

  store::Database& db_;
  BegunMessages& begun_;
  const MessageReader& messages_;
  http::Client& client_;
  connections::Senders& senders_;
  webhook::Events& events_;
  Waiters& waiters_;
  outbox::Outbox& outbox_;
  crypto::RotatingKeys& spool_;
  const Clock& clock_;
  metering::Limits limits_;
  SendOptions options_;
  TokenListener on_refused_token_;
  metrics::Counter& sent_;
  metrics::Counter& failed_;
  metrics::Counter& unknown_;
  metrics::Counter& retried_;
  metrics::Histogram& provider_time_;
};

}  // namespace flowsell::messaging
