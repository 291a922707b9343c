#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flowsell::http {

class BodySource;

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
std::string_view method_name(Method method) noexcept;
/// Names are case-sensitive (RFC 9110, 9.1).
Method method_of(std::string_view name) noexcept;

struct Header {
  std::string name;
  std::string value;
};

/// Without the spaces and tabs around it: what may stand so around a field's value and its parts
/// (RFC 9110, 5.6.3).
std::string_view trimmed(std::string_view text) noexcept;

/// One request as the server read it. Views point into the connection's buffer: valid until the
/// handler's coroutine ends. The whole body has arrived, unless it is read as a stream.
struct Request {
  struct Field {
    std::string_view name;
    std::string_view value;
  };
  Method method = Method::kGet;
  std::string_view target;  ///< as sent: "/v1/messages?limit=10"
  std::string_view path;    ///< before '?', not decoded
  std::string_view query;   ///< after '?', not decoded
  std::vector<Field> fields;
  std::string_view body;
  std::string_view remote_address;  ///< the peer's numeric address
  bool is_proven = false;           ///< another replica has looked at it, and proves that it did
  std::string_view id;              ///< the door's name of it: for answers and records
  std::vector<std::string> params;  ///< what the route's "{}" segments matched, percent-decoded
  /// Where the body is read in pieces instead (ServerOptions::streams): its source, which lives as
  /// long as the handler's coroutine. What the handler leaves of it is thrown away.
  BodySource* stream = nullptr;
  std::optional<std::uint64_t> stream_length = std::nullopt;  ///< as the client says
  bool wants_stream = false;  ///< its route may answer with a stream

  /// The first field of that name in any case; empty when absent.
  std::string_view header(std::string_view name) const noexcept;
  /// Sets target, path and query. An absolute target ("http://host/path") has its path behind its
  /// origin (RFC 9112, 3.2.2).
  void set_target(std::string_view text) noexcept;
};

/// As a status: the server closes the connection without an answer. For simulators that play a
/// broken peer.
inline constexpr int kCloseUnanswered = 0;

struct Response {
  int status = 200;                               ///< or kCloseUnanswered
  std::string content_type = "application/json";  ///< not sent when the body is empty
  std::vector<Header> headers;  ///< Content-Length, Date, Connection are the server's own
  std::string body;
  bool is_relayed = false;  ///< another server's answer, passed on as it came
  bool cut_in_half =
      false;  ///< the connection is closed in the middle of the answer: simulators only
  /// The body in pieces, in place of `body`. Where it fails, or is not as long as `stream_length`,
  /// the answer is cut, so that nobody takes it for whole.
  std::shared_ptr<BodySource> stream = nullptr;
  std::optional<std::uint64_t> stream_length = std::nullopt;
};

}  // namespace flowsell::http
