#include "shard.h"

#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "connection.h"
#include "runtime/spawn.h"
#include "telemetry/log.h"

namespace flowsell::http {

namespace {

using ReusePort = net::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr std::chrono::milliseconds kPauseAfterError{100};

}  // namespace

Shard::Shard(std::shared_ptr<ServerShared> shared, net::io_context& context)
    : shared_(std::move(shared)),
      context_(context),
      watch_(context),
      writer_(shared_->options.gzip_bytes_min),
      acceptor_(context.get_executor()),
      pause_(context) {}

Result<> Shard::listen(const net::ip::tcp::endpoint& address) {
  error_code error;
  acceptor_.open(address.protocol(), error);
  if (!error) acceptor_.set_option(net::socket_base::reuse_address(true), error);
  if (!error) acceptor_.set_option(ReusePort(true), error);
  if (!error) acceptor_.bind(address, error);
  if (!error) acceptor_.listen(net::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::kInternal, "http: can't listen: " + error.message());
  return {};
}

net::ip::tcp::endpoint Shard::local_endpoint() const {
  error_code ignored;
  return acceptor_.local_endpoint(ignored);
}

void Shard::start_accepting() {
  runtime::spawn_logged(context_.get_executor(), accept_all(shared_from_this()), "http accept");
}

Awaitable<void> Shard::accept_all(std::shared_ptr<Shard> self) {
  while (self->acceptor_.is_open()) {
    net::ip::tcp::endpoint peer;
    Socket socket(self->context_.get_executor());
    const auto [error] = co_await self->acceptor_.async_accept(socket, peer, use_result);
    if (!error) {
      self->take(std::move(socket), peer);
    } else if (self->acceptor_.is_open()) {
      co_await self->rest_after(error);
    }
  }
}

void Shard::take(Socket socket, const net::ip::tcp::endpoint& peer) {
  if (shared_->open.load(std::memory_order_relaxed) >= shared_->options.connections_max) return;
  auto connection = std::make_unique<Connection>(shared_from_this(), std::move(socket),
                                                 peer.address().to_string());
  runtime::spawn_logged(context_.get_executor(), Connection::serve(std::move(connection)),
                        "http connection");
}

/// Out of descriptors or memory: the next attempt would fail as well, and at once.
Awaitable<void> Shard::rest_after(error_code error) {
  if (error == net::error::connection_aborted || error == net::error::operation_aborted) co_return;
  log::warn("accepting a connection failed", {{"error", error.message()}});
  pause_.expires_after(kPauseAfterError);
  co_await pause_.async_wait(use_result);
}

void Shard::remove(Connection& connection) {
  Connection* const last = connections_.back();
  connections_[connection.place] = last;
  last->place = connection.place;
  connections_.pop_back();
  shared_->open.fetch_sub(1);
  if (!shared_->draining.load()) return;
  const std::lock_guard lock(shared_->mutex);
  shared_->changed.notify_all();
}

void Shard::add(Connection& connection) {
  connection.place = connections_.size();
  connections_.push_back(&connection);
  shared_->open.fetch_add(1);
}

void Shard::drain() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (Connection* connection : connections_) connection->drain();
}

void Shard::cut() {
  for (Connection* connection : connections_) connection->cut();
}

}  // namespace flowsell::http
