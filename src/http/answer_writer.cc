#include "answer_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "core/encoding.h"

namespace flowsell::http {

namespace {

constexpr int kGzipLevel = 1;
constexpr int kGzipWindow = 15 + 16;  // zlib: the largest window, in gzip's framing
constexpr int kGzipMemory = 8;
constexpr std::size_t kPackedBytesKept = 256 * 1024;

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

/// What would let a value end its field, and begin another.
constexpr bool is_field_end(char c) { return (c == '\r') | (c == '\n') | (c == '\0'); }

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

bool is_compressible(std::string_view content_type) {
  return content_type.starts_with("text/") || content_type.find("json") != std::string_view::npos ||
         content_type.find("yaml") != std::string_view::npos;
}

bool has_header(const Response& response, std::string_view name) {
  return std::any_of(
      response.headers.begin(), response.headers.end(),
      [name](const Header& header) { return equals_ignoring_case(header.name, name); });
}

/// Cuts the text before `mark` off `rest`.
std::string_view cut(std::string_view& rest, char mark) {
  const std::size_t at = std::min(rest.find(mark), rest.size());
  const std::string_view part = trimmed(rest.substr(0, at));
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return part;
}

/// The parameters behind a coding: ";q=0.000" refuses it.
bool is_refused(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = cut(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    return parameter.find_first_of("123456789") == std::string_view::npos;
  }
  return false;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    std::string_view entry = cut(accept_encoding, ',');
    const std::string_view coding = cut(entry, ';');
    const bool accepted = !is_refused(entry);
    if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) {
      return accepted;
    }
    if (coding == "*") any = accepted;
  }
  return any;
}

bool is_framing_field(std::string_view name) {
  return equals_ignoring_case(name, "content-length") || equals_ignoring_case(name, "connection") ||
         equals_ignoring_case(name, "transfer-encoding");
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  const std::size_t from = out.size();
  out.append(value);
  // Nearly always there is none: a look without a branch for each character is made on many at
  // once.
  bool ends_field = false;
  for (const char c : value) ends_field |= is_field_end(c);
  if (ends_field)
    std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), is_field_end, ' ');
  out.append("\r\n");
}

AnswerWriter::~AnswerWriter() {
  if (deflate_ready_) deflateEnd(&deflate_);
}

AnswerWriter::Parts AnswerWriter::parts_of(const Response& response,
                                           std::string_view accept_encoding) {
  Parts parts;
  parts.has_body = may_have_body(response.status);
  if (!parts.has_body) return parts;
  if (response.stream != nullptr) {
    parts.is_streamed = true;
    parts.length = response.stream_length;
    return parts;
  }
  parts.body = response.body;
  parts.varies = parts.body.size() >= gzip_bytes_min_ && !parts.body.empty() &&
                 is_compressible(response.content_type) &&
                 !has_header(response, "content-encoding");
  parts.is_packed = parts.varies && accepts_gzip(accept_encoding) && gzip(parts.body);
  if (parts.is_packed) parts.body = packed_;
  return parts;
}

void AnswerWriter::write(const Response& response, const AnswerTerms& terms, std::string& out) {
  const Parts parts = parts_of(response, terms.accept_encoding);
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason(response.status)).append("\r\n");
  each_field(response, parts, [&out](std::string_view name, std::string_view value) {
    append_field(out, name, value);
  });
  if (parts.is_streamed && !parts.length && terms.is_http11)
    append_field(out, "Transfer-Encoding", "chunked");
  if (terms.close) {
    out.append("Connection: close\r\n");
  } else if (!terms.is_http11) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  if (!terms.to_head) out.append(parts.body);
}

/// Fills packed_; false when that does not make the body smaller.
bool AnswerWriter::gzip(std::string_view body) {
  if (packed_.capacity() > kPackedBytesKept) std::string().swap(packed_);
  if (!deflate_ready_) {
    deflate_ready_ = deflateInit2(&deflate_, kGzipLevel, Z_DEFLATED, kGzipWindow, kGzipMemory,
                                  Z_DEFAULT_STRATEGY) == Z_OK;
  } else {
    deflateReset(&deflate_);
  }
  if (!deflate_ready_) return false;
  packed_.resize(body.size() - 1);  // room for a gain only
  // zlib's interface predates const; it does not write to its input.
  deflate_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  deflate_.avail_in = static_cast<uInt>(body.size());
  deflate_.next_out = reinterpret_cast<Bytef*>(packed_.data());
  deflate_.avail_out = static_cast<uInt>(packed_.size());
  if (deflate(&deflate_, Z_FINISH) != Z_STREAM_END) return false;
  packed_.resize(packed_.size() - deflate_.avail_out);
  return true;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7), made once a second.
std::string_view AnswerWriter::date() {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  if (now == date_second_) return date_;
  date_second_ = now;
  std::tm utc{};
  gmtime_r(&now, &utc);
  date_ = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                      kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                      kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900,
                      utc.tm_hour, utc.tm_min, utc.tm_sec);
  return date_;
}

}  // namespace flowsell::http
