#include "answer_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <limits>
#include <optional>

#include "core/encoding.h"

namespace flowsell::http {

namespace beast = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr int kSwitchingProtocols = 101;
constexpr std::size_t kBufferBytes = 8 * 1024;
constexpr std::size_t kHeadBytesMax = 64 * 1024;  // also of one chunk's framing and of the trailers
constexpr std::size_t kReadBytesMin = 1024;
constexpr std::size_t kPieceBytes = 32 * 1024;
constexpr std::size_t kPiecesBytesMax = std::size_t{1} << 40;
constexpr std::size_t kBodyReservedMax =
    64 * 1024;  // a length is only a claim until its bytes are here

bool is_informational(int status) { return status / 100 == 1; }

}  // namespace

class AnswerReader::Parser final {
 public:
  explicit Parser(AnswerReader& owner) : owner_(owner) {}

  void restart() {
    grammar_.emplace(owner_);
    grammar_->header_limit(std::numeric_limits<std::uint32_t>::max());
    grammar_->body_limit(owner_.body_most_);
    if (owner_.to_head_) grammar_->skip(true);
  }

  class Grammar final : public beast::basic_parser<false> {
   public:
    explicit Grammar(AnswerReader& owner) : owner_(owner) {}

   private:
    using View = boost::beast::string_view;
    void on_request_impl(beast::verb, View, View, int, error_code&) override {}
    void on_response_impl(int status, View, int, error_code&) override {
      owner_.status_ = status;
      owner_.headers_.clear();
    }
    void on_field_impl(beast::field id, View name, View value, error_code& error) override {
      if (id == beast::field::transfer_encoding && !equals_ignoring_case(value, "chunked")) {
        error = beast::error::bad_transfer_encoding;  // a coding we can't undo
        return;
      }
      owner_.headers_.push_back({std::string(name), std::string(value)});
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(View, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    AnswerReader& owner_;
  };

  Grammar& grammar() noexcept { return *grammar_; }

 private:
  AnswerReader& owner_;
  std::optional<Grammar> grammar_;
};

AnswerReader::AnswerReader(std::size_t body_bytes_max)
    : body_bytes_max_(body_bytes_max),
      parser_(std::make_unique<Parser>(*this)),
      buffer_(new char[kBufferBytes]),
      capacity_(kBufferBytes) {}

AnswerReader::~AnswerReader() = default;

void AnswerReader::begin(bool to_head, bool in_pieces) {
  to_head_ = to_head;
  in_pieces_ = in_pieces;
  body_most_ = in_pieces ? kPiecesBytesMax : body_bytes_max_;
  body_total_ = 0;
  status_ = 0;
  head_bytes_ = body_bytes_ = 0;
  framing_ = Framing::kUnknown;
  is_complete_ = keep_alive_ = false;
  headers_.clear();
  body_.clear();
  parser_->restart();
}

void AnswerReader::resize(std::size_t capacity) {
  const std::size_t here = end_ - begin_;
  std::unique_ptr<char[]> other(new char[capacity]);
  std::memcpy(other.get(), buffer_.get() + begin_, here);
  buffer_ = std::move(other);
  capacity_ = capacity;
  begin_ = 0;
  end_ = here;
}

std::optional<std::uint64_t> AnswerReader::body_length() const noexcept {
  if (framing_ == Framing::kNone) return 0;
  return framing_ == Framing::kCounted ? std::optional<std::uint64_t>(body_bytes_) : std::nullopt;
}

std::span<char> AnswerReader::space() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ - end_ < kReadBytesMin) {
    const std::size_t here = end_ - begin_;
    if (capacity_ - here >= kReadBytesMin) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, here);
      begin_ = 0;
      end_ = here;
    } else {
      resize(capacity_ * 2);
    }
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

AnswerReader::Step AnswerReader::next() {
  while (true) {
    const Step step = framing_ == Framing::kUnknown ? parse_head() : read_body();
    const bool is_whole = step == Step::kAnswer || step == Step::kHead;
    if (!is_whole || !is_informational(status_)) return step;
    const bool is_switch = status_ == kSwitchingProtocols;
    begin(to_head_, in_pieces_);
    if (is_switch) return Step::kFailed;  // nobody asked for another protocol
  }
}

AnswerReader::Step AnswerReader::parse_head() {
  if (begin_ == end_) return Step::kNeedMore;
  auto& grammar = parser_->grammar();
  error_code error;
  const boost::asio::const_buffer fresh(buffer_.get() + begin_, end_ - begin_);
  const std::size_t taken = grammar.put(fresh, error);
  begin_ += taken;
  head_bytes_ += taken;
  if (error && error != beast::error::need_more) return Step::kFailed;
  const bool is_done = grammar.is_header_done();
  if (head_bytes_ + (is_done ? 0 : end_ - begin_) > kHeadBytesMax) return Step::kFailed;
  if (!is_done) return Step::kNeedMore;
  keep_alive_ = grammar.keep_alive();
  return begin_body();
}

/// Beast judged by RFC 9112, 6.3, how long the body is; it is read here.
AnswerReader::Step AnswerReader::begin_body() {
  auto& grammar = parser_->grammar();
  if (grammar.is_done()) {
    framing_ = Framing::kNone;
  } else if (grammar.chunked()) {
    framing_ = Framing::kChunked;
    chunks_.begin(body_most_, kHeadBytesMax);
  } else if (grammar.need_eof()) {
    framing_ = Framing::kUntilClose;
  } else {
    framing_ = Framing::kCounted;
    body_bytes_ = static_cast<std::size_t>(grammar.content_length().value_or(0));
    if (!in_pieces_) body_.reserve(std::min(body_bytes_, kBodyReservedMax));
  }
  if (!in_pieces_) return read_body();
  if (body_length().value_or(kPieceBytes) > capacity_) resize(std::max(capacity_, kPieceBytes));
  return Step::kHead;
}

AnswerReader::Step AnswerReader::read_body() {
  const std::string_view fresh(buffer_.get() + begin_, end_ - begin_);
  switch (framing_) {
    case Framing::kCounted:
      return read_counted(fresh);
    case Framing::kChunked:
      return read_chunks(fresh);
    case Framing::kUntilClose:
      if (fresh.size() > body_most_ - body_total_) return Step::kFailed;
      body_.append(fresh);
      body_total_ += fresh.size();
      begin_ = end_;
      return Step::kNeedMore;
    case Framing::kUnknown:
    case Framing::kNone:
      break;
  }
  is_complete_ = true;
  return Step::kAnswer;
}

AnswerReader::Step AnswerReader::read_counted(std::string_view fresh) {
  const std::string_view piece = fresh.substr(0, body_bytes_ - body_total_);
  body_.append(piece);
  begin_ += piece.size();
  body_total_ += piece.size();
  is_complete_ = body_total_ == body_bytes_;
  return is_complete_ ? Step::kAnswer : Step::kNeedMore;
}

AnswerReader::Step AnswerReader::read_chunks(std::string_view fresh) {
  std::size_t taken = 0;
  const ChunkDecoder::Step step = chunks_.put(fresh, taken, body_);
  begin_ += taken;
  if (step == ChunkDecoder::Step::kNeedMore) return Step::kNeedMore;
  is_complete_ = step == ChunkDecoder::Step::kDone;
  return is_complete_ ? Step::kAnswer : Step::kFailed;
}

AnswerReader::Step AnswerReader::closed() {
  if (framing_ != Framing::kUntilClose) return Step::kNeedMore;
  is_complete_ = true;
  return Step::kAnswer;
}

bool AnswerReader::reusable() const noexcept {
  return is_complete_ && keep_alive_ && framing_ != Framing::kUntilClose && begin_ == end_;
}

}  // namespace flowsell::http
