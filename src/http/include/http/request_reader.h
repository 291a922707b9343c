#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "http/message.h"

namespace flowsell::http {

class ChunkDecoder;

struct ReadLimits {
  std::size_t head_bytes_max = 16 * 1024;  ///< request line, fields and the empty line
  std::size_t body_bytes_max = 1 << 20;    ///< without chunk framing
  /// Whose body is a stream: then kRequest comes with the head. Not set: nobody's.
  std::function<bool(Method, std::string_view target)> streams = nullptr;
  std::size_t streamed_bytes_max = 0;
};

/// Cuts the bytes of one connection into requests. No I/O and no clock: the server feeds it from
/// sockets, tests and the fuzzer from memory. How the bytes were split never changes the requests.
/// One thread at a time.
///
/// Strict where leniency lets two servers disagree about where a request ends (request smuggling):
/// both or doubled lengths, a transfer coding other than chunked, folded lines, a missing or
/// doubled Host are refused.
class RequestReader {
 public:
  enum class Step : std::uint8_t {
    kNeedMore,  ///< fill space() and call received()
    kRequest,   ///< request() is whole; consume() it to go on
    kFailed,    ///< error() says why; nothing more can be read
  };
  enum class Phase : std::uint8_t { kIdle, kHead, kBody };

  explicit RequestReader(ReadLimits limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Where the next bytes go; never empty. Valid until the next call of any other member.
  std::span<char> space();
  /// `bytes` of space() were filled.
  void received(std::size_t bytes) noexcept { end_ += bytes; }
  Step next();
  /// What was received and is not part of a request that next() has begun. As space().
  std::string_view unparsed() const noexcept;
  /// Drops the request that next() reported. Views into it die. A streamed body has come to its
  /// end.
  void consume();

  // The body of a request that next() reported without it.
  enum class Piece : std::uint8_t {
    kNeedMore,  ///< fill body_space() and call body_received()
    kPiece,     ///< piece(), valid until the next call
    kEnd,
    kFailed,  ///< error() says why
  };
  bool is_streamed() const noexcept { return is_streamed_; }
  /// As the head says; nullopt: it does not.
  std::optional<std::uint64_t> body_length() const noexcept;
  Piece next_piece();
  std::string_view piece() const noexcept { return piece_; }
  std::span<char> body_space();
  void body_received(std::size_t bytes) noexcept {
    stream_end_ += bytes;
    stream_has_come_ = true;
  }

  /// Valid after kRequest and until consume(). remote_address and params are the caller's to fill.
  Request& request() noexcept { return request_; }
  const Error& error() const noexcept { return error_; }
  /// What the message that is being read has shown so far.
  Phase phase() const noexcept { return phase_; }
  /// The client waits for "100 Continue" before it sends the body, and none of the body is here.
  bool wants_continue() const noexcept;
  /// Of the request that next() reported: HTTP/1.1, and whether the connection may go on after it.
  bool is_http11() const noexcept { return is_http11_; }
  bool keep_alive() const noexcept { return keep_alive_; }
  /// Bytes that arrived behind the request that next() reported.
  std::size_t unread() const noexcept;

 private:
  class HeadParser;

  bool skip_empty_lines();
  bool start();
  Step read_head();
  Step head_complete();
  Step check_head_size();
  Step refuse_head_size();
  Step read_body();
  Step read_counted_body();
  Step read_chunked_body();
  Step complete(std::string_view body);
  Step begin_stream();
  void end_stream();
  Piece next_counted_piece();
  Piece next_chunked_piece();
  Step refuse(ErrorCode code, std::string_view why);
  Step refuse_chunks(bool is_too_large);
  void fill_request(std::string_view body);
  void make_room(std::size_t wanted);
  const char* begin() const noexcept { return buffer_.get() + begin_; }

  ReadLimits limits_;
  std::unique_ptr<HeadParser> parser_;
  std::unique_ptr<ChunkDecoder> chunks_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t begin_ = 0;       ///< of the message that is being read
  std::size_t parsed_ = 0;      ///< how much of it the parser took, from begin_
  std::size_t end_ = 0;         ///< of what was received
  std::size_t head_bytes_ = 0;  ///< once the head is complete
  std::size_t body_bytes_ = 0;  ///< Content-Length
  Phase phase_ = Phase::kIdle;
  bool is_complete_ = false;
  bool is_http11_ = true;
  bool keep_alive_ = true;
  std::string chunked_body_;
  bool is_streamed_ = false;
  bool stream_is_done_ = false;
  bool stream_has_come_ = false;    ///< some of it
  std::unique_ptr<char[]> stream_;  ///< what came of a streamed body: the head stands still
  std::size_t stream_capacity_ = 0;
  std::size_t stream_begin_ = 0;
  std::size_t stream_end_ = 0;
  std::string_view piece_;
  Request request_;
  Error error_;
};

}  // namespace flowsell::http
