#include "webhook_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "ids.h"
#include "runtime/spawn.h"
#include "telemetry/log.h"

namespace flowsell::sim {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{10};  ///< what is due within it goes together
constexpr std::size_t kUpdatesMax = 1000;
constexpr std::size_t kBodyBytesMax = 2'900'000;  ///< Meta's own bound is 3 MB
constexpr std::size_t kBatchedPostsMax = 4;
constexpr std::size_t kSinglePostsMax = 64;
constexpr milliseconds kRetryMax{60'000};
constexpr std::chrono::hours kRetrySpan{7 * 24};
constexpr std::chrono::seconds kAnswerTimeMax{10};

/// For std::push_heap and its kin, which keep the greatest first.
constexpr auto kLater = [](const auto& a, const auto& b) {
  return a.at != b.at ? a.at > b.at : a.order > b.order;
};

template <class T>
T pop_earliest(std::vector<T>& heap) {
  std::ranges::pop_heap(heap, kLater);
  T item = std::move(heap.back());
  heap.pop_back();
  return item;
}

std::string signature_of(std::string_view body, std::string_view secret, bool good) {
  auto digest = crypto::hmac_sha256(secret, {body});
  if (!good) digest[0] ^= 0xFF;
  return "sha256=" + hex_encode(digest);
}

bool takes(const WebhookRoute& route, const Journey& journey) {
  if (route.fields.empty()) return true;
  const std::string_view field =
      journey.field.empty() ? "messages" : std::string_view(journey.field);
  return std::ranges::find(route.fields, field) != route.fields.end();
}

http::ClientOptions client_options() {
  http::ClientOptions options;
  options.user_agent = "facebookexternalua";
  options.connections_per_host_max = kSinglePostsMax;
  return options;
}

}  // namespace

/// A URL, the client that may connect to it, and what its bodies are signed with.
struct WebhookTarget {
  std::string text;
  std::string secret;
  http::Url url;
  std::unique_ptr<http::Client> client;
};

WebhookSender::WebhookSender(runtime::IoPool& pool, World& world)
    : pool_(pool), world_(world), timer_(pool.context(0)) {}

WebhookSender::~WebhookSender() = default;

Result<> WebhookSender::set_url(std::string_view text) {
  if (text.empty()) {
    const std::lock_guard lock(mutex_);
    default_.target = nullptr;
    dues_.clear();
    return {};
  }
  TRY(const auto* target, target_of(text, world_.options.app_secret.reveal()));
  const std::lock_guard lock(mutex_);
  default_.target = target;
  return {};
}

Task<> WebhookSender::set_verified_url(std::string url, std::string verify_token) {
  auto asked = check_challenge(url, std::move(verify_token));
  CO_CHECK_OK(co_await std::move(asked));
  co_return set_url(url);
}

Task<> WebhookSender::check_challenge(std::string url, std::string verify_token) {
  CO_TRY(const auto* target, target_of(url, world_.options.app_secret.reveal()));
  const std::string challenge = fmt::format("{}", quick_random() % 10'000'000'000);
  http::OutRequest request;
  request.method = http::Method::kGet;
  request.url = target->url;
  request.url.target +=
      fmt::format("{}hub.mode=subscribe&hub.challenge={}&hub.verify_token={}",
                  request.url.target.find('?') == std::string::npos ? '?' : '&', challenge,
                  boost::urls::encode(verify_token, boost::urls::unreserved_chars));
  const auto deadline = std::chrono::steady_clock::now() + kAnswerTimeMax;
  const auto exchange = co_await target->client->send(std::move(request), deadline);
  if (exchange.end == http::ExchangeEnd::kAnswered && exchange.status == 200 &&
      exchange.body == challenge) {
    co_return Result<>{};
  }
  co_return fail_field("/webhook_url", "not_verified",
                       fmt::format("did not give the challenge back: {}, status {}",
                                   http::exchange_end_name(exchange.end), exchange.status),
                       "Answer the GET with 200 and hub.challenge; mind hub.verify_token.");
}

Result<const WebhookTarget*> WebhookSender::target_of(std::string_view text,
                                                      std::string_view secret) {
  TRY(auto url, http::Url::parse(text));
  const std::lock_guard lock(mutex_);
  for (const auto& known : targets_) {
    if (known->text == text && known->secret == secret) return known.get();
  }
  http::EgressOptions egress;
  egress.allow_loopback = true;
  egress.allowed = {fmt::format("{}:{}", url.host, url.port)};
  auto target = std::make_unique<Target>();
  target->client = std::make_unique<http::Client>(
      pool_, std::make_shared<http::EgressGuard>(std::move(egress)), client_options());
  target->url = std::move(url);
  target->text = text;
  target->secret = secret;
  return targets_.emplace_back(std::move(target)).get();
}

void WebhookSender::set_default(const WebhookTarget* target, std::vector<std::string> fields) {
  const std::lock_guard lock(mutex_);
  default_.target = target;
  default_.fields = std::move(fields);
}

void WebhookSender::set_routes(std::uint16_t number, std::vector<WebhookRoute> routes) {
  const std::lock_guard lock(mutex_);
  routes_.insert_or_assign(number, std::move(routes));
}

std::span<const WebhookRoute> WebhookSender::routes_of(std::uint16_t number) const {
  if (!routes_.empty()) {
    if (const auto own = routes_.find(number); own != routes_.end()) return own->second;
  }
  if (default_.target == nullptr) return {};
  return {&default_, 1};
}

const WebhookRoute* WebhookSender::route_of(const Due& due) const {
  for (const auto& route : routes_of(due.journey->number)) {
    if (route.app == due.app) return &route;
  }
  return nullptr;
}

void WebhookSender::add(std::shared_ptr<Journey> journey) {
  if (journey->script.size() == 0) return;
  const std::lock_guard lock(mutex_);
  const auto routes = routes_of(journey->number);
  if (routes.empty()) return;
  journey->generation = generation_;
  for (const auto& route : routes) {
    if (takes(route, *journey)) push_due(journey, 0, route.app);
  }
  wake_at(next_due());
}

void WebhookSender::tell(std::uint16_t number, std::string_view field, std::string change_json,
                         std::string_view person) {
  auto journey = std::make_shared<Journey>();
  journey->number = number;
  journey->begin = world_.clock.steady_now();
  journey->script.add(Status::kSent, milliseconds(0));
  journey->person = person;
  journey->field = field;
  journey->change_json = std::move(change_json);
  add(std::move(journey));
}

void WebhookSender::clock_moved() {
  const std::lock_guard lock(mutex_);
  armed_at_ = SteadyTime::max();
  wake_at(next_due());
}

void WebhookSender::clear() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  dues_.clear();
  posts_.clear();
}

std::size_t WebhookSender::waiting() const {
  const std::lock_guard lock(mutex_);
  return dues_.size() + posts_.size() + in_flight_;
}

std::size_t WebhookSender::posts_max() const noexcept {
  return world_.settings.batching ? kBatchedPostsMax : kSinglePostsMax;
}

std::size_t WebhookSender::updates_max() const noexcept {
  return world_.settings.batching ? kUpdatesMax : 1;
}

/// Up to the next tick, so that what follows shortly goes in the same POST.
SteadyTime WebhookSender::rounded(SteadyTime due) const {
  if (!world_.settings.batching || due == SteadyTime::max()) return due;
  const auto ticks = (due.time_since_epoch() + kTick - SteadyTime::duration(1)) / kTick;
  return SteadyTime(ticks * kTick);
}

void WebhookSender::push_due(std::shared_ptr<const Journey> journey, std::size_t step,
                             std::uint32_t app) {
  const auto at = journey->due(step);
  dues_.push_back({at, order_++, std::move(journey), step, app});
  std::ranges::push_heap(dues_, kLater);
}

void WebhookSender::push_post(SteadyTime at, std::unique_ptr<Post> post) {
  posts_.push_back({at, order_++, std::move(post)});
  std::ranges::push_heap(posts_, kLater);
}

SteadyTime WebhookSender::next_due() const {
  const auto due = dues_.empty() ? SteadyTime::max() : rounded(dues_.front().at);
  const auto post = posts_.empty() ? SteadyTime::max() : posts_.front().at;
  return std::min(due, post);
}

/// With the lock held. When all POSTs are out, the next one that ends looks again.
void WebhookSender::wake_at(SteadyTime at) {
  if (at >= armed_at_ || in_flight_ >= posts_max()) return;
  armed_at_ = at;
  boost::asio::post(pool_.context(0), [this] { arm(); });
}

void WebhookSender::arm() {
  SteadyTime at;
  {
    const std::lock_guard lock(mutex_);
    at = armed_at_;
  }
  if (at == SteadyTime::max()) return;
  timer_.expires_at(world_.clock.real(at));
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) pump();
  });
}

void WebhookSender::pump() {
  std::vector<std::unique_ptr<Post>> ready;
  {
    const std::lock_guard lock(mutex_);
    armed_at_ = SteadyTime::max();
    const auto now = world_.clock.steady_now();
    while (in_flight_ < posts_max()) {
      auto post = take_post(now);
      if (!post) break;
      ++in_flight_;
      ready.push_back(std::move(post));
    }
    wake_at(next_due());
  }
  for (auto& post : ready) start(std::move(post));
}

std::unique_ptr<WebhookSender::Post> WebhookSender::take_post(SteadyTime now) {
  if (!posts_.empty() && posts_.front().at <= now) return pop_earliest(posts_).post;
  return gather(now);
}

std::unique_ptr<WebhookSender::Post> WebhookSender::gather(SteadyTime now) {
  // What nobody hears of any more goes.
  while (!dues_.empty() && dues_.front().at <= now && !route_of(dues_.front())) pop_earliest(dues_);
  if (dues_.empty() || dues_.front().at > now) return nullptr;
  auto post = std::make_unique<Post>();
  post->target = route_of(dues_.front())->target;
  post->app = dues_.front().app;
  post->generation = generation_;
  post->begin = now;
  const auto most = updates_max();
  const auto at = world_.clock.now();
  std::size_t bytes = 0;
  while (!dues_.empty() && dues_.front().at <= now && post->updates.size() < most &&
         bytes < kBodyBytesMax) {
    const auto* route = route_of(dues_.front());
    const bool goes_along = route && route->target == post->target && route->app == post->app;
    if (!goes_along) break;
    auto due = pop_earliest(dues_);
    const auto& journey = *due.journey;
    // A body never passes the bound, but one update always goes.
    bytes += bytes_max_of(journey);
    auto step = due.step;
    for (; step < journey.script.size() && journey.due(step) <= now; ++step) {
      if (post->updates.size() == most) break;
      if (step != due.step) bytes += bytes_max_of(journey);
      post->updates.push_back({due.journey, step, at});
    }
  }
  post->update_count = post->updates.size();
  return post;
}

void WebhookSender::start(std::unique_ptr<Post> post) {
  auto& context = pool_.context(next_context_++ % pool_.size());
  runtime::spawn_logged(context.get_executor(), deliver(std::move(post)), "sim webhook");
}

Awaitable<void> WebhookSender::deliver(std::unique_ptr<Post> post) {
  const bool first = post->attempts == 0 && !post->is_late;
  std::optional<FaultAction> fault;
  if (first && world_.faults.any(FaultScope::kWebhooks)) {
    fault = world_.faults.hit(FaultScope::kWebhooks, post->updates.front().journey->person);
  }
  if (post->body.empty()) post->body = webhook_body(post->updates, world_.options.numbers);
  if (!fault) {
    const bool taken = co_await attempt(post.get(), post->body, true);
    finish(std::move(post), taken);
    co_return;
  }
  if (put_off(post, fault->late)) co_return;
  if (fault->lost) {
    count(world_.stats.webhooks_dropped);
    finish(std::move(post), true);
    co_return;
  }
  bool taken = co_await attempt(post.get(), fault->raw.value_or(post->body), !fault->bad_signature);
  if (fault->duplicate) taken = co_await attempt(post.get(), post->body, true) && taken;
  // What a fault made unreadable is not tried again: the receiver was right to refuse it.
  const bool is_odd = fault->raw.has_value() || fault->bad_signature;
  finish(std::move(post), taken || is_odd);
}

Awaitable<bool> WebhookSender::attempt(Post* post, std::string body, bool good_signature) {
  http::OutRequest request;
  request.url = post->target->url;
  request.headers.push_back({"Content-Type", "application/json"});
  auto signature = signature_of(body, post->target->secret, good_signature);
  request.headers.push_back({"X-Hub-Signature-256", std::move(signature)});
  request.body = std::move(body);
  const auto deadline = std::chrono::steady_clock::now() + kAnswerTimeMax;
  const auto exchange = co_await post->target->client->send(std::move(request), deadline);
  const bool taken = exchange.end == http::ExchangeEnd::kAnswered && exchange.status == 200;
  if (taken) {
    count(world_.stats.webhooks_sent);
    count(world_.stats.updates_sent, post->update_count);
  } else {
    count(world_.stats.webhooks_failed);
    log::debug("webhook not taken",
               {{"end", http::exchange_end_name(exchange.end)}, {"status", exchange.status}});
  }
  co_return taken;
}

/// A late POST waits in the queue; its messages' later statuses don't wait for it.
bool WebhookSender::put_off(std::unique_ptr<Post>& post, milliseconds late) {
  if (late.count() == 0) return false;
  const std::lock_guard lock(mutex_);
  --in_flight_;
  advance(*post);
  post->is_late = true;
  if (post->generation == generation_) push_post(world_.clock.steady_now() + late, std::move(post));
  wake_at(next_due());
  return true;
}

void WebhookSender::finish(std::unique_ptr<Post> post, bool taken) {
  const std::lock_guard lock(mutex_);
  --in_flight_;
  advance(*post);
  const auto now = world_.clock.steady_now();
  if (!taken && post->generation == generation_) {
    const milliseconds delay =
        milliseconds(world_.settings.retry_after_ms) * (1LL << std::min(post->attempts, 16U));
    ++post->attempts;
    if (now - post->begin < kRetrySpan) {
      push_post(now + std::min(delay, kRetryMax), std::move(post));
    } else {
      count(world_.stats.webhooks_dropped);
    }
  }
  wake_at(next_due());
}

/// With the lock held: what its messages tell next may go now.
void WebhookSender::advance(Post& post) {
  if (post.generation == generation_ && has_routes()) {
    for (std::size_t i = 0; i < post.updates.size(); ++i) {
      const auto& [journey, step, at] = post.updates[i];
      const bool last_of_its_message =
          i + 1 == post.updates.size() || post.updates[i + 1].journey != journey;
      if (last_of_its_message && step + 1 < journey->script.size())
        push_due(journey, step + 1, post.app);
    }
  }
  post.updates.clear();
}

}  // namespace flowsell::sim
