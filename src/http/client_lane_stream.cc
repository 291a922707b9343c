// The part of a client's lane that moves bodies in pieces.
#include <utility>

#include "chunk_writer.h"
#include "client_lane.h"
#include "client_lease.h"
#include "pace.h"

namespace flowsell::http {

namespace {

using Step = AnswerReader::Step;

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

Error broken_off(std::string_view why) {
  return {ErrorCode::kProviderUnreachable,
          "the other server's answer broke off: " + std::string(why)};
}

}  // namespace

/// Sends one request whose body has a source, and reads the answer's head.
class ClientLane::StreamedCall {
 public:
  StreamedCall(OutConnection& connection, const OutRequest& request, const StreamTimes& times,
               StreamedExchange& out)
      : connection_(connection),
        request_(request),
        times_(times),
        pace_(times.stall_max),
        out_(out) {}

  /// False: there is no answer.
  Awaitable<bool> run(const std::string& user_agent) {
    connection_.reader.begin_pieces(request_.method == Method::kHead);
    connection_.timed_out = false;
    out_.head.end = ExchangeEnd::kBroken;
    if (request_.body_source == nullptr) {
      write_request(request_, user_agent, connection_.out);
    } else {
      write_head(request_, user_agent, connection_.out);
    }
    bool goes_on = co_await send(connection_.out);
    if (goes_on && request_.body_source != nullptr) goes_on = co_await send_body();
    if (out_.source_failure) co_return false;
    is_whole_ = goes_on;
    if (!has_head_ && !connection_.timed_out) co_await read_head();
    connection_.deadline.clear();
    if (connection_.timed_out) out_.head.end = ExchangeEnd::kTimedOut;
    co_return has_head_;
  }

  /// The request was sent whole: another may follow on the connection.
  bool is_whole() const noexcept { return is_whole_; }

 private:
  /// False when no more is to be sent: it failed, or the answer is here.
  Awaitable<bool> send(std::string_view bytes) {
    Wire& wire = connection_.wire;
    if (!wire.queue(bytes)) co_return false;
    connection_.deadline.set(pace_.begin(steady_now()));
    error_code error;
    while (!error) {
      error = wire.send_now();
      out_.head.byte_sent = out_.head.byte_sent || wire.sent() > 0;
      if (error || wire.all_sent()) break;
      co_await wire.wait();
      if (connection_.timed_out || look_for_head() != Step::kNeedMore) co_return false;
    }
    connection_.deadline.clear();
    pace_.moved(steady_now(), bytes.size());
    co_return !error;
  }

  Awaitable<bool> send_body() {
    std::uint64_t sent = 0;
    const auto& length = request_.body_length;
    while (true) {
      const auto piece = co_await request_.body_source->next();
      if (!piece) co_return give_up(piece.error());
      sent += piece->size();
      const bool is_end = piece->empty();
      if (length && (is_end ? sent != *length : sent > *length))
        co_return give_up({ErrorCode::kInvalidRequest, "the body is not as long as it said"});
      if (look_for_head() != Step::kNeedMore) co_return false;
      if (is_end) co_return length || co_await send(kLastChunk);
      if (!(length ? co_await send(*piece) : co_await send_chunk(*piece))) co_return false;
    }
  }

  Awaitable<bool> send_chunk(std::string_view piece) {
    write_chunk(piece, connection_.out);
    co_return co_await send(connection_.out);
  }

  bool give_up(Error why) {
    out_.source_failure = std::move(why);
    connection_.wire.abort();
    return false;
  }

  /// What has come of the answer while the request is sent. A server may answer at any time, and
  /// read no further.
  Step look_for_head() {
    AnswerReader& reader = connection_.reader;
    while (true) {
      std::size_t bytes = 0;
      const error_code error = connection_.wire.read_now(reader.space(), bytes);
      if (error == net::error::would_block || error == net::error::try_again)
        return Step::kNeedMore;
      if (error) return Step::kFailed;
      reader.received(bytes);
      const Step step = reader.next();
      if (step != Step::kNeedMore) return take_head(step);
    }
  }

  Awaitable<void> read_head() {
    AnswerReader& reader = connection_.reader;
    connection_.deadline.set_after(times_.answer_max);
    Step step = reader.next();
    while (step == Step::kNeedMore) {
      std::size_t bytes = 0;
      if (co_await connection_.wire.read(reader.space(), bytes)) co_return;
      reader.received(bytes);
      step = reader.next();
    }
    take_head(step);
  }

  Step take_head(Step step) {
    has_head_ = step == Step::kHead;
    if (!has_head_) {
      out_.head.end = ExchangeEnd::kUnreadable;
      return step;
    }
    out_.head.end = ExchangeEnd::kAnswered;
    out_.head.status = connection_.reader.status();
    out_.head.headers = connection_.reader.take_headers();
    out_.length = connection_.reader.body_length();
    return step;
  }

  OutConnection& connection_;
  const OutRequest& request_;
  const StreamTimes& times_;
  Pace pace_;
  StreamedExchange& out_;
  bool has_head_ = false;
  bool is_whole_ = false;
};

/// The answer's body. Its connection goes back to the pool when all of it was read.
class ClientLane::StreamedBody final : public BodySource {
 public:
  StreamedBody(std::unique_ptr<Lease> lease, std::shared_ptr<ClientLane> lane,
               const StreamTimes& times, bool may_reuse)
      : lane_(std::move(lane)),
        lease_(std::move(lease)),
        pace_(times.stall_max),
        may_reuse_(may_reuse) {}

  Task<std::string_view> next() override {
    piece_.clear();
    while (lease_ != nullptr) {
      OutConnection& connection = *lease_->connection;
      const Step step = connection.reader.next();
      connection.reader.take_piece(piece_);
      if (step == Step::kFailed) co_return std::unexpected(broken_off("it can't be read"));
      if (step == Step::kAnswer) end();
      if (!piece_.empty()) co_return piece_;
      if (step == Step::kAnswer) break;
      if (const error_code error = co_await read(connection)) {
        const bool is_end = error == net::error::eof && connection.reader.closed() == Step::kAnswer;
        if (!is_end) {
          co_return std::unexpected(
              broken_off(connection.timed_out ? "it does not go on" : "the connection ended"));
        }
        lease_.reset();
      }
    }
    co_return std::string_view();
  }

 private:
  Awaitable<error_code> read(OutConnection& connection) {
    connection.deadline.set(pace_.begin(steady_now()));
    std::size_t bytes = 0;
    const error_code error = co_await connection.wire.read(connection.reader.space(), bytes);
    connection.deadline.clear();
    pace_.moved(steady_now(), bytes);
    if (!error) connection.reader.received(bytes);
    co_return error;
  }

  void end() {
    if (may_reuse_ && lane_->is_sound(*lease_->connection)) lease_->give_back();
    lease_.reset();
  }

  std::shared_ptr<ClientLane> lane_;
  std::unique_ptr<Lease> lease_;
  Pace pace_;
  bool may_reuse_;
  std::string piece_;
};

Awaitable<StreamedExchange> ClientLane::stream(OutRequest request, StreamTimes times) {
  const SteadyTime started = steady_now();
  request.version = Version::kHttp1;
  OutCall call{std::move(request), started + times.connect_max, nullptr, {}, {}};
  StreamedExchange out;
  auto lease = std::make_unique<Lease>(shared_from_this());
  const bool is_connected = co_await resolve(call) && co_await obtain(call, *lease);
  out.head = std::move(call.exchange);
  if (is_connected) {
    StreamedCall streamed(*lease->connection, call.request, times, out);
    if (co_await streamed.run(shared_->options.user_agent)) {
      out.body = std::make_unique<StreamedBody>(std::move(lease), shared_from_this(), times,
                                                streamed.is_whole());
    }
  }
  out.head.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(steady_now() - started);
  co_return out;
}

}  // namespace flowsell::http
