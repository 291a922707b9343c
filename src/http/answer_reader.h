#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chunk_decoder.h"
#include "http/message.h"

namespace flowsell::http {

/// Reads the answers of one connection to another server: informational ones are skipped, chunked
/// and unbounded bodies are collected. No I/O; the client feeds it. One thread at a time.
class AnswerReader {
 public:
  enum class Step : std::uint8_t {
    kNeedMore,
    kHead,  ///< of an answer that is read in pieces: its body follows
    kAnswer,
    kFailed,
  };

  explicit AnswerReader(std::size_t body_bytes_max);
  ~AnswerReader();
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  /// Call before each answer. An answer to HEAD has no body, whatever its head says.
  void begin(bool to_head) { begin(to_head, /*in_pieces=*/false); }
  /// The same for an answer that is read in pieces, whatever its size: next() tells of its head,
  /// and take_piece() gives what came of its body since the last call.
  void begin_pieces(bool to_head) { begin(to_head, /*in_pieces=*/true); }
  /// Where the next bytes go; never empty.
  std::span<char> space();
  void received(std::size_t bytes) noexcept { end_ += bytes; }
  Step next();
  /// The peer closed: the end of a body without a length, else kNeedMore (the answer was cut off).
  Step closed();

  int status() const noexcept { return status_; }
  std::vector<Header> take_headers() noexcept { return std::move(headers_); }
  std::string take_body() noexcept { return std::move(body_); }
  void take_piece(std::string& into) {
    into.clear();
    std::swap(into, body_);
  }
  /// What the head says, where it says it.
  std::optional<std::uint64_t> body_length() const noexcept;
  /// After kAnswer: another request may follow on the connection.
  bool reusable() const noexcept;

 private:
  class Parser;

  /// How the body's end is known.
  enum class Framing : std::uint8_t { kUnknown, kNone, kCounted, kChunked, kUntilClose };

  void begin(bool to_head, bool in_pieces);
  void resize(std::size_t capacity);
  Step parse_head();
  Step begin_body();
  Step read_body();
  Step read_counted(std::string_view fresh);
  Step read_chunks(std::string_view fresh);

  std::size_t body_bytes_max_;
  std::size_t body_most_ = 0;   ///< of this answer
  std::size_t body_total_ = 0;  ///< what came of it
  bool in_pieces_ = false;
  std::unique_ptr<Parser> parser_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t begin_ = 0;  ///< of what the parser has not taken
  std::size_t end_ = 0;
  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;  ///< Content-Length
  Framing framing_ = Framing::kUnknown;
  ChunkDecoder chunks_;
  bool is_complete_ = false;
  bool keep_alive_ = false;
  bool to_head_ = false;
  int status_ = 0;
  std::vector<Header> headers_;
  std::string body_;
};

}  // namespace flowsell::http
