#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace flowsell::http {

/// Takes the chunked transfer coding (RFC 9112, 7.1) off a body, as strictly as its grammar says:
/// line ends are CRLF, nothing but an extension follows a size. Extensions and trailers are read
/// over. Our own because Beast 1.81 asserts when a last chunk comes in pieces ("0\r\n", then "\r").
class ChunkDecoder {
 public:
  enum class Step : std::uint8_t {
    kNeedMore,
    kDone,
    kTooLarge,  ///< the body is larger than the limit
    kFailed,    ///< not the chunked coding, or a framing line larger than its limit
  };

  void begin(std::size_t body_bytes_max, std::size_t framing_bytes_max);
  /// Appends to `body`; `taken` says how many bytes were read: all, unless the body ended before.
  Step put(std::string_view bytes, std::size_t& taken, std::string& body);

 private:
  enum class State : std::uint8_t {
    kSizeFirst,  ///< the size's first digit
    kSize,
    kSizeSpace,  ///< behind a size, before ';'
    kExtension,
    kSizeEnd,  ///< the line feed behind size and extension
    kData,
    kDataReturn,  ///< the carriage return behind the data
    kDataEnd,
    kTrailerFirst,
    kTrailer,
    kTrailerEnd,
    kLastEnd,  ///< the last line feed of all
    kDone,
    kFailed,
    kTooLarge,
  };

  State after(char c);
  State after_size(char c);
  State add_digit(unsigned digit);
  State after_size_line();
  State after_data();
  std::size_t put_data(std::string_view bytes, std::string& body);

  State state_ = State::kSizeFirst;
  std::size_t size_ = 0;     ///< of this chunk: what is still to come
  std::size_t room_ = 0;     ///< what the body may still grow
  std::size_t framing_ = 0;  ///< of this chunk's line, or of all trailers
  std::size_t framing_max_ = 0;
};

}  // namespace flowsell::http
