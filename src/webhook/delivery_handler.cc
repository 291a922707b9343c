#include "webhook/delivery_handler.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <functional>

#include "core/random.h"
#include "retry_schedule.h"
#include "telemetry/log.h"
#include "webhook/events.h"
#include "webhook/signature.h"

namespace flowsell::webhook {
namespace {

using namespace std::chrono_literals;
using outbox::Disposition;

constexpr auto kStoreRetry = 1s;

/// How an attempt ended, in one transaction: the delivery's row, its job, and its event's content.
struct SettleOp final : store::WriteOp {
  SettleOp(BegunDeliveries& b, const outbox::Job& j, Time t);
  BegunDeliveries& all_begun;
  const outbox::Job& job;
  Time now;
  std::optional<Attempt> attempt;
  DeliveryStatus status = DeliveryStatus::kPending;
  std::optional<Time> next;  ///< set: tried again then
  bool promote = false;
  /// The delivery, where this is the end of the attempt that began with it: now it gets its row.
  const BegunDelivery* begun = nullptr;
  std::optional<outbox::JobRef> promoted;  ///< result
};

Result<> settle_one(store::Connection& db, SettleOp& op) {
  if (op.begun != nullptr) {
    CHECK_OK(insert_attempted(db, *op.begun->row, op.attempt, op.status, op.next, op.now));
  } else {
    CHECK_OK(record_attempt(db, op.job.workspace, DeliveryId(op.job.id), op.attempt, op.status,
                            op.next, op.now));
  }
  if (op.next) return outbox::requeue_job(db, op.job, *op.next);
  return op.begun != nullptr ? Result<>() : outbox::end_job(db, op.job.id);
}

Result<> apply_settles(store::Connection& db, std::span<store::WriteOp* const> ops) {
  std::vector<SettleOp*> promoting;
  for (store::WriteOp* each : ops) {
    auto& op = store::as<SettleOp>(each);
    op.promoted.reset();
    CHECK_OK(settle_one(db, op));
    if (!op.next && op.promote) promoting.push_back(&op);
  }
  return outbox::promote_next(db, promoting);
}
void end_settles(std::span<store::WriteOp* const> ops, bool committed) noexcept {
  if (!committed) return;
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<SettleOp>(each);
    if (op.begun != nullptr) op.all_begun.end(*op.begun);
  }
}
constexpr store::WriteKind kSettleKind{"delivery", 50, apply_settles, end_settles};
SettleOp::SettleOp(BegunDeliveries& b, const outbox::Job& j, Time t)
    : WriteOp(kSettleKind), all_begun(b), job(j), now(t) {}

/// Queues the begun deliveries that the last process left without a row.
struct RecoverBegunOp final : store::WriteOp {
  RecoverBegunOp(const BegunDeliveries& b, Time t);
  const BegunDeliveries& all_begun;
  Time now;
  std::size_t recovered = 0;  ///< result
};

Result<> recover_begun(store::Connection& db, RecoverBegunOp& op) {
  op.recovered = 0;
  TRY(auto left, op.all_begun.left(db));
  // An open one was ahead of all others of its lane, one that waits is behind them; among
  // themselves they are in the order of their ids. Each open one goes before what is there.
  const auto waiting = std::ranges::partition(left, &NewDelivery::is_open);
  std::ranges::sort(left.begin(), waiting.begin(), std::ranges::greater(), &NewDelivery::id);
  std::ranges::sort(waiting, {}, &NewDelivery::id);
  for (const NewDelivery& delivery : left) {
    TRY(const auto row, event_of(db, delivery.workspace, delivery.id));
    if (row) continue;
    CHECK_OK(insert_delivery(db, delivery));
    outbox::Job job = job_of(delivery);
    if (delivery.is_open) {
      // The receiver may have seen it: it is told again under the same webhook-id.
      CHECK_OK(outbox::requeue_job(db, job, op.now));
    } else {
      TRY([[maybe_unused]] const auto state, outbox::insert_job(db, job, outbox::JobState::kReady));
    }
    ++op.recovered;
  }
  return op.all_begun.clear_left(db);
}

Result<> apply_recover_begun(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) CHECK_OK(recover_begun(db, store::as<RecoverBegunOp>(each)));
  return {};
}
constexpr store::WriteKind kRecoverBegunKind{"recover_begun_deliveries", 1, apply_recover_begun};
RecoverBegunOp::RecoverBegunOp(const BegunDeliveries& b, Time t)
    : WriteOp(kRecoverBegunKind), all_begun(b), now(t) {}

std::optional<std::chrono::seconds> retry_after_of(const http::Exchange& exchange) {
  const auto value = exchange.header("Retry-After");
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (value.empty() || error != std::errc{} || end != value.data() + value.size() || seconds < 0)
    return std::nullopt;
  return std::chrono::seconds(std::min<std::int64_t>(seconds, 7 * 86'400));
}

std::string_view error_class(const http::Exchange& exchange) {
  if (exchange.end != http::ExchangeEnd::kAnswered) return http::exchange_end_name(exchange.end);
  if (exchange.status >= 300 && exchange.status < 400) return "redirect";
  return exchange.status >= 200 && exchange.status < 300 ? "" : "http_error";
}

}  // namespace

/// What follows from an exchange.
struct DeliveryHandler::Verdict {
  std::optional<Attempt> attempt;
  DeliveryStatus status = DeliveryStatus::kPending;
  std::optional<Time> next;
  bool healthy = true;
  bool endpoint_gone = false;
  bool unclaim = false;
};

DeliveryHandler::DeliveryHandler(store::Database& db, BegunDeliveries& begun, http::Client& client,
                                 Endpoints& endpoints, outbox::Outbox& outbox,
                                 const crypto::RotatingKeys& spool, const Clock& clock,
                                 DeliveryOptions options, metrics::Registry& metrics)
    : db_(db),
      begun_(begun),
      client_(client),
      endpoints_(endpoints),
      outbox_(outbox),
      spool_(spool),
      clock_(clock),
      options_(std::move(options)),
      succeeded_(metrics.counter("connect_deliveries_total", "Webhook deliveries that ended.",
                                 "status=\"succeeded\"")),
      attempts_failed_(metrics.counter("connect_delivery_attempts_failed_total",
                                       "Webhook attempts that failed.")),
      gave_up_(metrics.counter("connect_deliveries_total", "Webhook deliveries that ended.",
                               "status=\"failed\"")) {}

outbox::GroupPolicy DeliveryHandler::policy(const outbox::GroupId&) {
  return {.per_second = 0, .concurrency = options_.concurrency_per_endpoint, .pair_limit = false};
}

Result<> DeliveryHandler::on_claimed(store::Connection&, const outbox::Job&, Time) { return {}; }

Result<> DeliveryHandler::recover(store::Connection& db, outbox::Job job, outbox::FoundIn,
                                  Time now) {
  // The receiver may have seen it: it is told again under the same webhook-id.
  return outbox::requeue_job(db, job, now);
}

Result<bool> DeliveryHandler::give_up(store::Connection& db, const outbox::Job& job, Time now) {
  const DeliveryId id(job.id);
  TRY(const auto event_id, event_of(db, job.workspace, id));
  if (!event_id) return true;
  TRY(const auto event, read_event(db, spool_, job.workspace, *event_id));
  // What can be told, is told, again where it was told before: under the same webhook-id, by which
  // a receiver knows it. A customer's words without the words are no news: the receiver would take
  // them for the whole, and may have had them.
  if (!event || !event->content_is_lost || !always_has_content(event->draft.type)) return false;
  const Attempt none{now, 0, "content_unavailable", std::chrono::milliseconds(0)};
  CHECK_OK(record_attempt(db, job.workspace, id, none, DeliveryStatus::kFailed, std::nullopt, now));
  return true;
}

Result<std::size_t> DeliveryHandler::recover_begun(outbox::FoundIn) {
  RecoverBegunOp op(begun_, clock_.now());
  CHECK_OK(db_.commit_now(op));
  return op.recovered;
}

http::OutRequest DeliveryHandler::request_for(const Endpoint& endpoint, const Post& post,
                                              Time now) const {
  http::OutRequest request;
  request.method = http::Method::kPost;
  request.url = endpoint.url;
  request.client = endpoint.id.bytes();
  const std::string id = post.event.str();
  request.headers = {{"Content-Type", "application/json"}, {"webhook-id", id}};
  if (post.type == EventType::kProviderWebhook) {
    request.headers.push_back({"X-Hub-Signature-256", sign_as_graph(endpoint.secret, *post.body)});
  } else {
    request.headers.push_back({"webhook-timestamp", std::to_string(to_unix_ms(now) / 1000)});
    request.headers.push_back({"webhook-signature", sign(endpoint.secret, id, now, *post.body)});
  }
  request.body = *post.body;
  return request;
}

DeliveryHandler::Verdict DeliveryHandler::judge(const http::Exchange& exchange,
                                                const outbox::Job& job, Time begun) const {
  Verdict verdict;
  const auto latency = std::chrono::duration_cast<std::chrono::milliseconds>(exchange.elapsed);
  verdict.attempt = Attempt{begun, exchange.status, error_class(exchange), latency};
  if (verdict.attempt->error.empty()) {
    verdict.status = DeliveryStatus::kSucceeded;
    return verdict;
  }
  const int status = exchange.status;
  verdict.healthy = status >= 400 && status < 500 && status != 429 && status != 408;
  verdict.endpoint_gone = status == 410;
  const bool slow_down = exchange.end == http::ExchangeEnd::kTimedOut || status == 429 ||
                         status == 502 || status == 504;
  const RetrySchedule schedule{options_.schedule};
  const auto pause =
      schedule.after(job.attempt, slow_down, retry_after_of(exchange), random_unit());
  if (verdict.endpoint_gone || !pause) {
    verdict.status = DeliveryStatus::kFailed;
  } else {
    verdict.next = clock_.now() + *pause;
  }
  return verdict;
}

Awaitable<Disposition> DeliveryHandler::attempt(outbox::Job job) {
  auto read = [this, &job](store::Connection& db) -> Result<std::optional<StoredEvent>> {
    TRY(const auto event, event_of(db, job.workspace, DeliveryId(job.id)));
    if (!event) return std::nullopt;
    return read_event(db, spool_, job.workspace, *event, options_.body_of);
  };
  const auto event = co_await db_.read(read);
  if (!event) {
    Verdict later;
    later.unclaim = true;
    later.next = clock_.now() + kStoreRetry;
    co_return co_await settle(std::move(job), later);
  }
  if (!*event) {
    Verdict nothing;
    nothing.status = DeliveryStatus::kCanceled;
    co_return co_await settle(std::move(job), nothing);
  }
  const EventDraft& draft = (*event)->draft;
  Post post{draft.id, draft.type, std::make_shared<const std::string>(Events::payload(draft))};
  if (post.body->empty()) {
    // The provider's own words, whose time is over: there is nothing else to tell.
    Verdict gone;
    gone.attempt = Attempt{clock_.now(), 0, "content_unavailable", std::chrono::milliseconds(0)};
    gone.status = DeliveryStatus::kFailed;
    gave_up_.add();
    co_return co_await settle(std::move(job), gone);
  }
  co_return co_await attempt_with(std::move(job), std::move(post));
}

Awaitable<Disposition> DeliveryHandler::attempt_begun(BegunDelivery begun,
                                                      std::shared_ptr<const std::string> body) {
  Post post{begun.row->event, begun.row->type, std::move(body)};
  co_return co_await attempt_with(job_of(*begun.row), std::move(post), &begun);
}

Awaitable<Disposition> DeliveryHandler::attempt_with(outbox::Job job, Post post,
                                                     const BegunDelivery* begun_with) {
  const EndpointPtr endpoint = endpoints_.find(EndpointId(job.group));
  if (!endpoint || !endpoint->enabled) {
    Verdict canceled;
    canceled.status = DeliveryStatus::kCanceled;
    co_return co_await settle(std::move(job), canceled, begun_with);
  }
  const Time begun = clock_.now();
  bool refused = false;
  auto may_begin = [this, &refused] {
    refused = !outbox_.may_begin();
    return !refused;
  };
  const auto exchange =
      co_await client_.send(request_for(*endpoint, post, begun),
                            clock_.steady_now() + options_.timeout, std::move(may_begin));
  Verdict verdict;
  if (refused) {
    verdict.unclaim = true;
    verdict.next = outbox_.comes_again(job.due);
  } else {
    verdict = judge(exchange, job, begun);
    (verdict.attempt->error.empty() ? succeeded_ : attempts_failed_).add();
    if (verdict.status == DeliveryStatus::kFailed) gave_up_.add();
  }
  const bool gone = verdict.endpoint_gone;
  const EndpointId endpoint_id = endpoint->id;
  const Disposition how = co_await settle(std::move(job), verdict, begun_with);
  if (gone) {
    if (const auto disabled = co_await endpoints_.disable(endpoint_id); !disabled) {
      log::warn("a webhook endpoint could not be disabled", {{"endpoint_id", endpoint_id.str()}});
    }
  }
  co_return how;
}

Awaitable<Disposition> DeliveryHandler::settle(outbox::Job job, Verdict verdict,
                                               const BegunDelivery* begun) {
  if (verdict.unclaim) --job.attempt;
  SettleOp op(begun_, job, clock_.now());
  op.begun = begun;
  op.attempt = verdict.attempt;
  op.status = verdict.status;
  op.next = verdict.next;
  while (true) {
    op.promote = outbox_.has_queue(job.group);
    const auto committed = co_await db_.commit(op);
    if (committed) break;
    // What happened is known and must be stored, however long the database takes; unless that is
    // given up: then the delivery is made again after the restart.
    log::warn("a delivery's end could not be stored",
              {{"code", error_info(committed.error().code).code}});
    if (outbox_.is_abandoned()) break;
    net::steady_timer pause(co_await net::this_coro::executor, kStoreRetry);
    co_await pause.async_wait(use_result);
  }
  Disposition how;
  how.healthy = verdict.healthy;
  how.promoted = op.promoted;
  if (verdict.next) {
    how.kind = verdict.unclaim ? Disposition::Kind::kUnclaimed : Disposition::Kind::kRetry;
    how.due = *verdict.next;
  }
  co_return how;
}

}  // namespace flowsell::webhook
