#include "http/server.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "shard.h"

namespace flowsell::http {

namespace {

using Endpoint = net::ip::tcp::endpoint;

/// How long a context may take to close what it was told to; it may be stopped already.
constexpr std::chrono::milliseconds kCutTimeMax{1'000};

/// SO_REUSEPORT would let two servers of ours share a port in silence: one bind without it tells.
Result<> check_free(const Endpoint& endpoint) {
  net::io_context context;
  net::ip::tcp::acceptor probe(context);
  error_code error;
  probe.open(endpoint.protocol(), error);
  if (!error) probe.set_option(net::socket_base::reuse_address(true), error);
  if (!error) probe.bind(endpoint, error);
  if (error) return fail(ErrorCode::kInternal, "http: can't bind: " + error.message());
  return {};
}

}  // namespace

class Server::Impl {
 public:
  Impl(runtime::IoPool& pool, ServerOptions options, RequestHandler handler, ErrorHandler errors)
      : pool_(pool), shared_(std::make_shared<ServerShared>()) {
    shared_->options = std::move(options);
    shared_->handler = std::move(handler);
    shared_->errors = std::move(errors);
  }

  ~Impl() {
    stop(std::chrono::milliseconds(0));
    // A shard's timer may be firing right now: it dies on its own thread.
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      if (!pool_.context(i).stopped())
        net::post(pool_.context(i), [shard = std::move(shards_[i])] {});
    }
  }

  Result<> start() {
    CHECK_OK(load_certificate());
    TRY(Endpoint endpoint, endpoint_of(shared_->options));
    if (endpoint.port() != 0) CHECK_OK(check_free(endpoint));
    std::vector<std::shared_ptr<Shard>> shards;
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      shards.push_back(std::make_shared<Shard>(shared_, pool_.context(i)));
      CHECK_OK(shards.back()->listen(endpoint));
      endpoint = shards.back()->local_endpoint();  // the first one chose the port where it was 0
    }
    port_ = endpoint.port();
    shards_ = std::move(shards);
    for (const auto& shard : shards_) shard->start_accepting();
    return {};
  }

  void stop(std::chrono::milliseconds grace) {
    if (std::exchange(stopped_, true) || shards_.empty()) return;
    shared_->draining = true;
    on_each_shard([](Shard& shard) { shard.drain(); });
    if (!runs()) return;
    wait_until_closed(grace);
    if (connections() == 0) return;
    on_each_shard([](Shard& shard) { shard.cut(); });
    wait_until_closed(kCutTimeMax);
  }

  std::uint16_t port() const noexcept { return port_; }
  std::size_t connections() const noexcept { return shared_->open.load(); }

 private:
  static Result<Endpoint> endpoint_of(const ServerOptions& options) {
    error_code error;
    const auto address = net::ip::make_address(options.address, error);
    if (error) return fail(ErrorCode::kInternal, "http: the listen address is not an IP address");
    return Endpoint(address, options.port);
  }

  Result<> load_certificate() {
    const ServerOptions& options = shared_->options;
    if (options.tls_certificate_file.empty()) return {};
    TRY(shared_->tls,
        TlsContext::for_server(options.tls_certificate_file, options.tls_key_file, options.http2));
    return {};
  }

  /// Waits for all of them, so that no connection is accepted after it. A context that was stopped
  /// is left out.
  template <class F>
  void on_each_shard(F work) {
    auto pending = std::make_shared<std::size_t>(0);
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      if (pool_.context(i).stopped()) continue;
      {
        const std::lock_guard lock(shared_->mutex);
        ++*pending;
      }
      net::post(pool_.context(i), [shard = shards_[i], shared = shared_, pending, work] {
        work(*shard);
        const std::lock_guard lock(shared->mutex);
        --*pending;
        shared->changed.notify_all();
      });
    }
    std::unique_lock lock(shared_->mutex);
    shared_->changed.wait_for(lock, kCutTimeMax, [&] { return *pending == 0; });
  }

  bool runs() {
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      if (!pool_.context(i).stopped()) return true;
    }
    return false;
  }

  void wait_until_closed(std::chrono::milliseconds span) {
    std::unique_lock lock(shared_->mutex);
    shared_->changed.wait_for(lock, span, [this] { return connections() == 0; });
  }

  runtime::IoPool& pool_;
  std::shared_ptr<ServerShared> shared_;
  std::vector<std::shared_ptr<Shard>> shards_;
  std::uint16_t port_ = 0;
  bool stopped_ = false;
};

Server::Server(runtime::IoPool& pool, ServerOptions options, RequestHandler handler,
               ErrorHandler errors)
    : impl_(std::make_unique<Impl>(pool, std::move(options), std::move(handler),
                                   std::move(errors))) {}
Server::~Server() = default;

Result<> Server::start() { return impl_->start(); }
std::uint16_t Server::port() const noexcept { return impl_->port(); }
std::size_t Server::connections() const noexcept { return impl_->connections(); }
void Server::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }

}  // namespace flowsell::http
