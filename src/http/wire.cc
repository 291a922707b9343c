#include "wire.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>

namespace flowsell::http {

namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;

error_code broken() { return net::error::make_error_code(net::error::connection_reset); }

}  // namespace

Wire::~Wire() { close(); }

void Wire::tune() noexcept {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(net::ip::tcp::no_delay(true), ignored);
}

Awaitable<error_code> Wire::handshake() {
  while (true) {
    const TlsSession::Status status = tls_->handshake();
    const error_code flushed = co_await flush_tls();  // an alert too
    if (status == TlsSession::Status::kOk) co_return flushed;
    if (status != TlsSession::Status::kNeedInput) co_return broken();
    if (flushed) co_return flushed;
    if (const error_code fed = co_await feed_tls()) co_return fed;
  }
}

Awaitable<error_code> Wire::read(std::span<char> into, std::size_t& bytes) {
  if (tls_ != nullptr) co_return co_await read_tls(into, bytes, true);
  co_return co_await read_plain(into, bytes);
}

Awaitable<error_code> Wire::read_only(std::span<char> into, std::size_t& bytes) {
  if (tls_ != nullptr) co_return co_await read_tls(into, bytes, false);
  co_return co_await read_plain(into, bytes);
}

Awaitable<error_code> Wire::read_plain(std::span<char> into, std::size_t& bytes) {
  const net::mutable_buffer buffer(into.data(), into.size());
  const auto [error, count] = co_await socket_.async_read_some(buffer, use_result);
  bytes = count;
  co_return error;
}

Awaitable<error_code> Wire::read_tls(std::span<char> into, std::size_t& bytes, bool may_write) {
  while (true) {
    const TlsSession::Status status = tls_->read(into, bytes);
    if (status == TlsSession::Status::kOk) co_return error_code();
    if (status == TlsSession::Status::kClosed) {
      co_return net::error::make_error_code(net::error::eof);
    }
    const error_code flushed = may_write ? co_await flush_tls() : error_code();
    if (flushed) co_return flushed;
    if (status == TlsSession::Status::kFailed) co_return broken();
    error_code fed = co_await feed_tls();
    // An end without close_notify may be an attacker's: what came before it is not known to be
    // whole.
    if (fed == net::error::eof) fed = broken();
    if (fed) co_return fed;
  }
}

Awaitable<error_code> Wire::flush_tls() {
  if (!all_sent()) co_return co_await send_rest(nullptr, {});
  sealed_.clear();
  tls_->take_output(sealed_);
  unsent_ = sealed_;
  if (error_code error = send_now()) co_return error;
  co_return co_await send_rest(nullptr, {});
}

Awaitable<error_code> Wire::feed_tls() {
  std::array<char, kRecordBytes> records;
  const auto [error, count] = co_await socket_.async_read_some(net::buffer(records), use_result);
  if (count > 0) tls_->feed({records.data(), count});
  co_return error;
}

error_code Wire::read_now(std::span<char> into, std::size_t& bytes) {
  error_code error;
  bytes = 0;
  if (tls_ == nullptr) {
    bytes = socket_.read_some(net::mutable_buffer(into.data(), into.size()), error);
    return error;
  }
  while (true) {
    const TlsSession::Status status = tls_->read(into, bytes);
    if (status == TlsSession::Status::kOk) return {};
    if (status == TlsSession::Status::kClosed) return net::error::make_error_code(net::error::eof);
    if (status == TlsSession::Status::kFailed) return broken();
    std::array<char, kRecordBytes> records;
    const std::size_t count = socket_.read_some(net::buffer(records), error);
    if (error) return error == net::error::eof ? broken() : error;
    tls_->feed({records.data(), count});
  }
}

Awaitable<void> Wire::wait() {
  const auto woken = std::make_shared<net::steady_timer>(socket_.get_executor());
  woken->expires_at(net::steady_timer::time_point::max());
  const auto wake = [woken](const error_code& /*error*/) { woken->cancel(); };
  socket_.async_wait(Socket::wait_read, wake);
  socket_.async_wait(Socket::wait_write, wake);
  co_await woken->async_wait(use_result);
  cancel();  // the other wait
}

bool Wire::queue(std::string_view bytes) {
  sent_ = 0;
  if (tls_ == nullptr) {
    unsent_ = bytes;
    return true;
  }
  sealed_.clear();
  if (!tls_->write(bytes)) return false;
  tls_->take_output(sealed_);
  unsent_ = sealed_;
  return true;
}

error_code Wire::send_now() {
  if (unsent_.empty()) return {};
  error_code error;
  const std::size_t count =
      socket_.write_some(net::const_buffer(unsent_.data(), unsent_.size()), error);
  if (error == net::error::would_block || error == net::error::try_again) return {};
  unsent_.remove_prefix(count);
  sent_ += count;
  return error;
}

Awaitable<error_code> Wire::send_rest(runtime::Deadline* stall,
                                      std::chrono::milliseconds stall_max) {
  while (!unsent_.empty()) {
    if (stall != nullptr) stall->set_after(stall_max);
    const net::const_buffer rest(unsent_.data(), unsent_.size());
    const auto [error, count] = co_await socket_.async_write_some(rest, use_result);
    unsent_.remove_prefix(count);
    sent_ += count;
    if (error) co_return error;
  }
  co_return error_code();
}

bool Wire::is_quiet() noexcept {
  if (tls_ != nullptr && !tls_->is_drained()) return false;
  char byte = 0;
  const ssize_t count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Wire::cancel() noexcept {
  error_code ignored;
  if (socket_.is_open()) socket_.cancel(ignored);
}

void Wire::shut_down() noexcept {
  if (!socket_.is_open()) return;
  error_code ignored;
  if (tls_ != nullptr && all_sent()) {
    tls_->close();
    sealed_.clear();
    tls_->take_output(sealed_);
    unsent_ = sealed_;
    ignored = send_now();  // all that can be done at the end of a connection
  }
  socket_.shutdown(net::ip::tcp::socket::shutdown_send, ignored);
}

void Wire::abort() noexcept {
  error_code ignored;
  if (socket_.is_open()) socket_.set_option(net::socket_base::linger(true, 0), ignored);
  close();
}

void Wire::close() noexcept {
  error_code ignored;
  if (socket_.is_open()) socket_.close(ignored);
}

}  // namespace flowsell::http
