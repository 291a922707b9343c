#include "http2_channel.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "answer_writer.h"
#include "core/encoding.h"
#include "core/failpoint.h"

namespace flowsell::http {

namespace {

/// How much begins in one write: less than a write's size, so that all of it goes at once.
constexpr std::size_t kBeginBytes = 32 * 1024;
constexpr std::chrono::milliseconds kLookInterval{250};
constexpr std::size_t kHeadBytesMax = 64 * 1024;
/// A connection on which the peer acknowledges nothing for so long is broken.
constexpr unsigned kUnacknowledgedMax = 10'000;

Http2Limits limits_of(const ClientOptions& options) {
  Http2Limits limits;
  limits.stream_bytes_max = static_cast<std::int32_t>(options.answer_bytes_max + 1);
  limits.head_bytes_max = kHeadBytesMax;
  limits.stall_max = options.idle_time_max;
  return limits;
}

void conclude(Exchange& exchange, ExchangeEnd how, bool byte_sent) {
  exchange.end = how;
  exchange.byte_sent = byte_sent;
  if (how == ExchangeEnd::kAnswered) return;
  exchange.status = 0;
  exchange.headers.clear();
  exchange.body.clear();
}

}  // namespace

struct Http2Channel::Pending : Http2Stream {
  enum class State : std::uint8_t { kWaiting, kUnderWay, kEnded, kTurnedAway };

  Pending(OutCall& its_call, net::io_context& context)
      : call(its_call), timer(context, its_call.deadline) {}

  OutCall& call;
  net::steady_timer timer;
  State state = State::kWaiting;
  bool head_is_whole = false;
  std::size_t head_bytes = 0;
  std::uint64_t heard_before = 0;
};

/// A call that is not waited for any more, also because its coroutine is destroyed.
struct Http2Channel::Place {
  ~Place() { channel->leave(pending); }
  std::shared_ptr<Http2Channel> channel;
  Pending& pending;
};

Http2Channel::Http2Channel(std::shared_ptr<void> owner, std::unique_ptr<OutConnection> connection,
                           net::io_context& context, runtime::DeadlineWatch& watch,
                           const ClientOptions& options)
    : owner_(std::move(owner)),
      options_(options),
      connection_(std::move(connection)),
      context_(context),
      transport_(Http2Transport::Role::kClient, connection_->wire, context, watch, *this,
                 limits_of(options)),
      idle_(watch, [this] { retire(); }),
      look_(watch, [this] { look(); }) {
  const int socket = connection_->wire.socket().native_handle();
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMax,
               sizeof kUnacknowledgedMax);
}

Http2Channel::~Http2Channel() = default;

Awaitable<void> Http2Channel::run(std::shared_ptr<Http2Channel> self,
                                  std::function<void()> has_room, std::function<void()> is_down) {
  self->has_room_ = std::move(has_room);
  self->idle_.set_after(self->options_.idle_time_max);
  co_await self->transport_.run(self, {});
  self->idle_.clear();
  self->look_.clear();
  self->retire();
  while (!self->under_way_.empty()) {
    Pending& pending = *self->under_way_.begin()->second;
    self->under_way_.erase(pending.id);
    self->end(pending, ExchangeEnd::kBroken, self->transport_.was_sent(pending));
  }
  self->has_room_ = nullptr;
  is_down();
}

std::size_t Http2Channel::calls_max() const noexcept {
  return std::min<std::size_t>(options_.connections_per_host_max, transport_.peer_streams_max());
}

bool Http2Channel::has_room() {
  const auto age = std::chrono::steady_clock::now() - connection_->opened_at;
  if (!is_retired_ && age > options_.connection_age_max) retire();
  // As long as the peer has not said how many it takes, the others wait here for that.
  const std::size_t most =
      transport_.knows_peer() ? calls_max() : options_.connections_per_host_max;
  return !is_retired_ && !transport_.is_closed() && under_way_.size() + waiting_.size() < most;
}

Awaitable<bool> Http2Channel::exchange(OutCall& call) {
  Pending pending(call, context_);
  const Place place{shared_from_this(), pending};
  waiting_.push_back(&pending);
  idle_.clear();
  if (call.request.is_in_vain && !looks_) look_soon();
  transport_.flush_soon();
  co_await pending.timer.async_wait(use_result);
  if (pending.state == Pending::State::kWaiting) call.exchange.end = ExchangeEnd::kTimedOut;
  if (pending.state == Pending::State::kUnderWay) give_up(pending);
  co_return pending.state != Pending::State::kTurnedAway;
}

/// The deadline has passed.
void Http2Channel::give_up(Pending& pending) {
  conclude(pending.call.exchange, ExchangeEnd::kTimedOut, transport_.was_sent(pending));
  if (pending.heard_before == heard_) retire();  // it may be dead: nobody else shall find out
}

void Http2Channel::look_soon() {
  looks_ = true;
  look_.set_after(kLookInterval);
}

/// Ends the calls that are in vain.
void Http2Channel::look() {
  looks_ = false;
  std::vector<Pending*> in_vain;
  bool is_asked = false;
  for (const auto& [id, pending] : under_way_) {
    const auto& asked = pending->call.request.is_in_vain;
    is_asked = is_asked || asked;
    if (pending->state == Pending::State::kUnderWay && asked && asked()) in_vain.push_back(pending);
  }
  for (Pending* const pending : in_vain) {
    end(*pending, ExchangeEnd::kBroken, transport_.was_sent(*pending));
  }
  if (is_asked || !waiting_.empty()) look_soon();
}

void Http2Channel::leave(Pending& pending) {
  std::erase(waiting_, &pending);
  if (under_way_.erase(pending.id) > 0) {
    transport_.forget(pending);
    transport_.reset(pending.id, NGHTTP2_CANCEL);
  }
  if (has_room_) has_room_();
  if (!under_way_.empty() || !waiting_.empty()) return;
  if (is_retired_) return transport_.say_goodbye();
  idle_.set_after(options_.idle_time_max);
}

/// Takes no more calls; those that are under way go on.
void Http2Channel::retire() {
  is_retired_ = true;
  for (Pending* const pending : std::exchange(waiting_, {})) {
    pending->state = Pending::State::kTurnedAway;
    pending->timer.cancel();
  }
  if (under_way_.empty()) transport_.say_goodbye();
}

void Http2Channel::on_goodbye() { retire(); }

void Http2Channel::on_writable() {
  std::size_t bytes = 0;
  while (!waiting_.empty() && under_way_.size() < calls_max() && bytes < kBeginBytes) {
    Pending& pending = *waiting_.front();
    waiting_.pop_front();
    begin_call(pending);
    bytes += pending.head_bytes;
    pending.head_bytes = 0;
  }
}

void Http2Channel::on_sent() {
  if (std::exchange(has_begun_, false)) failpoint("client.after_first_byte");
}

void Http2Channel::begin_call(Pending& pending) {
  OutCall& call = pending.call;
  if (std::chrono::steady_clock::now() >= call.deadline) {
    return end(pending, ExchangeEnd::kTimedOut, false);
  }
  if (call.before_first_byte && !call.before_first_byte()) {
    return end(pending, ExchangeEnd::kUnconnected, false);
  }
  failpoint("client.before_first_byte");
  pending.unsent = call.request.body;
  pending.heard_before = heard_;
  if (!submit(pending)) return end(pending, ExchangeEnd::kUnconnected, false);
  has_begun_ = true;
  pending.state = Pending::State::kUnderWay;
  under_way_.emplace(pending.id, &pending);
}

bool Http2Channel::submit(Pending& pending) {
  const OutRequest& request = pending.call.request;
  const std::string authority = authority_of(request.url);
  const std::string length = std::to_string(request.body.size());
  fields_.clear();
  fields_.push_back(http2_field(":method", method_name(request.method)));
  fields_.push_back(http2_field(":scheme", request.url.tls ? "https" : "http"));
  fields_.push_back(http2_field(":authority", authority));
  fields_.push_back(http2_field(":path", request.url.target));
  bool names_agent = false;
  each_field(request, [&](std::string_view name, std::string_view value) {
    names_agent = names_agent || equals_ignoring_case(name, "user-agent");
    fields_.push_back(http2_field(name, value));
  });
  if (!names_agent) fields_.push_back(http2_field("user-agent", options_.user_agent));
  if (has_length(request)) fields_.push_back(http2_field("content-length", length));
  for (const nghttp2_nv& field : fields_) pending.head_bytes += field.namelen + field.valuelen;
  return transport_.submit_request(pending, fields_);
}

void Http2Channel::end(Pending& pending, ExchangeEnd how, bool byte_sent) {
  pending.state = Pending::State::kEnded;
  conclude(pending.call.exchange, how, byte_sent);
  pending.timer.cancel();
}

void Http2Channel::on_head(Http2Stream& stream) {
  auto& pending = static_cast<Pending&>(stream);
  ++heard_;
  Exchange& exchange = pending.call.exchange;
  const bool is_informational = exchange.status >= 100 && exchange.status < 200;
  pending.head_is_whole = exchange.status != 0 && !is_informational;  // these come behind the body
  if (!pending.head_is_whole) exchange.headers.clear();
}

void Http2Channel::on_field(Http2Stream& stream, std::string_view name, std::string_view value) {
  auto& pending = static_cast<Pending&>(stream);
  Exchange& exchange = pending.call.exchange;
  if (pending.head_is_whole || pending.state != Pending::State::kUnderWay) return;
  pending.head_bytes += name.size() + value.size();
  if (pending.head_bytes > kHeadBytesMax) return fail(pending);
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), exchange.status);
  } else {
    exchange.headers.push_back({std::string(name), std::string(value)});
  }
}

void Http2Channel::on_data(Http2Stream& stream, std::string_view bytes) {
  auto& pending = static_cast<Pending&>(stream);
  ++heard_;
  if (pending.state != Pending::State::kUnderWay) return;
  std::string& body = pending.call.exchange.body;
  if (body.size() + bytes.size() > options_.answer_bytes_max) return fail(pending);
  body.append(bytes);
}

void Http2Channel::fail(Pending& pending) {
  transport_.reset(pending.id, NGHTTP2_CANCEL);
  end(pending, ExchangeEnd::kUnreadable, true);
}

void Http2Channel::on_end(Http2Stream& stream) {
  auto& pending = static_cast<Pending&>(stream);
  if (pending.state == Pending::State::kUnderWay) end(pending, ExchangeEnd::kAnswered, true);
}

/// That it was refused, or lies beyond a GOAWAY, is a promise: nothing was done (RFC 9113, 8.7).
void Http2Channel::on_closed(Http2Stream& stream, std::uint32_t error) {
  auto& pending = static_cast<Pending&>(stream);
  under_way_.erase(pending.id);
  if (!waiting_.empty()) transport_.flush_soon();  // one of them may begin
  if (pending.state != Pending::State::kUnderWay) return;
  if (error == NGHTTP2_REFUSED_STREAM) return end(pending, ExchangeEnd::kUnconnected, false);
  end(pending, ExchangeEnd::kBroken, transport_.was_sent(pending));
}

}  // namespace flowsell::http
