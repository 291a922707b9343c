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
    grammar_->body_limit(owner_.body_bytes_max_);
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
      if (is_header_done()) return;  // a trailer
      if (id == beast::field::transfer_encoding && !equals_ignoring_case(value, "chunked")) {
        error = beast::error::bad_transfer_encoding;  // a coding we can't undo
        return;
      }
      owner_.headers_.push_back({std::string(name), std::string(value)});
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
      if (length) {
        owner_.body_.reserve(
            static_cast<std::size_t>(std::min<std::uint64_t>(*length, kBodyReservedMax)));
      }
    }
    std::size_t on_body_impl(View piece, error_code&) override {
      owner_.body_.append(piece.data(), piece.size());
      return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View piece, error_code&) override {
      owner_.body_.append(piece.data(), piece.size());
      return piece.size();
    }
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

void AnswerReader::begin(bool to_head) {
  to_head_ = to_head;
  status_ = 0;
  head_bytes_ = 0;
  headers_.clear();
  body_.clear();
  parser_->restart();
}

std::span<char> AnswerReader::space() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ - end_ < kReadBytesMin) {
    const std::size_t here = end_ - begin_;
    if (capacity_ - here >= kReadBytesMin) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, here);
    } else {
      std::unique_ptr<char[]> larger(new char[capacity_ * 2]);
      std::memcpy(larger.get(), buffer_.get() + begin_, here);
      buffer_ = std::move(larger);
      capacity_ *= 2;
    }
    begin_ = 0;
    end_ = here;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

AnswerReader::Step AnswerReader::next() {
  while (true) {
    const bool in_head = !parser_->grammar().is_header_done();
    const Step step = in_head ? parse_head() : parse_body();
    if (step != Step::kAnswer || !is_informational(status_)) return step;
    if (status_ == kSwitchingProtocols) return Step::kFailed;  // nobody asked for another protocol
    begin(to_head_);
  }
}

/// Gives the parser what it has not taken; true unless that broke a rule or a limit.
bool AnswerReader::put() {
  error_code error;
  const boost::asio::const_buffer fresh(buffer_.get() + begin_, end_ - begin_);
  begin_ += parser_->grammar().put(fresh, error);
  if (error && error != beast::error::need_more) return false;
  return end_ - begin_ <= kHeadBytesMax || parser_->grammar().is_done();
}

AnswerReader::Step AnswerReader::parse_head() {
  const std::size_t before = begin_;
  if (begin_ == end_) return Step::kNeedMore;
  if (!put()) return Step::kFailed;
  head_bytes_ += begin_ - before;
  if (head_bytes_ > kHeadBytesMax) return Step::kFailed;
  auto& grammar = parser_->grammar();
  if (grammar.is_done()) return Step::kAnswer;
  if (!grammar.is_header_done()) return Step::kNeedMore;
  grammar.eager(true);
  return parse_body();
}

AnswerReader::Step AnswerReader::parse_body() {
  if (begin_ == end_) return Step::kNeedMore;
  if (!put()) return Step::kFailed;
  return parser_->grammar().is_done() ? Step::kAnswer : Step::kNeedMore;
}

AnswerReader::Step AnswerReader::closed() {
  auto& grammar = parser_->grammar();
  if (!grammar.got_some() || !grammar.is_header_done() || !grammar.need_eof()) {
    return Step::kNeedMore;
  }
  error_code error;
  grammar.put_eof(error);
  return error ? Step::kNeedMore : Step::kAnswer;
}

bool AnswerReader::reusable() const noexcept {
  return parser_->grammar().is_done() && parser_->grammar().keep_alive() && begin_ == end_;
}

}  // namespace flowsell::http
