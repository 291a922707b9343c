#include "http2_transport.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <new>
#include <utility>

#include "core/encoding.h"
#include "runtime/spawn.h"

namespace flowsell::http {

namespace {

/// A write's size: what a socket's buffer takes at once, as a rule.
constexpr std::size_t kBatchBytes = 64 * 1024;
constexpr std::size_t kOutBytesKept = 2 * kBatchBytes;
/// Never the limit: each stream has its own.
constexpr std::int32_t kConnectionWindow = 1 << 30;

/// They never come again with the same value: in the table of what may, they would push out what
/// does (RFC 7541, 6.2.2).
constexpr std::array<std::string_view, 4> kUniqueFields = {"idempotency-key", "request-id",
                                                           "ratelimit", "location"};

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

bool ends_stream(const nghttp2_frame& frame) {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

Http2Stream* stream_of(nghttp2_session* session, std::int32_t id) {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
}

struct FreeOption {
  void operator()(nghttp2_option* option) const noexcept { nghttp2_option_del(option); }
};

}  // namespace

/// What nghttp2 calls. It is C: nothing may be thrown through it.
struct Http2Transport::Callbacks {
  static Http2Transport& self(void* data) { return *static_cast<Http2Transport*>(data); }

  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame,
                              void* data) noexcept {
    const std::int32_t id = frame->hd.stream_id;
    Http2Stream* stream = stream_of(session, id);
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      stream = self(data).events_.begin(id);
      if (stream == nullptr) self(data).reset(id, NGHTTP2_REFUSED_STREAM);
      nghttp2_session_set_stream_user_data(session, id, stream);
    }
    if (stream != nullptr) self(data).events_.on_head(*stream);
    return 0;
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t /*flags*/, void* data) noexcept {
    Http2Stream* const stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    self(data).events_.on_field(*stream, text_of(name, name_size), text_of(value, value_size));
    return 0;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* data) noexcept {
    Http2Events& events = self(data).events_;
    if (frame->hd.type == NGHTTP2_GOAWAY) events.on_goodbye();
    if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
      self(data).knows_peer_ = true;
      self(data).flush_soon();
    }
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Http2Stream* const stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    const bool ends = ends_stream(*frame);
    if (frame->hd.type == NGHTTP2_HEADERS) events.on_head_end(*stream, ends);
    if (ends) events.on_end(*stream);
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t size, void* data) noexcept {
    // A stream's own window is what bounds it.
    nghttp2_session_consume_connection(session, size);
    Http2Stream* const stream = stream_of(session, id);
    if (stream != nullptr) self(data).events_.on_data(*stream, text_of(bytes, size));
    return 0;
  }

  static int on_closed(nghttp2_session* session, std::int32_t id, std::uint32_t error,
                       void* data) noexcept {
    Http2Stream* const stream = stream_of(session, id);
    if (stream == nullptr) return 0;
    nghttp2_session_set_stream_user_data(session, id, nullptr);
    self(data).events_.on_closed(*stream, error);
    return 0;
  }

  static int before_frame(nghttp2_session* session, const nghttp2_frame* frame,
                          void* data) noexcept {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    Http2Stream* const stream = stream_of(session, frame->hd.stream_id);
    if (stream != nullptr && stream->first_batch == 0) stream->first_batch = self(data).batch_;
    return 0;
  }

  static int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame,
                           void* data) noexcept {
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Http2Stream* const stream = stream_of(session, frame->hd.stream_id);
    if (stream != nullptr && ends_stream(*frame)) self(data).events_.on_all_written(*stream);
    return 0;
  }

  static ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* into,
                           std::size_t size, std::uint32_t* flags, nghttp2_data_source* /*source*/,
                           void* data) noexcept {
    Http2Stream* const stream = stream_of(session, id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::size_t count = std::min(size, stream->unsent.size());
    if (count == 0 && stream->breaks_off) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    // An empty view may have no address at all.
    if (count > 0) std::memcpy(into, stream->unsent.data(), count);
    stream->unsent.remove_prefix(count);
    if (stream->goes_on) {
      if (stream->unsent.empty()) self(data).events_.on_piece_written(*stream);
      return count == 0 ? ssize_t{NGHTTP2_ERR_DEFERRED} : static_cast<ssize_t>(count);
    }
    if (stream->unsent.empty() && !stream->breaks_off) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  static const nghttp2_session_callbacks* all() {
    static const nghttp2_session_callbacks* const callbacks = make();
    return callbacks;
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* made = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(made, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_closed);
    nghttp2_session_callbacks_set_before_frame_send_callback(made, before_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, on_frame_sent);
    return made;
  }
};

nghttp2_nv http2_field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    // nghttp2's interface predates const; it copies, and does not write to its input.
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  const bool is_unique = std::ranges::any_of(kUniqueFields, [name](std::string_view unique) {
    return equals_ignoring_case(name, unique);
  });
  const auto flags =
      static_cast<std::uint8_t>(is_unique ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE);
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

Http2Transport::Http2Transport(Role role, Wire& wire, net::io_context& context,
                               runtime::DeadlineWatch& watch, Http2Events& events,
                               const Http2Limits& limits)
    : wire_(wire),
      context_(context),
      events_(events),
      stalled_(watch, [this] { close(); }),
      stall_max_(limits.stall_max),
      written_(context) {
  begin_session(role, limits);
}

Http2Transport::~Http2Transport() { nghttp2_session_del(session_); }

void Http2Transport::begin_session(Role role, const Http2Limits& limits) {
  nghttp2_option* made = nullptr;
  if (nghttp2_option_new(&made) != 0) throw std::bad_alloc();
  const std::unique_ptr<nghttp2_option, FreeOption> options(made);
  nghttp2_option_set_no_auto_window_update(made, 1);
  nghttp2_option_set_no_closed_streams(made, 1);
  const auto begin =
      role == Role::kServer ? nghttp2_session_server_new2 : nghttp2_session_client_new2;
  if (begin(&session_, Callbacks::all(), this, made) != 0) throw std::bad_alloc();

  std::vector<nghttp2_settings_entry> settings = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(limits.stream_bytes_max)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.head_bytes_max)},
  };
  if (role == Role::kServer) {
    settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams_max});
  } else {
    settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

Awaitable<void> Http2Transport::run(std::shared_ptr<void> owner, std::string_view first) {
  owner_ = owner;
  flush();
  bool goes_on = take(first);
  while (goes_on && !is_over()) {
    std::size_t bytes = 0;
    const error_code error = co_await wire_.read_only(in_, bytes);
    goes_on = !error && take({in_.data(), bytes});
  }
  flush();  // a last word: why it ends
  close();
  while (is_writing_) {
    written_.expires_at(SteadyTime::max());
    co_await written_.async_wait(use_result);
  }
}

/// False when the peer broke the protocol.
bool Http2Transport::take(std::string_view bytes) {
  const auto taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (nghttp2_session_want_write(session_) != 0) flush_soon();
  return taken >= 0;
}

bool Http2Transport::is_over() const noexcept {
  return is_closed_ || (nghttp2_session_want_read(session_) == 0 &&
                        nghttp2_session_want_write(session_) == 0 && !is_writing_);
}

void Http2Transport::flush_soon() {
  if (flushes_soon_ || is_writing_ || is_closed_) return;
  auto owner = owner_.lock();
  if (owner == nullptr) return;  // run() begins with a flush
  flushes_soon_ = true;
  net::post(context_, [this, owner = std::move(owner)] {
    flushes_soon_ = false;
    flush();
  });
}

void Http2Transport::flush() {
  while (!is_writing_ && !is_closed_ && fill()) {
    if (!wire_.queue(out_)) return close();
    const error_code error = wire_.send_now();
    note_sent();
    if (error) return close();
    if (wire_.all_sent()) continue;
    is_writing_ = true;
    runtime::spawn_logged(context_.get_executor(), send_rest(owner_.lock()), "http2 write");
  }
  if (!is_writing_ && is_over()) close();  // ends the read, too
}

void Http2Transport::note_sent() {
  if (wire_.sent() == 0) return;
  touched_batch_ = batch_;
  events_.on_sent();
}

/// False when there is nothing to write.
bool Http2Transport::fill() {
  ++batch_;
  events_.on_writable();
  if (out_.capacity() > kOutBytesKept) std::string().swap(out_);
  out_.clear();
  while (out_.size() < kBatchBytes) {
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) break;
    out_.append(text_of(bytes, static_cast<std::size_t>(size)));
  }
  return !out_.empty();
}

Awaitable<void> Http2Transport::send_rest(std::shared_ptr<void> owner) {
  const error_code error = co_await wire_.send_rest(&stalled_, stall_max_);
  stalled_.clear();
  note_sent();
  is_writing_ = false;
  if (error) close();
  written_.cancel();
  flush();
}

bool Http2Transport::submit_request(Http2Stream& stream, const std::vector<nghttp2_nv>& fields) {
  nghttp2_data_provider body{.source = {}, .read_callback = Callbacks::read_body};
  const std::int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                                 stream.unsent.empty() ? nullptr : &body, &stream);
  if (id < 0) return false;
  stream.id = id;
  return true;
}

void Http2Transport::submit_answer(Http2Stream& stream, const std::vector<nghttp2_nv>& fields) {
  nghttp2_data_provider body{.source = {}, .read_callback = Callbacks::read_body};
  const bool has_body = !stream.unsent.empty() || stream.breaks_off || stream.goes_on;
  nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(),
                          has_body ? &body : nullptr);
  flush_soon();
}

void Http2Transport::submit_continue(const Http2Stream& stream) {
  const nghttp2_nv status = http2_field(":status", "100");
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id, nullptr, &status, 1, nullptr);
  flush_soon();
}

void Http2Transport::reset(std::int32_t stream, std::uint32_t error) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, error);
  flush_soon();
}

void Http2Transport::forget(const Http2Stream& stream) {
  nghttp2_session_set_stream_user_data(session_, stream.id, nullptr);
}

void Http2Transport::widen(const Http2Stream& stream, std::size_t bytes) {
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, stream.id,
                                        static_cast<std::int32_t>(bytes));
  flush_soon();
}

void Http2Transport::resume(const Http2Stream& stream) {
  nghttp2_session_resume_data(session_, stream.id);
  flush_soon();
}

void Http2Transport::consumed(const Http2Stream& stream, std::size_t bytes) {
  nghttp2_session_consume_stream(session_, stream.id, bytes);
  flush_soon();
}

void Http2Transport::say_goodbye() {
  if (is_closed_ || std::exchange(said_goodbye_, true)) return;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
  flush_soon();
}

void Http2Transport::close() {
  if (std::exchange(is_closed_, true)) return;
  stalled_.clear();
  if (!is_writing_) wire_.shut_down();
  wire_.close();
}

bool Http2Transport::was_sent(const Http2Stream& stream) const noexcept {
  return stream.first_batch != 0 && stream.first_batch <= touched_batch_;
}

std::uint32_t Http2Transport::peer_streams_max() const noexcept {
  if (!knows_peer_) return 1;
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

}  // namespace flowsell::http
