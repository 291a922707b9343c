#pragma once

#include <zlib.h>

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

#include "http/message.h"

namespace flowsell::http {

/// How one request wants its answer.
struct AnswerTerms {
  bool to_head = false;   ///< head only, with the length the body would have
  bool close = false;     ///< the connection ends after it
  bool is_http11 = true;  ///< HTTP/1.0 must be told that the connection stays
  std::string_view accept_encoding;
};

/// Puts answers on the wire. One a context: it keeps the date of the current second and one
/// compressor.
class AnswerWriter {
 public:
  explicit AnswerWriter(std::size_t gzip_bytes_min) : gzip_bytes_min_(gzip_bytes_min) {}
  ~AnswerWriter();
  AnswerWriter(const AnswerWriter&) = delete;
  AnswerWriter& operator=(const AnswerWriter&) = delete;

  /// Appends the whole answer to `out`.
  void write(const Response& response, const AnswerTerms& terms, std::string& out);

 private:
  bool gzip(std::string_view body);
  std::string_view date();

  std::size_t gzip_bytes_min_;
  std::time_t date_second_ = -1;
  std::string date_;
  z_stream deflate_{};
  bool deflate_ready_ = false;
  std::string packed_;
};

/// True when an Accept-Encoding value allows gzip (RFC 9110, 12.5.3): named or "*", and not with
/// q=0.
bool accepts_gzip(std::string_view accept_encoding);

/// Appends "name: value" and a line end. Line ends and NUL inside become spaces: a value can't add
/// a field.
void append_field(std::string& out, std::string_view name, std::string_view value);

}  // namespace flowsell::http
