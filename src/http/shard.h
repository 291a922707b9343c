#pragma once

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "answer_writer.h"
#include "http/server.h"
#include "runtime/deadline_watch.h"
#include "tls.h"
#include "wire.h"

namespace flowsell::http {

class Connection;

/// What all contexts of one server share. Connections keep it alive: one that was cut may end after
/// its server.
struct ServerShared {
  ServerOptions options;
  Server::RequestHandler handler;
  Server::ErrorHandler errors;
  std::optional<TlsContext> tls;
  std::atomic<std::size_t> open{0};
  std::atomic<bool> draining{false};
  std::mutex mutex;  ///< with `changed`: stop() waits for counts to fall
  std::condition_variable changed;
};

/// One context's part of a server; only its thread touches it.
class Shard : public std::enable_shared_from_this<Shard> {
 public:
  using Acceptor = net::basic_socket_acceptor<net::ip::tcp, net::io_context::executor_type>;

  Shard(std::shared_ptr<ServerShared> shared, net::io_context& context);

  /// Binds to `address`, with SO_REUSEPORT. Before the context runs, or on its thread.
  Result<> listen(const net::ip::tcp::endpoint& address);
  net::ip::tcp::endpoint local_endpoint() const;
  /// Starts the accepting coroutine. Any thread.
  void start_accepting();

  void drain();  ///< no new connections; closes the idle ones
  void cut();    ///< closes all

  ServerShared& shared() noexcept { return *shared_; }
  net::io_context& context() noexcept { return context_; }
  runtime::DeadlineWatch& watch() noexcept { return watch_; }
  AnswerWriter& writer() noexcept { return writer_; }
  void add(Connection& connection);
  void remove(Connection& connection);

 private:
  static Awaitable<void> accept_all(std::shared_ptr<Shard> self);
  void take(Socket socket, const net::ip::tcp::endpoint& peer);
  Awaitable<void> rest_after(error_code error);

  std::shared_ptr<ServerShared> shared_;
  net::io_context& context_;
  runtime::DeadlineWatch watch_;
  AnswerWriter writer_;
  Acceptor acceptor_;
  net::steady_timer pause_;
  std::vector<Connection*> connections_;
};

}  // namespace flowsell::http
