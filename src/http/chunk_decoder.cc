#include "chunk_decoder.h"

#include <algorithm>

namespace flowsell::http {

namespace {

constexpr unsigned kNotHex = 16;

unsigned hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return kNotHex;
}

bool is_space(char c) { return c == ' ' || c == '\t'; }

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

}  // namespace

void ChunkDecoder::begin(std::size_t body_bytes_max, std::size_t framing_bytes_max) {
  state_ = State::kSizeFirst;
  size_ = framing_ = 0;
  room_ = body_bytes_max;
  framing_max_ = framing_bytes_max;
}

ChunkDecoder::Step ChunkDecoder::put(std::string_view bytes, std::size_t& taken,
                                     std::string& body) {
  taken = 0;
  while (taken < bytes.size()) {
    if (state_ == State::kData) {
      taken += put_data(bytes.substr(taken), body);
      continue;
    }
    const char c = bytes[taken++];
    state_ = ++framing_ > framing_max_ ? State::kFailed : after(c);
    if (state_ == State::kDone) return Step::kDone;
    if (state_ == State::kTooLarge) return Step::kTooLarge;
    if (state_ == State::kFailed) return Step::kFailed;
  }
  return Step::kNeedMore;
}

std::size_t ChunkDecoder::put_data(std::string_view bytes, std::string& body) {
  const std::string_view piece = bytes.substr(0, size_);
  body.append(piece);
  size_ -= piece.size();
  if (size_ == 0) state_ = State::kDataReturn;
  return piece.size();
}

ChunkDecoder::State ChunkDecoder::after(char c) {
  switch (state_) {
    case State::kSizeFirst:
      return hex_value(c) == kNotHex ? State::kFailed : after_size(c);
    case State::kSize:
      return after_size(c);
    case State::kSizeSpace:
      if (is_space(c)) return State::kSizeSpace;
      return c == ';' ? State::kExtension : State::kFailed;
    case State::kExtension:
      if (c == '\r') return State::kSizeEnd;
      return is_control(c) ? State::kFailed : State::kExtension;
    case State::kSizeEnd:
      return c == '\n' ? after_size_line() : State::kFailed;
    case State::kDataReturn:
      return c == '\r' ? State::kDataEnd : State::kFailed;
    case State::kDataEnd:
      return c == '\n' ? after_data() : State::kFailed;
    case State::kTrailerFirst:
      if (c == '\r') return State::kLastEnd;
      return is_control(c) || is_space(c) ? State::kFailed : State::kTrailer;
    case State::kTrailer:
      if (c == '\r') return State::kTrailerEnd;
      return is_control(c) ? State::kFailed : State::kTrailer;
    case State::kTrailerEnd:
      return c == '\n' ? State::kTrailerFirst : State::kFailed;
    case State::kLastEnd:
      return c == '\n' ? State::kDone : State::kFailed;
    default:
      return State::kFailed;
  }
}

ChunkDecoder::State ChunkDecoder::after_size(char c) {
  const unsigned digit = hex_value(c);
  if (digit != kNotHex) return add_digit(digit);
  if (c == '\r') return State::kSizeEnd;
  if (c == ';') return State::kExtension;
  return is_space(c) ? State::kSizeSpace : State::kFailed;
}

ChunkDecoder::State ChunkDecoder::add_digit(unsigned digit) {
  if (size_ > room_ / 16) return State::kTooLarge;  // before it could overflow
  size_ = size_ * 16 + digit;
  return size_ > room_ ? State::kTooLarge : State::kSize;
}

ChunkDecoder::State ChunkDecoder::after_data() {
  framing_ = 0;
  return State::kSizeFirst;
}

ChunkDecoder::State ChunkDecoder::after_size_line() {
  framing_ = 0;
  if (size_ == 0) return State::kTrailerFirst;
  room_ -= size_;
  return State::kData;
}

}  // namespace flowsell::http
