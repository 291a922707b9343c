#include "http/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "chunk_decoder.h"
#include "core/encoding.h"
#include "head_slices.h"

namespace flowsell::http {

namespace beast = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t kBufferBytesMin = 4096;
constexpr std::size_t kReadBytesMin = 1024;  // a smaller rest of the buffer is not worth a read
constexpr std::size_t kBufferBytesKept = 64 * 1024;  // a larger one is given back after the request
constexpr std::size_t kStreamBytes = 32 * 1024;

Method to_method(beast::verb verb) {
  switch (verb) {
    case beast::verb::get:
      return Method::kGet;
    case beast::verb::head:
      return Method::kHead;
    case beast::verb::post:
      return Method::kPost;
    case beast::verb::put:
      return Method::kPut;
    case beast::verb::patch:
      return Method::kPatch;
    case beast::verb::delete_:
      return Method::kDelete;
    case beast::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

}  // namespace

/// Beast's grammar without Beast's containers: it notes where fields are, as offsets from the
/// message's start, because the buffer may move while the message is still coming in.
class RequestReader::HeadParser {
 public:
  void restart(const ReadLimits& limits) {
    grammar_.emplace(*this);
    grammar_->header_limit(std::numeric_limits<std::uint32_t>::max());  // the reader counts exactly
    grammar_->body_limit(std::max(limits.body_bytes_max, limits.streamed_bytes_max));
    method = Method::kOther;
    head.target = {};
    head.fields.clear();
    hosts = authorizations = lengths = codings = 0;
    expects_continue = false;
    refusal = nullptr;
    refusal_code = ErrorCode::kInvalidRequest;
  }

  /// `message` is where the message starts, `from` what is new. Returns how much was taken.
  std::size_t put(const char* message, std::string_view from, error_code& error) {
    message_ = message;
    seen_ = from;
    return grammar_->put(boost::asio::const_buffer(from.data(), from.size()), error);
  }

  /// Where the target ends; 0 while the request line is not complete.
  std::size_t target_end() const { return head.target.from + head.target.size; }
  bool is_head_done() const { return grammar_->is_header_done(); }
  bool is_done() const { return grammar_->is_done(); }
  bool is_chunked() const { return grammar_->chunked(); }
  bool keep_alive() const { return grammar_->keep_alive(); }
  std::size_t content_length() const {
    return static_cast<std::size_t>(grammar_->content_length().value_or(0));
  }

  Method method = Method::kOther;
  bool is_http11 = true;
  HeadSlices head;
  int hosts = 0;
  int authorizations = 0;
  int lengths = 0;
  int codings = 0;
  bool expects_continue = false;
  const char* refusal = nullptr;  ///< a rule of ours that was broken; a literal
  ErrorCode refusal_code = ErrorCode::kInvalidRequest;

 private:
  class Grammar final : public beast::basic_parser<true> {
   public:
    explicit Grammar(HeadParser& owner) : owner_(owner) {}

   private:
    using View = boost::beast::string_view;
    void on_request_impl(beast::verb verb, View, View text, int version, error_code&) override {
      owner_.method = to_method(verb);
      owner_.head.target = owner_.slice(text);
      owner_.is_http11 = version == 11;
    }
    void on_field_impl(beast::field id, View name, View value, error_code& error) override {
      owner_.add_field(id, name, value);
      if (owner_.refusal != nullptr) error = beast::error::bad_value;
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(View, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}
    void on_response_impl(int, View, int, error_code&) override {}

    HeadParser& owner_;
  };

  Slice slice(std::string_view text) const {
    return {static_cast<std::uint32_t>(text.data() - message_),
            static_cast<std::uint32_t>(text.size())};
  }

  /// Obsolete since RFC 7230, 3.2.4. Beast joins a folded value in a buffer of its own, or skips
  /// its empty first line.
  bool is_folded(std::string_view name, std::string_view value) const {
    const char* const seen_end = seen_.data() + seen_.size();
    if (value.data() < seen_.data() || value.data() + value.size() > seen_end) return true;
    const char* const name_end = name.data() + name.size();
    return std::string_view(name_end, value.data()).contains('\r');
  }

  void add_field(beast::field id, std::string_view name, std::string_view value) {
    if (is_folded(name, value)) return refuse("a header field is folded over lines");
    head.fields.push_back({slice(name), slice(value)});
    switch (id) {
      case beast::field::host:
        if (++hosts > 1) refuse("more than one Host");
        break;
      case beast::field::authorization:
        // A proxy might know its caller by another one than we do.
        if (++authorizations > 1) refuse("more than one Authorization");
        break;
      case beast::field::content_length:
        return add_length(value);
      case beast::field::transfer_encoding:
        return add_coding(value);
      case beast::field::expect:
        return add_expectation(value);
      default:
        break;
    }
  }

  void add_length(std::string_view value) {
    if (++lengths > 1 || value.find(',') != std::string_view::npos) {
      refuse("more than one Content-Length");
    }
    if (codings > 0) refuse("both Content-Length and Transfer-Encoding");
  }

  void add_coding(std::string_view value) {
    if (++codings > 1 || !equals_ignoring_case(value, "chunked")) {
      refuse("a Transfer-Encoding other than chunked");
    }
    if (lengths > 0) refuse("both Content-Length and Transfer-Encoding");
    if (!is_http11) refuse("Transfer-Encoding in HTTP/1.0");
  }

  void add_expectation(std::string_view value) {
    expects_continue = true;
    if (equals_ignoring_case(value, "100-continue")) return;
    refuse("an expectation other than 100-continue");
    refusal_code = ErrorCode::kExpectationFailed;
  }

  void refuse(const char* why) {
    if (refusal == nullptr) refusal = why;
  }

  std::optional<Grammar> grammar_;
  const char* message_ = nullptr;
  std::string_view seen_;
};

RequestReader::RequestReader(ReadLimits limits)
    : limits_(limits),
      parser_(std::make_unique<HeadParser>()),
      chunks_(std::make_unique<ChunkDecoder>()),
      buffer_(new char[kBufferBytesMin]),
      capacity_(kBufferBytesMin) {}

RequestReader::~RequestReader() = default;

std::span<char> RequestReader::space() {
  const std::size_t whole = phase_ == Phase::kBody ? head_bytes_ + body_bytes_ : 0;
  const std::size_t here = end_ - begin_;
  // No further than double what has arrived: a length is only a claim until its bytes are here.
  make_room(
      std::clamp(whole > here ? whole - here : 0, kReadBytesMin, std::max(here, kReadBytesMin)));
  return {buffer_.get() + end_, capacity_ - end_};
}

void RequestReader::make_room(std::size_t wanted) {
  if (capacity_ - end_ >= wanted) return;
  const std::size_t here = end_ - begin_;
  if (capacity_ - here >= wanted) {
    std::memmove(buffer_.get(), begin(), here);
  } else {
    const std::size_t capacity = std::max(capacity_ * 2, here + wanted);
    std::unique_ptr<char[]> larger(new char[capacity]);
    std::memcpy(larger.get(), begin(), here);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = here;
}

std::string_view RequestReader::unparsed() const noexcept {
  if (phase_ != Phase::kIdle) return {};
  return {begin(), end_ - begin_};
}

RequestReader::Step RequestReader::next() {
  if (is_complete_) return Step::kRequest;
  if (phase_ == Phase::kIdle && !start()) return Step::kNeedMore;
  return phase_ == Phase::kHead ? read_head() : read_body();
}

/// RFC 9112, 2.2: empty lines before a request line are ignored. False while more may come.
bool RequestReader::skip_empty_lines() {
  while (end_ - begin_ >= 2 && begin()[0] == '\r' && begin()[1] == '\n') begin_ += 2;
  return end_ > begin_ && (begin()[0] != '\r' || end_ - begin_ >= 2);
}

bool RequestReader::start() {
  if (!skip_empty_lines()) return false;
  parser_->restart(limits_);
  parsed_ = head_bytes_ = body_bytes_ = 0;
  phase_ = Phase::kHead;
  return true;
}

RequestReader::Step RequestReader::read_head() {
  error_code error;
  const std::string_view fresh(begin() + parsed_, end_ - begin_ - parsed_);
  parsed_ += parser_->put(begin(), fresh, error);
  if (parser_->refusal != nullptr) return refuse(parser_->refusal_code, parser_->refusal);
  if (error == beast::error::need_more) return check_head_size();
  if (error == beast::error::body_limit) {
    return refuse(ErrorCode::kPayloadTooLarge, "the body is larger than the limit");
  }
  if (error) return refuse(ErrorCode::kInvalidRequest, "the head is not HTTP/1.1");
  return head_complete();
}

RequestReader::Step RequestReader::check_head_size() {
  if (end_ - begin_ < limits_.head_bytes_max) return Step::kNeedMore;
  return refuse_head_size();
}

RequestReader::Step RequestReader::refuse_head_size() {
  const std::size_t target_end = parser_->target_end();
  if (target_end == 0 || target_end >= limits_.head_bytes_max) {
    return refuse(ErrorCode::kUriTooLong, "the request line is longer than the limit");
  }
  return refuse(ErrorCode::kHeadersTooLarge, "the head is larger than the limit");
}

RequestReader::Step RequestReader::head_complete() {
  head_bytes_ = parsed_;
  if (head_bytes_ > limits_.head_bytes_max) return refuse_head_size();
  is_http11_ = parser_->is_http11;
  keep_alive_ = parser_->keep_alive();
  if (is_http11_ && parser_->hosts == 0) {
    return refuse(ErrorCode::kInvalidRequest, "no Host");
  }
  if (parser_->is_done()) return complete({});
  phase_ = Phase::kBody;
  if (limits_.streams && limits_.streams(parser_->method, parser_->head.target.of(begin())))
    return begin_stream();
  if (!parser_->is_chunked() && parser_->content_length() > limits_.body_bytes_max)
    return refuse(ErrorCode::kPayloadTooLarge, "the body is larger than the limit");
  if (parser_->is_chunked()) {
    chunks_->begin(limits_.body_bytes_max, limits_.head_bytes_max);
  } else {
    body_bytes_ = parser_->content_length();
  }
  return read_body();
}

RequestReader::Step RequestReader::read_body() {
  return parser_->is_chunked() ? read_chunked_body() : read_counted_body();
}

RequestReader::Step RequestReader::read_counted_body() {
  if (end_ - begin_ < head_bytes_ + body_bytes_) return Step::kNeedMore;
  parsed_ = head_bytes_ + body_bytes_;
  return complete({begin() + head_bytes_, body_bytes_});
}

RequestReader::Step RequestReader::read_chunked_body() {
  const std::string_view fresh(begin() + head_bytes_, end_ - begin_ - head_bytes_);
  std::size_t taken = 0;
  const ChunkDecoder::Step step = chunks_->put(fresh, taken, chunked_body_);
  // What was taken is in chunked_body_; the head must stay where its views point.
  std::memmove(buffer_.get() + begin_ + head_bytes_, fresh.data() + taken, fresh.size() - taken);
  end_ -= taken;
  switch (step) {
    case ChunkDecoder::Step::kDone:
      return complete(chunked_body_);
    case ChunkDecoder::Step::kNeedMore:
      return Step::kNeedMore;
    case ChunkDecoder::Step::kTooLarge:
    case ChunkDecoder::Step::kFailed:
      break;
  }
  return refuse_chunks(step == ChunkDecoder::Step::kTooLarge);
}

RequestReader::Step RequestReader::refuse_chunks(bool is_too_large) {
  if (is_too_large) return refuse(ErrorCode::kPayloadTooLarge, "the body is larger than the limit");
  return refuse(ErrorCode::kInvalidRequest, "the body is not valid chunked coding");
}

RequestReader::Step RequestReader::complete(std::string_view body) {
  fill_request(body);
  is_complete_ = true;
  return Step::kRequest;
}

RequestReader::Step RequestReader::begin_stream() {
  if (!parser_->is_chunked() && parser_->content_length() > limits_.streamed_bytes_max)
    return refuse(ErrorCode::kPayloadTooLarge, "the body is larger than the limit");
  const std::size_t here = end_ - begin_ - head_bytes_;
  stream_capacity_ = std::max(kStreamBytes, here);
  stream_.reset(new char[stream_capacity_]);
  std::memcpy(stream_.get(), begin() + head_bytes_, here);
  end_ -= here;
  stream_begin_ = 0;
  stream_end_ = here;
  is_streamed_ = true;
  stream_has_come_ = here > 0;
  stream_is_done_ = false;
  if (parser_->is_chunked()) {
    chunks_->begin(limits_.streamed_bytes_max, limits_.head_bytes_max);
  } else {
    body_bytes_ = parser_->content_length();
  }
  return complete({});
}

std::optional<std::uint64_t> RequestReader::body_length() const noexcept {
  if (parser_->is_chunked()) return std::nullopt;
  return parser_->content_length();
}

RequestReader::Piece RequestReader::next_piece() {
  if (stream_is_done_) return Piece::kEnd;
  return parser_->is_chunked() ? next_chunked_piece() : next_counted_piece();
}

/// body_bytes_ is what is still to come.
RequestReader::Piece RequestReader::next_counted_piece() {
  stream_is_done_ = body_bytes_ == 0;
  if (stream_is_done_) return Piece::kEnd;
  if (stream_begin_ == stream_end_) return Piece::kNeedMore;
  piece_ = {stream_.get() + stream_begin_, std::min(stream_end_ - stream_begin_, body_bytes_)};
  stream_begin_ += piece_.size();
  body_bytes_ -= piece_.size();
  return Piece::kPiece;
}

RequestReader::Piece RequestReader::next_chunked_piece() {
  const std::string_view fresh(stream_.get() + stream_begin_, stream_end_ - stream_begin_);
  std::size_t taken = 0;
  chunked_body_.clear();
  const ChunkDecoder::Step step = chunks_->put(fresh, taken, chunked_body_);
  stream_begin_ += taken;
  if (step == ChunkDecoder::Step::kTooLarge || step == ChunkDecoder::Step::kFailed) {
    refuse_chunks(step == ChunkDecoder::Step::kTooLarge);
    return Piece::kFailed;
  }
  stream_is_done_ = step == ChunkDecoder::Step::kDone;
  piece_ = chunked_body_;
  if (!piece_.empty()) return Piece::kPiece;
  return stream_is_done_ ? Piece::kEnd : Piece::kNeedMore;
}

/// All before it was taken. What belongs to another request is not read, where that can be told.
std::span<char> RequestReader::body_space() {
  stream_begin_ = stream_end_ = 0;
  const std::size_t most =
      parser_->is_chunked() ? stream_capacity_ : std::min(stream_capacity_, body_bytes_);
  return {stream_.get(), most};
}

void RequestReader::fill_request(std::string_view body) {
  request_.method = parser_->method;
  parser_->head.fill(request_, begin());
  request_.body = body;
  request_.params.clear();
  request_.stream = nullptr;
  request_.stream_length.reset();
  request_.wants_stream = request_.is_proven = false;
}

RequestReader::Step RequestReader::refuse(ErrorCode code, std::string_view why) {
  error_ = Error{code, "request: " + std::string(why)};
  return Step::kFailed;
}

void RequestReader::consume() {
  const bool was_streamed = std::exchange(is_streamed_, false);
  begin_ += was_streamed || parser_->is_chunked() ? head_bytes_ : parsed_;
  is_complete_ = false;
  phase_ = Phase::kIdle;
  chunked_body_.clear();
  if (chunked_body_.capacity() > kBufferBytesKept) chunked_body_.shrink_to_fit();
  if (begin_ < end_) return;
  begin_ = end_ = 0;
  if (capacity_ > kBufferBytesKept) {
    buffer_.reset(new char[kBufferBytesMin]);
    capacity_ = kBufferBytesMin;
  }
  if (was_streamed) end_stream();
}

/// What came behind the body is of the next request.
void RequestReader::end_stream() {
  const std::size_t behind = stream_end_ - stream_begin_;
  make_room(std::max<std::size_t>(behind, 1));
  std::memcpy(buffer_.get() + end_, stream_.get() + stream_begin_, behind);
  end_ += behind;
  stream_.reset();
}

bool RequestReader::wants_continue() const noexcept {
  if (is_streamed_) return parser_->expects_continue && is_http11_ && !stream_has_come_;
  return phase_ == Phase::kBody && parser_->expects_continue && is_http11_ &&
         end_ - begin_ == head_bytes_ && chunked_body_.empty();
}

std::size_t RequestReader::unread() const noexcept {
  if (!is_complete_) return 0;
  if (is_streamed_) return stream_end_ - stream_begin_;
  return end_ - begin_ - (parser_->is_chunked() ? head_bytes_ : parsed_);
}

}  // namespace flowsell::http
