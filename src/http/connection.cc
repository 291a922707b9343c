#include "connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "caught.h"
#include "chunk_writer.h"
#include "http2_server.h"
#include "telemetry/log.h"

namespace flowsell::http {

namespace {

using Phase = RequestReader::Phase;
using Step = RequestReader::Step;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::chrono::milliseconds kLingerTimeMax{2'000};
constexpr std::size_t kLingerBytesMax = 4 << 20;
constexpr std::size_t kOutBytesKept = 64 * 1024;

ReadLimits limits_of(const ServerOptions& options) {
  return {options.head_bytes_max, options.body_bytes_max, options.streams,
          options.streamed_bytes_max};
}

Error broken_off() { return {ErrorCode::kInvalidRequest, "request: its body broke off"}; }

}  // namespace

/// The body of the request that is being answered.
class Connection::Body final : public BodySource {
 public:
  explicit Body(Connection& connection) : connection_(connection) {}
  Task<std::string_view> next() override { return connection_.next_piece(); }

 private:
  Connection& connection_;
};

Connection::Connection(std::shared_ptr<Shard> shard, Socket socket, std::string remote_address)
    : shard_(std::move(shard)),
      wire_(std::move(socket)),
      remote_address_(std::move(remote_address)),
      reader_(limits_of(shard_->shared().options)),
      deadline_(shard_->watch(), [this] {
        timed_out_ = true;
        wire_.cancel();
      }) {
  wire_.tune();
  if (const auto& tls = shard_->shared().tls) wire_.use_tls(TlsSession::accept(*tls));
  shard_->add(*this);
}

Connection::~Connection() { shard_->remove(*this); }

Awaitable<void> Connection::serve(std::unique_ptr<Connection> self) {
  if (self->wire_.is_tls() && !co_await self->shake_hands()) co_return;
  switch (co_await self->hear_version()) {
    case Version::kNone:
      break;
    case Version::kHttp1:
      co_await self->exchange_all();
      break;
    case Version::kHttp2:
      co_await self->serve_http2();
      break;
  }
}

/// By what TLS chose, or by the first bytes (RFC 9113, 3.3).
Awaitable<Connection::Version> Connection::hear_version() {
  if (!shard_->shared().options.http2) co_return Version::kHttp1;
  if (wire_.is_tls()) co_return wire_.chose_http2() ? Version::kHttp2 : Version::kHttp1;
  while (true) {
    const std::string_view seen = reader_.unparsed();
    if (!kHttp2Preface.starts_with(seen.substr(0, kHttp2Preface.size()))) co_return Version::kHttp1;
    if (seen.size() >= kHttp2Preface.size()) co_return Version::kHttp2;
    if (!co_await read_more()) co_return Version::kNone;
  }
}

Awaitable<void> Connection::serve_http2() {
  deadline_.clear();
  http2_ = std::make_shared<Http2Server>(shard_, wire_, remote_address_);
  co_await http2_->serve(reader_.unparsed());
}

bool Connection::is_draining() const noexcept {
  return shard_->shared().draining.load(std::memory_order_relaxed);
}

void Connection::drain() {
  if (http2_ != nullptr) return http2_->drain();
  // Where something is there to read, a request may be on its way: it ends the wait by itself.
  if (waits_idle_ && wire_.is_quiet()) wire_.cancel();
}

void Connection::cut() {
  if (http2_ != nullptr) return http2_->cut();
  wire_.close();
}

Awaitable<bool> Connection::shake_hands() {
  deadline_.set_after(shard_->shared().options.head_time_max);
  const error_code failed = co_await wire_.handshake();
  deadline_.clear();
  co_return !failed;
}

Awaitable<void> Connection::exchange_all() {
  while (true) {
    switch (reader_.next()) {
      case Step::kNeedMore:
        if (!co_await read_more()) co_return;
        break;
      case Step::kRequest:
        if (!co_await answer()) co_return;
        break;
      case Step::kFailed:
        co_await refuse(reader_.error());
        co_return;
    }
  }
}

/// The deadline of a phase runs from its begin: a byte now and then does not move it.
void Connection::set_read_deadline() {
  const Phase phase = reader_.phase();
  if (deadline_set_ && phase == timed_phase_) return;
  const ServerOptions& options = shard_->shared().options;
  switch (phase) {
    case Phase::kIdle:
      deadline_.set_after(options.idle_time_max);
      break;
    case Phase::kHead:
      deadline_.set_after(options.head_time_max);
      break;
    case Phase::kBody:
      deadline_.set_after(options.body_time_max);
      break;
  }
  timed_phase_ = phase;
  deadline_set_ = true;
  timed_out_ = false;
}

/// False when the connection is at its end.
Awaitable<bool> Connection::read_more() {
  const bool is_idle = reader_.phase() == Phase::kIdle;
  if (is_idle && is_draining()) {
    wire_.shut_down();
    co_return false;
  }
  if (reader_.wants_continue() && !said_continue_) {
    said_continue_ = true;
    if (!co_await send(kContinue)) co_return false;
  }
  set_read_deadline();
  std::size_t bytes = 0;
  error_code error = net::error::operation_aborted;
  if (!timed_out_) {
    waits_idle_ = is_idle;
    error = co_await wire_.read(reader_.space(), bytes);
    waits_idle_ = false;
  }
  if (!error) {
    reader_.received(bytes);
    co_return true;
  }
  if (timed_out_ && !is_idle) {
    Error too_slow{ErrorCode::kRequestTimeout, "request: it did not arrive in time"};
    co_await refuse(std::move(too_slow));
  } else {
    wire_.shut_down();
  }
  co_return false;
}

/// False when the connection is at its end.
Awaitable<bool> Connection::answer() {
  deadline_.clear();
  deadline_set_ = false;
  reader_.request().remote_address = remote_address_;
  Body body(*this);
  if (reader_.is_streamed()) {
    reader_.request().stream = &body;
    reader_.request().stream_length = reader_.body_length();
    body_pace_.emplace(shard_->shared().options.body_time_max);
  }
  const Response response = co_await handle();
  deadline_.clear();

  const bool body_is_open = reader_.is_streamed() && !drop_arrived();
  const bool ends = write_answer(response, body_is_open);
  const bool was_unread = body_is_open || reader_.unread() > 0;
  const bool has_stream =
      response.stream != nullptr && reader_.request().method != Method::kHead && !out_.empty();
  const bool is_chunked = has_stream && !response.stream_length && reader_.is_http11();
  if (!body_is_open) reader_.consume();
  said_continue_ = false;
  if (!co_await send(out_)) co_return false;
  if (has_stream && !co_await send_stream(*response.stream, response.stream_length, is_chunked))
    co_return false;
  if (out_.capacity() > kOutBytesKept) std::string().swap(out_);
  if (!ends) co_return true;
  if (was_unread) {
    co_await linger();
  } else {
    wire_.shut_down();
  }
  co_return false;
}

/// Fills out_; true when the connection ends after it.
bool Connection::write_answer(const Response& response, bool body_is_open) {
  const Request& request = reader_.request();
  AnswerTerms terms;
  terms.to_head = request.method == Method::kHead;
  terms.is_http11 = reader_.is_http11();
  const bool ends_by_close =
      response.stream != nullptr && !response.stream_length && !terms.is_http11;
  terms.close = !reader_.keep_alive() || is_draining() || body_is_open || ends_by_close;
  terms.accept_encoding = request.header("accept-encoding");
  out_.clear();
  if (response.status == kCloseUnanswered) return true;
  shard_->writer().write(response, terms, out_);
  if (response.cut_in_half) out_.resize(out_.size() / 2);
  return terms.close || response.cut_in_half;
}

Task<std::string_view> Connection::next_piece() {
  while (true) {
    switch (reader_.next_piece()) {
      case RequestReader::Piece::kPiece:
        co_return reader_.piece();
      case RequestReader::Piece::kEnd:
        co_return std::string_view();
      case RequestReader::Piece::kFailed:
        co_return std::unexpected(reader_.error());
      case RequestReader::Piece::kNeedMore:
        break;
    }
    if (reader_.wants_continue() && !std::exchange(said_continue_, true)) {
      if (!co_await send(kContinue)) co_return std::unexpected(broken_off());
    }
    if (!co_await read_body()) continue;
    if (timed_out_)
      co_return fail(ErrorCode::kRequestTimeout, "request: its body did not arrive in time");
    co_return std::unexpected(broken_off());
  }
}

/// More of a streamed body.
Awaitable<error_code> Connection::read_body() {
  timed_out_ = false;
  deadline_.set(body_pace_->begin(std::chrono::steady_clock::now()));
  std::size_t bytes = 0;
  const error_code error = co_await wire_.read(reader_.body_space(), bytes);
  deadline_.clear();
  body_pace_->moved(std::chrono::steady_clock::now(), bytes);
  if (!error) reader_.body_received(bytes);
  co_return error;
}

/// What the handler left of a streamed body, as far as it is here. False: there is more of it.
bool Connection::drop_arrived() {
  RequestReader::Piece piece = RequestReader::Piece::kPiece;
  while (piece == RequestReader::Piece::kPiece) piece = reader_.next_piece();
  return piece == RequestReader::Piece::kEnd;
}

/// False when the connection is at its end: the answer could not be sent whole.
Awaitable<bool> Connection::send_stream(BodySource& stream, std::optional<std::uint64_t> length,
                                        bool is_chunked) {
  std::uint64_t sent = 0;
  Pace pace(shard_->shared().options.idle_time_max);
  while (true) {
    const auto piece = co_await next_caught(stream);
    if (!piece) break;
    if (piece->empty()) {
      if (length && sent != *length) break;
      co_return !is_chunked || co_await send(kLastChunk);
    }
    sent += piece->size();
    if (length && sent > *length) break;
    if (is_chunked) write_chunk(*piece, out_);
    const std::string_view bytes = is_chunked ? std::string_view(out_) : *piece;
    if (!co_await send_piece(bytes, pace)) break;
  }
  // A reset, so that an answer without a length is not taken for whole.
  wire_.abort();
  co_return false;
}

/// As send(), but who takes a byte now and then does not hold us for as long as he likes.
Awaitable<bool> Connection::send_piece(std::string_view bytes, Pace& pace) {
  if (!wire_.queue(bytes)) co_return false;
  deadline_set_ = false;
  deadline_.set(pace.begin(std::chrono::steady_clock::now()));
  error_code failed = wire_.send_now();
  if (!failed && !wire_.all_sent()) failed = co_await wire_.send_rest(nullptr, {});
  deadline_.clear();
  pace.moved(std::chrono::steady_clock::now(), bytes.size());
  co_return !failed;
}

Awaitable<Response> Connection::handle() {
  try {
    co_return co_await shard_->shared().handler(reader_.request());
  } catch (...) {
    log::error("a request handler threw");
  }
  const Error fault{ErrorCode::kInternal, "an internal fault"};
  co_return shard_->shared().errors(fault);
}

Awaitable<void> Connection::refuse(Error error) {
  deadline_.clear();
  AnswerTerms terms;
  terms.close = true;
  out_.clear();
  shard_->writer().write(shard_->shared().errors(error), terms, out_);
  if (co_await send(out_)) co_await linger();
}

Awaitable<bool> Connection::send(std::string_view bytes) {
  if (!wire_.queue(bytes)) co_return false;
  if (wire_.send_now()) co_return false;
  if (wire_.all_sent()) co_return true;
  deadline_set_ = false;
  const error_code failed =
      co_await wire_.send_rest(&deadline_, shard_->shared().options.idle_time_max);
  deadline_.clear();
  co_return !failed;
}

/// Closing a socket with unread bytes resets the connection and can destroy the answer on its way.
/// So: say that nothing more comes, and throw away what the client still sends, for a while.
/// RFC 9112, 9.6.
Awaitable<void> Connection::linger() {
  wire_.shut_down();
  deadline_.set_after(std::min(kLingerTimeMax, shard_->shared().options.idle_time_max));
  timed_out_ = false;
  std::array<char, 4096> discarded;
  std::size_t total = 0;
  while (!timed_out_ && total < kLingerBytesMax) {
    const net::mutable_buffer buffer(discarded.data(), discarded.size());
    const auto [error, count] = co_await wire_.socket().async_read_some(buffer, use_result);
    if (error) co_return;
    total += count;
  }
}

}  // namespace flowsell::http
