#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"
#include "http/message.h"
#include "http/router.h"
#include "runtime/io_pool.h"

namespace flowsell::http {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: a free one; Server::port() tells
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 1 << 20;
  std::size_t connections_max = 10'000;  ///< a connection over it is closed at once
  /// Of which requests the body goes to the handler as a stream, as soon as the head is here; asked
  /// for each that has a body. Not set: of none.
  std::function<bool(Method, std::string_view target)> streams = nullptr;
  std::size_t streamed_bytes_max = 0;  ///< of such a body
  bool http2 = true;
  std::size_t streams_max = 256;  ///< requests at a time on one connection of HTTP/2
  std::chrono::milliseconds head_time_max{10'000};  ///< from the first byte of a head to its end
  std::chrono::milliseconds body_time_max{
      30'000};  ///< from the end of the head to the end of the body; of a stream, for each 256 KB
  std::chrono::milliseconds idle_time_max{75'000};  ///< between requests, and for a write that does
                                                    ///< not move; of a stream, for each 256 KB
  std::size_t gzip_bytes_min = 1024;                ///< smaller answers are never compressed
  std::string tls_certificate_file;                 ///< PEM chain; empty: no TLS
  std::string tls_key_file;
};

/// The HTTP/1.1 server: keep-alive, pipelining (answers in order), chunked bodies, Expect:
/// 100-continue, HEAD, gzip for clients that accept it, limits on head, body and time. One acceptor
/// a context, SO_REUSEPORT. HTTP/2 on the same port: chosen in TLS, or begun by its preface
/// ("prior knowledge", RFC 9113, 3.3); without push, priorities and upgrades.
class Server {
 public:
  /// Runs for every request whose head and body arrived whole; of a streamed body, whose head did.
  /// Must not throw.
  using RequestHandler = std::function<Awaitable<Response>(Request&)>;
  /// Answers what never became a request (broken, too large, too slow, expectation): a problem
  /// document.
  using ErrorHandler = std::function<Response(const Error&)>;

  Server(runtime::IoPool& pool, ServerOptions options, RequestHandler handler, ErrorHandler errors);
  ~Server();  ///< after stop() has finished and before the pool's end

  /// Binds and accepts. Fails with kInternal: address in use, unreadable certificate, ...
  Result<> start();
  std::uint16_t port() const noexcept;
  /// How many connections are open now.
  std::size_t connections() const noexcept;

  /// Drains: stops accepting, closes idle connections, lets running requests finish (their answers
  /// say Connection: close), and returns when all are closed or `grace` is over; what then remains
  /// is cut. Blocking: call from a thread that runs no context.
  void stop(std::chrono::milliseconds grace);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowsell::http
