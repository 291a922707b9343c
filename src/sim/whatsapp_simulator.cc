#include "sim/whatsapp_simulator.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "control_api.h"
#include "graph/intake.h"
#include "graph/management.h"
#include "graph/media_kinds.h"
#include "graph_api.h"
#include "http/server.h"
#include "json/writer.h"
#include "runtime/io_pool.h"
#include "signup/signup.h"
#include "telemetry/log.h"
#include "webhook_sender.h"
#include "world.h"

namespace flowsell::sim {
namespace {

constexpr std::chrono::milliseconds kStopGrace{500};
constexpr std::size_t kMultipartFrame = 64 * 1024;
constexpr std::size_t kMessageBytesMax = 4 << 20;

http::ServerOptions server_options(const SimulatorOptions& options) {
  http::ServerOptions server;
  server.address = options.address;
  server.port = options.port;
  server.body_bytes_max = kMediaBytesMax + kMultipartFrame;
  server.body_time_max = std::chrono::minutes(5);
  server.streams = has_file;
  server.streamed_bytes_max = kMediaBytesMax + kMultipartFrame;
  return server;
}

Awaitable<void> wait(std::chrono::milliseconds span) {
  net::steady_timer timer(co_await net::this_coro::executor, span);
  co_await timer.async_wait(use_result);
}

http::Response answer_unreadable(const Error& error) {
  json::Writer out;
  out.begin_object().key("error").begin_object().key("message").string(error.detail);
  out.key("type").string("OAuthException").key("code").integer(1).end_object().end_object();
  return {.status = error_info(error.code).http_status, .body = std::move(out).take()};
}

}  // namespace

class WhatsAppSimulator::Impl {
 public:
  explicit Impl(SimulatorOptions options)
      : world_(std::move(options)),
        pool_(std::max<std::size_t>(world_.options.threads, 1)),
        webhooks_(pool_, world_),
        management_(world_, webhooks_, pool_),
        graph_(world_, webhooks_, management_),
        signup_(world_, management_),
        control_(world_, webhooks_, management_, signup_),
        server_(
            pool_, server_options(world_.options),
            [this](http::Request& request) { return answer(request); }, answer_unreadable) {}
  ~Impl() { stop(); }

  Result<> start() {
    CHECK_OK(webhooks_.set_url(world_.options.webhook_url));
    CHECK_OK(management_.start());
    CHECK_OK(server_.start());
    pool_.start();
    running_ = true;
    return {};
  }

  void stop() {
    if (!running_) return;
    running_ = false;
    webhooks_.clear();
    server_.stop(kStopGrace);
    management_.stop();
    pool_.stop();
  }

  void set_webhook_url(const std::string& url) {
    const auto set = webhooks_.set_url(url);
    if (set) management_.set_webhook_url(url);
    if (!set) log::error("the simulator's webhook URL is refused", {{"why", set.error().detail}});
  }

  std::uint16_t port() const noexcept { return server_.port(); }

 private:
  Awaitable<http::Response> answer(http::Request& request) {
    if (request.stream != nullptr) co_return co_await management_.answer_upload(request);
    if (GraphApi::is_send(request)) {
      if (request.body.size() > kMessageBytesMax)
        co_return answer_unreadable({ErrorCode::kPayloadTooLarge, "the body is too large"});
      auto timed = graph_.answer(request);
      if (timed.latency.count() > 0) co_await wait(timed.latency);
      co_return std::move(timed.response);
    }
    if (request.path.starts_with("/_sim/")) co_return co_await control_.answer(request);
    if (Signup::knows(request.path)) co_return co_await signup_.answer(request);
    if (Management::is_download(request.path)) co_return management_.answer_download(request);
    co_return co_await management_.answer(request);
  }

  World world_;
  runtime::IoPool pool_;
  WebhookSender webhooks_;
  Management management_;
  GraphApi graph_;
  Signup signup_;
  ControlApi control_;
  http::Server server_;
  bool running_ = false;
};

WhatsAppSimulator::WhatsAppSimulator(SimulatorOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
WhatsAppSimulator::~WhatsAppSimulator() = default;
Result<> WhatsAppSimulator::start() { return impl_->start(); }
std::uint16_t WhatsAppSimulator::port() const noexcept { return impl_->port(); }
void WhatsAppSimulator::set_webhook_url(const std::string& url) { impl_->set_webhook_url(url); }
void WhatsAppSimulator::stop() { impl_->stop(); }

}  // namespace flowsell::sim
