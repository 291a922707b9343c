#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/deadline_watch.h"
#include "runtime/task.h"
#include "wire.h"

namespace flowsell::http {

/// One request and its answer on an HTTP/2 connection (RFC 9113, 5). Its owner keeps it until it
/// was told that it is closed, or has forgotten it.
struct Http2Stream {
  std::int32_t id = 0;
  std::string_view unsent;        ///< of the body that is being sent; its bytes live elsewhere
  bool goes_on = false;           ///< more will be unsent once this is sent: resume()
  bool breaks_off = false;        ///< instead of an end, the body has a reset: simulators only
  std::uint64_t first_batch = 0;  ///< in which its first frame was given to the socket; 0: none
};

/// What an end of an HTTP/2 connection does with what comes. Called while bytes are being read: it
/// may submit and reset, and not end the transport.
class Http2Events {
 public:
  virtual ~Http2Events() = default;
  /// A request begins. Null refuses it: nothing was done. Servers only.
  virtual Http2Stream* begin(std::int32_t /*id*/) { return nullptr; }
  /// Fields follow: of a head, or of what comes behind the body.
  virtual void on_head(Http2Stream& /*stream*/) {}
  virtual void on_field(Http2Stream& stream, std::string_view name, std::string_view value) = 0;
  /// The head is whole, and with `ends` all of it.
  virtual void on_head_end(Http2Stream& /*stream*/, bool /*ends*/) {}
  virtual void on_data(Http2Stream& stream, std::string_view bytes) = 0;
  virtual void on_end(Http2Stream& stream) = 0;
  /// What was unsent of a body that goes on has been written.
  virtual void on_piece_written(Http2Stream& /*stream*/) {}
  /// The last of our side of it has been written.
  virtual void on_all_written(Http2Stream& /*stream*/) {}
  /// The stream is over, however it ended; `error` is of RFC 9113, 7.
  virtual void on_closed(Http2Stream& stream, std::uint32_t error) = 0;
  /// The peer takes no more streams.
  virtual void on_goodbye() {}
  /// All that was written has left: what is submitted now goes to the socket at once.
  virtual void on_writable() {}
  /// The kernel took bytes of the last write.
  virtual void on_sent() {}
};

struct Http2Limits {
  std::uint32_t streams_max = 256;              ///< that the peer may have open
  std::int32_t stream_bytes_max = 32 * 1024;    ///< that may come unasked, of one stream's body
  std::size_t head_bytes_max = 16 * 1024;       ///< as the peer is told
  std::chrono::milliseconds stall_max{15'000};  ///< of a write that does not move
};

/// One end of an HTTP/2 connection: frames by nghttp2, bytes by a wire. What is submitted within
/// one turn of the context leaves in one write. On one thread.
class Http2Transport {
 public:
  enum class Role : std::uint8_t { kServer, kClient };

  Http2Transport(Role role, Wire& wire, net::io_context& context, runtime::DeadlineWatch& watch,
                 Http2Events& events, const Http2Limits& limits);
  ~Http2Transport();
  Http2Transport(const Http2Transport&) = delete;
  Http2Transport& operator=(const Http2Transport&) = delete;

  /// Reads and writes until the connection is at its end; `first` has come already. `owner`, which
  /// holds the transport, is kept for as long as something of it is under way.
  Awaitable<void> run(std::shared_ptr<void> owner, std::string_view first);

  /// Begins a stream. False when the connection takes none. The stream and its `unsent` must
  /// live until it is closed or forgotten.
  bool submit_request(Http2Stream& stream, const std::vector<nghttp2_nv>& fields);
  void submit_answer(Http2Stream& stream, const std::vector<nghttp2_nv>& fields);
  void submit_continue(const Http2Stream& stream);
  void reset(std::int32_t stream, std::uint32_t error);
  /// The stream is heard of no more.
  void forget(const Http2Stream& stream);
  /// Lets `bytes` of its body come unasked, from its begin.
  void widen(const Http2Stream& stream, std::size_t bytes);

  /// More of its body is unsent, or it goes on no more.
  void resume(const Http2Stream& stream);
  /// `bytes` of its body are not held any more: as many may come.
  void consumed(const Http2Stream& stream, std::size_t bytes);

  /// No new streams; those that run go on, and the connection ends with the last.
  void say_goodbye();
  void flush_soon();
  void close();  ///< now, whatever is under way

  bool is_closed() const noexcept { return is_closed_; }
  /// Whether the kernel took bytes of the write that the stream's first frame was in.
  bool was_sent(const Http2Stream& stream) const noexcept;
  bool knows_peer() const noexcept { return knows_peer_; }
  /// How many streams the peer lets us have open: one until it has said so.
  std::uint32_t peer_streams_max() const noexcept;

 private:
  struct Callbacks;

  void begin_session(Role role, const Http2Limits& limits);
  bool take(std::string_view bytes);
  void flush();
  bool fill();
  void note_sent();
  Awaitable<void> send_rest(std::shared_ptr<void> owner);
  bool is_over() const noexcept;

  Wire& wire_;
  net::io_context& context_;
  Http2Events& events_;
  nghttp2_session* session_ = nullptr;
  std::weak_ptr<void> owner_;
  runtime::Deadline stalled_;
  std::chrono::milliseconds stall_max_;
  net::steady_timer written_;  ///< run() waits for the last write
  std::array<char, 16 * 1024> in_;
  std::string out_;
  std::uint64_t batch_ = 0;          ///< of bytes, given to the wire at once
  std::uint64_t touched_batch_ = 0;  ///< the last of which the kernel took some
  bool is_writing_ = false;
  bool flushes_soon_ = false;
  bool knows_peer_ = false;  ///< its settings have come
  bool said_goodbye_ = false;
  bool is_closed_ = false;
};

/// How a client begins a connection (RFC 9113, 3.4).
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A field as nghttp2 takes it, which makes names lower-case. A view.
nghttp2_nv http2_field(std::string_view name, std::string_view value);

}  // namespace flowsell::http
