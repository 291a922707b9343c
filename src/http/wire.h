#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/deadline_watch.h"
#include "runtime/task.h"
#include "tls.h"

namespace flowsell::http {

using Socket = net::basic_stream_socket<net::ip::tcp, net::io_context::executor_type>;
using boost::system::error_code;

/// A TCP connection, with or without TLS. One coroutine at a time uses it; cancel() may come from
/// the same thread.
class Wire {
 public:
  explicit Wire(Socket socket) : socket_(std::move(socket)) {}
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  Socket& socket() noexcept { return socket_; }
  bool is_tls() const noexcept { return tls_ != nullptr; }
  /// No Nagle delay, no blocking.
  void tune() noexcept;
  void use_tls(std::unique_ptr<TlsSession> tls) { tls_ = std::move(tls); }
  /// After the handshake: whether both sides chose HTTP/2 in it.
  bool chose_http2() const noexcept { return tls_ != nullptr && tls_->chose_http2(); }
  Awaitable<error_code> handshake();

  /// Reads at least one byte; net::error::eof at an orderly end (with TLS: close_notify came).
  Awaitable<error_code> read(std::span<char> into, std::size_t& bytes);

  /// The same beside a coroutine that writes: what TLS wants to say meanwhile goes out with the
  /// next queue().
  Awaitable<error_code> read_only(std::span<char> into, std::size_t& bytes);

  /// What is there now: net::error::would_block where that is nothing. As read_only().
  error_code read_now(std::span<char> into, std::size_t& bytes);
  /// Until the kernel takes bytes, or there are some to read; cancel() ends it.
  Awaitable<void> wait();

  /// Queues `bytes` for send_now() and send_rest(). Without TLS they must live until all is sent.
  bool queue(std::string_view bytes);
  /// Hands to the kernel what it takes at once. Not an error when it takes nothing.
  error_code send_now();
  bool all_sent() const noexcept { return unsent_.empty(); }
  /// Bytes of the queue that the kernel has taken since queue().
  std::size_t sent() const noexcept { return sent_; }
  /// Waits until the kernel has taken the rest. With `stall`, its deadline starts anew with every
  /// byte that moves.
  Awaitable<error_code> send_rest(runtime::Deadline* stall, std::chrono::milliseconds stall_max);

  /// Nothing to read and not closed: fit for another request.
  bool is_quiet() noexcept;
  /// Ends what is being waited for with operation_aborted.
  void cancel() noexcept;
  /// Says good-bye (close_notify, FIN) without waiting for anything.
  void shut_down() noexcept;
  void close() noexcept;
  /// The same, and the peer learns that what it has may not be all.
  void abort() noexcept;

 private:
  Awaitable<error_code> read_plain(std::span<char> into, std::size_t& bytes);
  Awaitable<error_code> read_tls(std::span<char> into, std::size_t& bytes, bool may_write);
  Awaitable<error_code> flush_tls();
  Awaitable<error_code> feed_tls();

  Socket socket_;
  std::unique_ptr<TlsSession> tls_;
  std::string sealed_;  ///< TLS records on their way out
  std::string_view unsent_;
  std::size_t sent_ = 0;
};

}  // namespace flowsell::http
