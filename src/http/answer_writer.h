#pragma once

#include <zlib.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "core/encoding.h"
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

  /// What goes on the wire of an answer's body. Valid until the next call of parts_of().
  struct Parts {
    std::string_view body;
    bool has_body = false;   ///< else it has no length, either
    bool is_packed = false;  ///< by gzip, into the writer's own memory
    bool varies = false;     ///< with Accept-Encoding
    bool is_streamed = false;
    std::optional<std::uint64_t> length;  ///< of a stream, where it is known
  };
  Parts parts_of(const Response& response, std::string_view accept_encoding);

  /// Calls `field(name, value)` for each field of the head but those of one hop. The values live
  /// until then only.
  template <class F>
  void each_field(const Response& response, const Parts& parts, F field);

  /// Appends the whole answer, as HTTP/1.1, to `out`; of a streamed one its head. Where its length
  /// is not known it is chunked, or, in HTTP/1.0, the caller ends the connection after it.
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
  std::string weak_tag_;
  std::array<char, 20> length_{};
};

/// True when an Accept-Encoding value allows gzip (RFC 9110, 12.5.3): named or "*", and not with
/// q=0.
bool accepts_gzip(std::string_view accept_encoding);

/// Says where a message ends, or whether the connection does: never a caller's to set.
bool is_framing_field(std::string_view name);

/// Appends "name: value" and a line end. Line ends and NUL inside become spaces: a value can't add
/// a field.
void append_field(std::string& out, std::string_view name, std::string_view value);

template <class F>
void AnswerWriter::each_field(const Response& response, const Parts& parts, F field) {
  field("Date", date());
  if (!parts.body.empty() || parts.is_streamed)
    field("Content-Type", std::string_view(response.content_type));
  for (const Header& header : response.headers) {
    if (is_framing_field(header.name) || equals_ignoring_case(header.name, "date")) continue;
    // The packed bytes are another representation: the tag stays true of it only as a weak one.
    if (parts.is_packed && equals_ignoring_case(header.name, "etag") &&
        !header.value.starts_with("W/")) {
      weak_tag_ = "W/" + header.value;
      field(header.name, std::string_view(weak_tag_));
    } else {
      field(header.name, std::string_view(header.value));
    }
  }
  if (parts.is_packed) field("Content-Encoding", "gzip");
  if (parts.varies) field("Vary", "Accept-Encoding");
  if (!parts.has_body || (parts.is_streamed && !parts.length)) return;
  const std::uint64_t length = parts.is_streamed ? *parts.length : parts.body.size();
  const auto [end, error] = std::to_chars(length_.data(), length_.data() + length_.size(), length);
  field("Content-Length", std::string_view(length_.data(), end));
}

}  // namespace flowsell::http
