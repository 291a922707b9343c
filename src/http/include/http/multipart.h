#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::http {

/// The boundary of a Content-Type that is multipart/form-data; nullopt: it is not, or has none that
/// RFC 2046, 5.1.1 allows.
std::optional<std::string> multipart_boundary(std::string_view content_type);

/// One part's head.
struct MultipartPart {
  std::string name;
  std::optional<std::string> filename;  ///< of a file; it may be empty
  std::string content_type;             ///< empty: none given
};

/// Cuts a multipart/form-data body (RFC 7578) into parts, as its bytes come. No I/O. How the bytes
/// were cut never changes the parts; what a part's pieces hold together does not depend on it.
class MultipartReader {
 public:
  enum class Step : std::uint8_t {
    kNeedMore,  ///< put() more
    kPart,      ///< part() begins
    kData,      ///< data() is of it, valid until the next call
    kPartEnd,
    kEnd,     ///< of all: what is put behind it is not looked at
    kFailed,  ///< error() says why
  };

  explicit MultipartReader(std::string_view boundary);

  /// After kNeedMore, and at first.
  void put(std::string_view bytes);
  Step next();
  const MultipartPart& part() const noexcept { return part_; }
  std::string_view data() const noexcept { return data_; }
  const Error& error() const noexcept { return error_; }
  /// How many of the bytes that were put are still to be looked at.
  std::size_t held() const noexcept { return held_.size() - at_; }

 private:
  enum class State : std::uint8_t { kBegin, kDelimiter, kHead, kData, kEnd, kFailed };

  Step read_delimiter();
  Step read_head();
  Step read_data();
  Step fail_with(std::string_view why);
  bool read_field(std::string_view line);
  bool read_disposition(std::string_view value);

  const std::string delimiter_;  ///< CRLF, two dashes, the boundary
  std::string held_;
  std::size_t at_ = 0;  ///< what of `held_` is done with
  State state_ = State::kBegin;
  bool has_name_ = false;
  std::size_t parts_ = 0;
  MultipartPart part_;
  std::string_view data_;
  Error error_;
};

/// A value for a quoted parameter of a part's head, as browsers write it (WHATWG HTML, 4.10.21.8).
std::string multipart_quoted(std::string_view text);

}  // namespace flowsell::http
