#include "messaging/send_handler.h"

#include <boost/asio/steady_timer.hpp>

#include "context.h"
#include "core/encoding.h"
#include "core/random.h"
#include "crypto/seal.h"
#include "json/json.h"
#include "json/writer.h"
#include "message_error.h"
#include "messaging/render.h"
#include "outbox/pace.h"
#include "settle.h"
#include "telemetry/log.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using channel::Outcome;
using channel::RetryClass;
using channel::RetryScope;
using outbox::Disposition;

constexpr auto kStoreRetry = 1s;
constexpr auto kBackoffMax = 5min;
constexpr auto kTokenPause = 60s;
constexpr auto kUnknownWait = 1h;  ///< for a WAIT error whose time the provider does not tell

std::string_view id_text(const outbox::JobId& id) { return as_text(id); }

Outcome failed(std::string reason_code) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kFailed;
  outcome.reason = "not_sent";
  ProviderError error;
  error.reason = std::move(reason_code);
  outcome.error = std::move(error);
  return outcome;
}

MessageStatus status_of(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::kSent:
      return MessageStatus::kSent;
    case Outcome::Kind::kFailed:
      return MessageStatus::kFailed;
    default:
      return MessageStatus::kUnknown;
  }
}

}  // namespace

double pace_of(double set, std::optional<std::int64_t> known) noexcept {
  constexpr double kUsual = 80;  // as the provider lets a number begin
  if (set == 0 || !known) return set;
  const auto allowed = static_cast<double>(*known);
  if (set == kUsual) return allowed;
  return allowed < kUsual ? std::min(set, allowed) : set;
}

SendHandler::SendHandler(store::Database& db, BegunMessages& begun, const MessageReader& messages,
                         http::Client& client, connections::Senders& senders,
                         webhook::Events& events, Waiters& waiters, outbox::Outbox& outbox,
                         crypto::RotatingKeys& spool, const Clock& clock, metering::Limits limits,
                         SendOptions options, metrics::Registry& metrics)
    : db_(db),
      begun_(begun),
      messages_(messages),
      client_(client),
      senders_(senders),
      events_(events),
      waiters_(waiters),
      outbox_(outbox),
      spool_(spool),
      clock_(clock),
      limits_(limits),
      options_(std::move(options)),
      sent_(metrics.counter("connect_messages_settled_total", "Attempts by outcome.",
                            "outcome=\"sent\"")),
      failed_(metrics.counter("connect_messages_settled_total", "Attempts by outcome.",
                              "outcome=\"failed\"")),
      unknown_(metrics.counter("connect_messages_settled_total", "Attempts by outcome.",
                               "outcome=\"unknown\"")),
      retried_(metrics.counter("connect_messages_settled_total", "Attempts by outcome.",
                               "outcome=\"retry\"")),
      provider_time_(metrics.histogram("connect_provider_seconds", "Time of one provider call.")) {}

channel::SenderRoute SendHandler::route(const connections::Sender& sender) const {
  return options_.routes.of(sender.mode, sender.address);
}

outbox::GroupPolicy SendHandler::policy(const outbox::GroupId& group) {
  std::optional<std::int64_t> known;
  if (options_.known_pace) known = options_.known_pace(SenderId(group));
  return {pace_of(options_.messages_per_second, known), options_.concurrency, options_.pair_limit};
}

Result<> SendHandler::on_claimed(store::Connection& db, const outbox::Job& job, Time now) {
  return mark_sending(db, job.workspace, MessageId(job.id), now);
}

Result<> SendHandler::recover(store::Connection& db, outbox::Job job, outbox::FoundIn found,
                              Time now) {
  CHECK_OK(settle_unknown(db, events_, limits_, job, found, now));
  return outbox::finish_job(db, job);
}

Result<bool> SendHandler::give_up(store::Connection& db, const outbox::Job& job, Time now) {
  // It may have been sent after the backup was made, and its content is sealed under a key that no
  // backup holds.
  CHECK_OK(settle_unknown(db, events_, limits_, job, outbox::FoundIn::kBackup, now));
  return true;
}

Result<std::size_t> SendHandler::recover_begun(outbox::FoundIn found) {
  RecoverBegunOp op(events_, begun_, limits_, found, clock_.now());
  CHECK_OK(db_.commit_now(op));
  return op.recovered;
}

Task<http::OutRequest> SendHandler::reopen(const outbox::Job& job,
                                           const connections::Sender& sender) {
  const auto key = spool_.find(job.key_id);
  if (!key) co_return fail(ErrorCode::kNotFound, "the key of the message's content is gone");
  auto opened = crypto::open(*key, id_text(job.id), job.sealed);
  // Another try would not open it either: not a fault of the moment.
  if (!opened) co_return fail(ErrorCode::kNotFound, "the message's content does not open");
  const Content raw(*std::move(opened));
  CO_TRY(const auto document, json::parse(raw.reveal()));
  CO_TRY(const auto message, channel::parse_message(document.root()));
  const MessageOwner owner{job.workspace, sender.mode, sender.id, clock_.now()};
  CO_TRY(const auto context,
         co_await resolve_context(messages_, owner, MessageId(job.id), references_of(message)));
  co_return sender.adapter->compile(message, context, route(sender));
}

Awaitable<Disposition> SendHandler::attempt(outbox::Job job) {
  const connections::SenderPtr sender = senders_.find(SenderId(job.group));
  if (!sender || sender->is_removed)
    co_return co_await settle(std::move(job), sender, failed("sender_removed"));
  if (clock_.now() >= job.expires_at)
    co_return co_await settle(std::move(job), sender, failed("message_expired"));
  auto request = co_await reopen(job, *sender);
  if (!request && error_info(request.error().code).retryable) {
    co_return co_await put_back(std::move(job), clock_.now() + kStoreRetry);
  }
  if (!request) co_return co_await settle(std::move(job), sender, failed("content_unavailable"));
  if (job.attempt == 1) co_await tell_sending(job);
  co_return co_await attempt_stored(std::move(job), sender, *std::move(request));
}

Awaitable<void> SendHandler::tell_sending(const outbox::Job& job) {
  const connections::SenderPtr sender = senders_.find(SenderId(job.group));
  if (!events_.wanted(job.workspace, sender->mode, webhook::EventType::kMessageSending)) co_return;
  const auto row = co_await messages_.find(job.workspace, MessageId(job.id));
  if (!row || !*row) co_return;
  webhook::EventDraft draft;
  draft.workspace = job.workspace;
  draft.mode = sender->mode;
  draft.type = webhook::EventType::kMessageSending;
  draft.at = clock_.now();
  draft.subject = job.id;
  draft.lane = job.lane;
  draft.body = render_event_body(**row);
  co_await events_.tell(std::move(draft));
}

Awaitable<Outcome> SendHandler::exchange(const connections::Sender& sender,
                                         http::OutRequest request, bool& refused) {
  sender.adapter->authorize(request, sender.token);
  request.client = sender.id.bytes();
  auto may_begin = [this, &refused] {
    refused = !outbox_.may_begin();
    return !refused;
  };
  const auto exchange = co_await client_.send(
      std::move(request), clock_.steady_now() + options_.timeout, std::move(may_begin));
  provider_time_.observe(exchange.elapsed);
  const bool answered = exchange.end == http::ExchangeEnd::kAnswered;
  const auto answer = answered ? sender.adapter->interpret(exchange) : channel::Interpretation{};
  if (on_refused_token_ && answer.kind == channel::Interpretation::Kind::kError &&
      answer.retry == RetryClass::kToken) {
    on_refused_token_(sender.connection, answer.error);
  }
  const channel::WireFacts wire{exchange.byte_sent, answered,
                                http::exchange_end_name(exchange.end)};
  co_return channel::decide(wire, answer);
}

Awaitable<Disposition> SendHandler::attempt_compiled(outbox::Job job, connections::SenderPtr sender,
                                                     http::OutRequest request, Content raw_body,
                                                     Begun begun) {
  bool refused = false;
  auto outcome = co_await exchange(*sender, std::move(request), refused);
  const bool comes_again = refused || outcome.kind == Outcome::Kind::kRetry;
  if (comes_again) seal(job, raw_body);
  raw_body = Content();
  if (refused) {
    --job.attempt;
    const Time due = outbox_.comes_again(job.due);
    co_return co_await put_back(std::move(job), due, &begun);
  }
  co_return co_await settle(std::move(job), sender, std::move(outcome), &begun);
}

Awaitable<Disposition> SendHandler::attempt_stored(outbox::Job job, connections::SenderPtr sender,
                                                   http::OutRequest request) {
  bool refused = false;
  auto outcome = co_await exchange(*sender, std::move(request), refused);
  if (refused) {
    --job.attempt;
    const Time due = outbox_.comes_again(job.due);
    co_return co_await put_back(std::move(job), due);
  }
  if (outcome.kind == Outcome::Kind::kRetry) reseal(job);
  co_return co_await settle(std::move(job), sender, std::move(outcome));
}

std::optional<Time> SendHandler::retry_time(const outbox::Job& job, const Outcome& outcome,
                                            Time now) const {
  if (outcome.kind != Outcome::Kind::kRetry) return std::nullopt;
  std::chrono::milliseconds pause{0};
  switch (outcome.retry) {
    case RetryClass::kBackoff:
    case RetryClass::kNo:
    case RetryClass::kFix:
      // A pair's limit is left with 4, 16, 64 s ..., as Meta advises (whatsapp.md section 3).
      pause = outbox::backoff(job.attempt, kBackoffMax, random_unit(),
                              outcome.error && outcome.error->code == 131056 ? 4 : 2);
      break;
    case RetryClass::kWait:
      // What waits for the same end of the same limit does not all come at once.
      pause = outcome.retry_after.value_or(kUnknownWait);
      pause += std::chrono::milliseconds(
          static_cast<std::int64_t>(static_cast<double>(pause.count()) * random_unit() / 10));
      break;
    case RetryClass::kToken:
      pause = kTokenPause;
      break;
  }
  if (outcome.retry_after) pause = std::max<std::chrono::milliseconds>(pause, *outcome.retry_after);
  // At the end of its life it is looked at once more, and fails as expired.
  return std::min(now + pause, job.expires_at);
}

void SendHandler::seal(outbox::Job& job, const Content& raw_body) const {
  const auto newest = spool_.current(clock_.now());
  job.sealed = crypto::seal(newest.key, id_text(job.id), raw_body.reveal());
  job.key_id = newest.id;
}

void SendHandler::reseal(outbox::Job& job) {
  // A waiting job moves to the newest key, so that an old key can die on time.
  if (job.key_id == spool_.period_of(clock_.now())) return;
  const auto old = spool_.find(job.key_id);
  if (!old) return;
  auto opened = crypto::open(*old, id_text(job.id), job.sealed);
  if (!opened) return;
  const Content raw(*std::move(opened));
  seal(job, raw);
}

Awaitable<Disposition> SendHandler::put_back(outbox::Job job, Time due, const Begun* begun) {
  SettleOp op(events_, begun_, limits_, job, clock_.now());
  op.begun = begun;
  op.retry_at = due;
  while (true) {
    const auto committed = co_await db_.commit(op);
    if (committed) break;
    // Given up, it would stay claimed until the next start, and be called unknown there though no
    // byte left.
    log::error("a claimed message could not be put back",
               {{"message_id", MessageId(job.id).str()}});
    if (outbox_.is_abandoned()) break;
    net::steady_timer pause(co_await net::this_coro::executor, kStoreRetry);
    co_await pause.async_wait(use_result);
  }
  Disposition how;
  how.kind = Disposition::Kind::kUnclaimed;
  how.due = due;
  co_return how;
}

Awaitable<std::optional<webhook::EventDraft>> SendHandler::original_of(
    const outbox::Job& job, connections::SenderPtr sender, const webhook::EventDraft& event,
    const MessageError& error, const Begun* begun) {
  if (!events_.wants_originals(job.workspace, sender->mode)) co_return std::nullopt;
  const MessageId id(job.id);
  MessageRow row;
  if (begun != nullptr) {
    row = *begun->row;
  } else {
    auto found = co_await messages_.find(job.workspace, id);
    if (!found || !*found) co_return std::nullopt;
    row = **std::move(found);
  }
  const channel::OwnFailure failure{sender->account,
                                    sender->address,
                                    sender->display_number,
                                    id.str(),
                                    callback_data_of(row),
                                    error.provider_code,
                                    error.code,
                                    event.at};
  Content original = sender->adapter->original(failure);
  if (original.empty()) co_return std::nullopt;
  webhook::EventDraft draft = event;
  draft.contact_hash = row.contact_hash;
  webhook::Events::tell_original(draft, original);
  co_return draft;
}

Awaitable<Disposition> SendHandler::settle(outbox::Job job, connections::SenderPtr sender,
                                           Outcome outcome, const Begun* begun) {
  const Time now = clock_.now();
  auto retry_at = retry_time(job, outcome, now);
  // A refusal that could be tried again only after the message's life is final, and its reason is
  // the provider's.
  if (retry_at && *retry_at >= job.expires_at && outcome.error) {
    outcome.kind = Outcome::Kind::kFailed;
    retry_at.reset();
  }
  SettleOp op(events_, begun_, limits_, job, now);
  op.retry_at = retry_at;
  op.begun = begun;
  const std::string detail = outcome.error ? outcome.error->text : std::string();
  if (!retry_at) {
    op.status = status_of(outcome.kind);
    op.provider_message_id = outcome.provider_message_id;
    op.error = error_of(outcome);
    op.event.workspace = job.workspace;
    op.event.mode = sender ? sender->mode : identity::Mode::kTest;
    op.event.type = event_of(op.status);
    op.event.at = now;
    op.event.subject = job.id;
    op.event.lane = job.lane;
    if (!detail.empty()) op.event.content = Content("\"provider_detail\":" + json::quoted(detail));
  }
  if (!retry_at && op.status == MessageStatus::kFailed && sender && op.error)
    op.original = co_await original_of(job, sender, op.event, *op.error, begun);
  while (true) {
    if (!retry_at) op.plan = events_.plan(op.event);
    if (op.original) op.original_plan = events_.plan(*op.original);
    op.promote = outbox_.has_queue(job.group);
    const auto committed = co_await db_.commit(op);
    if (committed) break;
    // What happened is known and must be stored, however long the database takes. Where that is
    // given up, the job stays claimed: the next process calls it unknown, which is true.
    log::warn("a message's outcome could not be stored",
              {{"message_id", MessageId(job.id).str()},
               {"code", error_info(committed.error().code).code}});
    op.plan = webhook::EventPlan();
    op.original_plan = webhook::EventPlan();
    if (outbox_.is_abandoned()) break;
    net::steady_timer pause(co_await net::this_coro::executor, kStoreRetry);
    co_await pause.async_wait(use_result);
  }
  if (!retry_at) {
    events_.launch(op.event, std::move(op.plan), co_await net::this_coro::executor);
    if (op.original)
      events_.launch(*op.original, std::move(op.original_plan), co_await net::this_coro::executor);
    waiters_.notify(MessageId(job.id), detail);
  }
  switch (outcome.kind) {
    case Outcome::Kind::kSent:
      sent_.add();
      break;
    case Outcome::Kind::kFailed:
      failed_.add();
      break;
    case Outcome::Kind::kUnknown:
      unknown_.add();
      break;
    case Outcome::Kind::kRetry:
      retried_.add();
      break;
  }
  Disposition how;
  how.promoted = op.promoted;
  const bool troubled =
      outcome.kind == Outcome::Kind::kRetry && outcome.scope == RetryScope::kSender;
  how.healthy = !troubled;
  if (retry_at) {
    how.kind = Disposition::Kind::kRetry;
    how.due = *retry_at;
    if (troubled && outcome.error) how.pause_group_until = *retry_at;
  }
  co_return how;
}

}  // namespace flowsell::messaging
