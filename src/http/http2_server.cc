#include "http2_server.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "caught.h"
#include "core/encoding.h"
#include "head_slices.h"
#include "pace.h"
#include "runtime/spawn.h"
#include "telemetry/log.h"

namespace flowsell::http {

namespace {

constexpr std::size_t kHeadBytesUsual = 768;
/// A body of which so much has come may need more room than it was given unasked.
constexpr std::size_t kNarrowBytes = 16 * 1024;
constexpr std::size_t kWideMax = 4;
/// Until the peer has acknowledged our settings a stream's window counts from the protocol's
/// 65,535, and shrinks with that to what we have set (RFC 9113, 6.9.2).
constexpr std::size_t kWindowSlack = 65'536;
/// That may come of a streamed body before it is asked for.
constexpr std::size_t kStreamWindow = 128 * 1024;

Http2Limits limits_of(const ServerOptions& options) {
  Http2Limits limits;
  limits.streams_max = static_cast<std::uint32_t>(options.streams_max);
  limits.head_bytes_max = options.head_bytes_max;
  limits.stall_max = options.idle_time_max;
  return limits;
}

std::optional<std::uint64_t> length_of(const Request& request) {
  const std::string_view text = request.header("content-length");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  return error == std::errc() && !text.empty() ? std::optional(length) : std::nullopt;
}

}  // namespace

/// A request on its way in, and its answer on its way out.
struct Http2Server::Incoming : Http2Stream {
  /// How much of its body may come: little; little, but it has more; all that is allowed.
  enum class Width : std::uint8_t { kNarrow, kNeedsMore, kWide };

  Incoming(runtime::DeadlineWatch& watch, std::function<void()> too_slow)
      : deadline(watch, std::move(too_slow)) {}

  Slice keep(std::string_view part) {
    const Slice slice{static_cast<std::uint32_t>(text.size()),
                      static_cast<std::uint32_t>(part.size())};
    text.append(part);
    return slice;
  }

  std::string text;  ///< names and values of the head, one behind the other
  HeadSlices head;
  Method method = Method::kOther;
  bool has_host = false;
  bool has_authorization = false;
  bool expects_continue = false;
  bool head_is_whole = false;
  std::string body;
  Width width = Width::kNarrow;
  std::optional<Error> refusal;
  bool runs = false;         ///< its handler does, or did
  bool is_answered = false;  ///< or will not be
  Request request;           ///< its views are into the above
  Response response;
  std::string packed;
  runtime::Deadline deadline;  ///< for its whole arrival
  // Where its body, or its answer's, is a stream:
  std::optional<net::steady_timer> woken;
  std::optional<Pace> pace;
  std::string taken;  ///< the piece that the handler has
  std::size_t come_total = 0;
  bool is_streamed = false;  ///< its body
  bool has_ended = false;    ///< its body
  bool is_over = false;      ///< the stream, however it ended

  void wake() {
    if (woken) woken->cancel();
  }
};

class Http2Server::Body final : public BodySource {
 public:
  Body(Http2Server& server, Incoming& incoming) : server_(server), incoming_(incoming) {}
  Task<std::string_view> next() override { return server_.next_piece(incoming_); }

 private:
  Http2Server& server_;
  Incoming& incoming_;
};

Http2Server::Http2Server(std::shared_ptr<Shard> shard, Wire& wire, std::string remote_address)
    : shard_(std::move(shard)),
      remote_address_(std::move(remote_address)),
      transport_(Http2Transport::Role::kServer, wire, shard_->context(), shard_->watch(), *this,
                 limits_of(shard_->shared().options)),
      all_ended_(shard_->context()),
      idle_(shard_->watch(), [this] { drain(); }) {}

Http2Server::~Http2Server() = default;

Awaitable<void> Http2Server::serve(std::string_view first) {
  const auto self = shared_from_this();
  watch_idleness();
  if (shard_->shared().draining.load(std::memory_order_relaxed)) drain();
  co_await transport_.run(self, first);
  idle_.clear();
  for (const auto& [id, incoming] : incoming_) {
    incoming->is_answered = true;
    incoming->deadline.clear();
    incoming->is_over = true;
    incoming->wake();
  }
  while (running_ > 0) {
    all_ended_.expires_at(SteadyTime::max());
    co_await all_ended_.async_wait(use_result);
  }
}

void Http2Server::drain() { transport_.say_goodbye(); }

void Http2Server::watch_idleness() {
  if (incoming_.empty()) {
    idle_.set_after(shard_->shared().options.idle_time_max);
  } else {
    idle_.clear();
  }
}

Http2Stream* Http2Server::begin(std::int32_t id) {
  // A stream that was reset is closed at once; its handler goes on. Who resets all that he begins
  // (CVE-2023-44487) has no more of them run than who waits for the answers.
  if (running_ >= shard_->shared().options.streams_max) return nullptr;
  auto incoming = std::make_shared<Incoming>(shard_->watch(), [this, id] { too_slow(id); });
  incoming->id = id;
  incoming->deadline.set_after(shard_->shared().options.head_time_max);
  incoming->text.reserve(kHeadBytesUsual);
  Incoming* const begun = incoming.get();
  incoming_.emplace(id, std::move(incoming));
  watch_idleness();
  return begun;
}

void Http2Server::too_slow(std::int32_t id) {
  const auto found = incoming_.find(id);
  if (found == incoming_.end()) return;
  Incoming& incoming = *found->second;
  if (incoming.is_answered)
    return transport_.reset(id, NGHTTP2_CANCEL);  // its answer does not move
  refuse(incoming, ErrorCode::kRequestTimeout, "it did not arrive in time");
}

void Http2Server::on_field(Http2Stream& stream, std::string_view name, std::string_view value) {
  auto& incoming = static_cast<Incoming&>(stream);
  if (incoming.head_is_whole || incoming.refusal) return;  // what comes behind a body is not used
  const std::size_t bytes_max = shard_->shared().options.head_bytes_max;
  if (incoming.text.size() + name.size() + value.size() > bytes_max) {
    const bool is_target = name == ":path";
    return refuse(
        incoming, is_target ? ErrorCode::kUriTooLong : ErrorCode::kHeadersTooLarge,
        is_target ? "the target is longer than the limit" : "the head is larger than the limit");
  }
  if (name == ":method") {
    incoming.method = method_of(value);
  } else if (name == ":path") {
    incoming.head.target = incoming.keep(value);
  } else if (name == ":authority") {
    incoming.has_host = true;
    incoming.head.fields.push_back({incoming.keep("host"), incoming.keep(value)});
  } else if (!name.starts_with(':') && (name != "host" || !incoming.has_host)) {
    incoming.head.fields.push_back({incoming.keep(name), incoming.keep(value)});
    if (name == "expect") expect(incoming, value);
    if (name == "authorization" && std::exchange(incoming.has_authorization, true))
      refuse(incoming, ErrorCode::kInvalidRequest, "more than one Authorization");
  }
}

void Http2Server::expect(Incoming& incoming, std::string_view value) {
  incoming.expects_continue = equals_ignoring_case(value, "100-continue");
  if (incoming.expects_continue) return;
  refuse(incoming, ErrorCode::kExpectationFailed, "an expectation other than 100-continue");
}

void Http2Server::on_head_end(Http2Stream& stream, bool ends) {
  auto& incoming = static_cast<Incoming&>(stream);
  if (std::exchange(incoming.head_is_whole, true) || incoming.refusal || ends) return;
  const auto& streams = shard_->shared().options.streams;
  if (streams && streams(incoming.method, incoming.head.target.of(incoming.text.data())))
    return begin_stream(incoming);
  incoming.deadline.set_after(shard_->shared().options.body_time_max);
  if (incoming.expects_continue) transport_.submit_continue(incoming);
}

/// Its handler runs at once.
void Http2Server::begin_stream(Incoming& incoming) {
  incoming.deadline.clear();
  incoming.is_streamed = true;
  incoming.pace.emplace(shard_->shared().options.body_time_max);
  incoming.woken.emplace(shard_->context());
  transport_.widen(incoming, kStreamWindow);
  begin(incoming);
}

void Http2Server::on_data(Http2Stream& stream, std::string_view bytes) {
  auto& incoming = static_cast<Incoming&>(stream);
  if (incoming.refusal) return;
  if (incoming.is_streamed) {
    incoming.come_total += bytes.size();
    if (incoming.come_total > shard_->shared().options.streamed_bytes_max)
      return refuse(incoming, ErrorCode::kPayloadTooLarge, "the body is larger than the limit");
    incoming.body.append(bytes);
    return incoming.wake();
  }
  if (incoming.body.size() + bytes.size() > shard_->shared().options.body_bytes_max) {
    return refuse(incoming, ErrorCode::kPayloadTooLarge, "the body is larger than the limit");
  }
  incoming.body.append(bytes);
  if (incoming.width != Incoming::Width::kNarrow || incoming.body.size() < kNarrowBytes) return;
  incoming.width = Incoming::Width::kNeedsMore;
  widen_next();
}

/// Few large bodies come in at a time, the oldest first, so that one connection can't make us hold
/// much more than others.
void Http2Server::widen_next() {
  for (const auto& [id, incoming] : incoming_) {
    if (wide_ >= kWideMax) return;
    if (incoming->width != Incoming::Width::kNeedsMore) continue;
    incoming->width = Incoming::Width::kWide;
    ++wide_;
    transport_.widen(*incoming, shard_->shared().options.body_bytes_max + kWindowSlack);
  }
}

/// Its body is not needed any more.
void Http2Server::release(Incoming& incoming) {
  std::string().swap(incoming.body);
  const auto width = std::exchange(incoming.width, Incoming::Width::kNarrow);
  if (width != Incoming::Width::kWide) return;
  --wide_;
  if (!transport_.is_closed()) widen_next();
}

void Http2Server::on_end(Http2Stream& stream) {
  auto& incoming = static_cast<Incoming&>(stream);
  incoming.has_ended = true;
  if (incoming.is_streamed) return incoming.wake();
  incoming.deadline.clear();
  if (!incoming.refusal) begin(incoming);
}

void Http2Server::begin(Incoming& incoming) {
  Request& request = incoming.request;
  request.method = incoming.method;
  incoming.head.fill(request, incoming.text.data());
  request.body = incoming.body;
  request.remote_address = remote_address_;
  ++running_;
  incoming.runs = true;
  runtime::spawn_logged(shard_->context().get_executor(),
                        run(shared_from_this(), incoming_.at(incoming.id)), "http2 request");
}

/// One of the handlers that run, however it ends.
class Http2Server::Running {
 public:
  explicit Running(Http2Server& server) : server_(server) {}
  ~Running() {
    if (--server_.running_ == 0) server_.all_ended_.cancel();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Http2Server& server_;
};

/// A frame that is destroyed with the context lets go of `incoming` first.
Awaitable<void> Http2Server::run(std::shared_ptr<Http2Server> self,
                                 std::shared_ptr<Incoming> incoming) {
  const Running running(*self);
  Body body(*self, *incoming);
  if (incoming->is_streamed) {
    incoming->request.stream = &body;
    incoming->request.stream_length = length_of(incoming->request);
  }
  Response response = co_await self->handle(incoming->request);
  self->release(*incoming);
  if (!incoming->is_answered) self->answer(*incoming, std::move(response));
  if (incoming->goes_on) co_await self->send_stream(incoming);
}

/// Until something came of the stream, or of its answer.
Awaitable<void> Http2Server::wait(Incoming& incoming) {
  incoming.deadline.set(incoming.pace->begin(std::chrono::steady_clock::now()));
  incoming.woken->expires_at(SteadyTime::max());
  co_await incoming.woken->async_wait(use_result);
  incoming.deadline.clear();
}

Task<std::string_view> Http2Server::next_piece(Incoming& incoming) {
  if (!incoming.taken.empty() && !incoming.is_over && !transport_.is_closed())
    transport_.consumed(incoming, incoming.taken.size());
  incoming.taken.clear();
  if (incoming.expects_continue && incoming.come_total == 0 && !incoming.has_ended &&
      !incoming.is_over && !incoming.is_answered) {
    incoming.expects_continue = false;
    transport_.submit_continue(incoming);
  }
  while (incoming.body.empty()) {
    if (incoming.refusal) co_return std::unexpected(*incoming.refusal);
    if (incoming.has_ended) co_return std::string_view();
    if (incoming.is_over) co_return fail(ErrorCode::kInvalidRequest, "request: its body broke off");
    co_await wait(incoming);
    incoming.pace->moved(std::chrono::steady_clock::now(), incoming.body.size());
  }
  std::swap(incoming.taken, incoming.body);
  co_return incoming.taken;
}

/// Breaks off where the body is not whole.
Awaitable<void> Http2Server::send_stream(std::shared_ptr<Incoming> incoming) {
  const auto& length = incoming->response.stream_length;
  std::uint64_t sent = 0;
  incoming->pace.emplace(shard_->shared().options.idle_time_max);
  while (!incoming->is_over) {
    const auto piece = co_await next_caught(*incoming->response.stream);
    if (incoming->is_over) break;
    const bool is_end = piece && piece->empty();
    if (piece) sent += piece->size();
    if (!piece || (length && (is_end ? sent != *length : sent > *length))) {
      transport_.reset(incoming->id, NGHTTP2_INTERNAL_ERROR);
      break;
    }
    incoming->goes_on = !is_end;
    incoming->unsent = *piece;
    transport_.resume(*incoming);
    if (is_end) break;
    while (!incoming->unsent.empty() && !incoming->is_over) co_await wait(*incoming);
    incoming->pace->moved(std::chrono::steady_clock::now(), piece->size());
  }
  incoming->unsent = {};
  incoming->response.stream.reset();
}

Awaitable<Response> Http2Server::handle(Request& request) {
  try {
    co_return co_await shard_->shared().handler(request);
  } catch (...) {
    log::error("a request handler threw");
  }
  const Error fault{ErrorCode::kInternal, "an internal fault"};
  co_return shard_->shared().errors(fault);
}

void Http2Server::answer(Incoming& incoming, Response response) {
  incoming.is_answered = true;
  incoming.response = std::move(response);
  const Response& kept = incoming.response;
  if (kept.status == kCloseUnanswered) return transport_.reset(incoming.id, NGHTTP2_INTERNAL_ERROR);

  const auto accepted = incoming.request.header("accept-encoding");
  const AnswerWriter::Parts parts = shard_->writer().parts_of(kept, accepted);
  std::array<char, 3> digits{};
  std::to_chars(digits.data(), digits.data() + digits.size(), kept.status);
  fields_.clear();
  fields_.push_back(http2_field(":status", {digits.data(), digits.size()}));
  shard_->writer().each_field(kept, parts, [this](std::string_view name, std::string_view value) {
    fields_.push_back(http2_field(name, value));
  });
  if (incoming.request.method != Method::kHead) {
    incoming.goes_on = parts.is_streamed;
    if (parts.is_streamed && !incoming.woken) incoming.woken.emplace(shard_->context());
    if (parts.is_packed) incoming.packed = parts.body;
    incoming.unsent = parts.is_packed ? std::string_view(incoming.packed) : parts.body;
    if (kept.cut_in_half) {
      incoming.unsent = incoming.unsent.substr(0, incoming.unsent.size() / 2);
      incoming.breaks_off = true;
    }
  }
  transport_.submit_answer(incoming, fields_);
}

void Http2Server::refuse(Incoming& incoming, ErrorCode code, std::string_view why) {
  incoming.deadline.clear();
  release(incoming);
  incoming.refusal = Error{code, "request: " + std::string(why)};
  incoming.wake();
  if (!incoming.is_answered) answer(incoming, shard_->shared().errors(*incoming.refusal));
}

void Http2Server::on_piece_written(Http2Stream& stream) { static_cast<Incoming&>(stream).wake(); }

void Http2Server::on_all_written(Http2Stream& stream) {
  // What is still to come of a request that was answered is not wanted (RFC 9113, 8.1).
  const auto& incoming = static_cast<const Incoming&>(stream);
  if (incoming.refusal || (incoming.is_streamed && !incoming.has_ended))
    transport_.reset(stream.id, NGHTTP2_NO_ERROR);
}

void Http2Server::on_closed(Http2Stream& stream, std::uint32_t /*error*/) {
  auto& incoming = static_cast<Incoming&>(stream);
  incoming.is_answered = true;
  incoming.is_over = true;
  incoming.deadline.clear();
  incoming.wake();
  const auto kept = std::move(incoming_.extract(incoming.id).mapped());
  if (!kept->runs) release(*kept);
  watch_idleness();
}

}  // namespace flowsell::http
