#include "http/url.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace flowsell::http {

namespace {

constexpr std::size_t kUrlBytesMax = 2048;
constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::kInvalidRequest, "url: " + std::string(why));
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// Letters, digits, '-' and '_' in labels of 1 to 63 bytes. `name` is lower case.
bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > kHostBytesMax) return false;
  std::size_t label = 0;
  for (const char c : name) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else if (!is_name_char(c) || ++label > kLabelBytesMax) {
      return false;
    }
  }
  return label > 0;
}

Result<std::string> read_host(const boost::urls::url_view& url) {
  using boost::urls::host_type;
  if (url.host_type() == host_type::ipv6) {
    std::string host(url.encoded_host_address());
    if (host.find('%') != std::string::npos) return refuse("an address with a zone");
    std::transform(host.begin(), host.end(), host.begin(), to_lower);
    return host;
  }
  if (url.host_type() == host_type::ipvfuture) return refuse("an unknown kind of address");
  std::string host(url.encoded_host());
  if (host.empty()) return refuse("names no host");
  std::transform(host.begin(), host.end(), host.begin(), to_lower);
  if (host.back() == '.') host.pop_back();  // the root's dot names the same host
  if (!is_host_name(host)) return refuse("the host is not an ASCII host name or an address");
  return host;
}

Result<std::uint16_t> read_port(const boost::urls::url_view& url, bool tls) {
  if (!url.has_port() || url.port().empty()) return static_cast<std::uint16_t>(tls ? 443 : 80);
  const std::uint16_t port = url.port_number();  // 0 when it does not fit
  if (port == 0) return refuse("the port is not 1 to 65535");
  return port;
}

std::string read_target(const boost::urls::url_view& url) {
  std::string target(url.encoded_path());
  if (target.empty()) target = "/";
  if (url.has_query()) {
    target += '?';
    target += std::string_view(url.encoded_query());
  }
  return target;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > kUrlBytesMax) return refuse("longer than 2048 bytes");
  const auto parsed = boost::urls::parse_uri(boost::core::string_view(text.data(), text.size()));
  if (!parsed) return refuse("not an absolute URL");
  const boost::urls::url_view& url = *parsed;
  if (url.scheme_id() != boost::urls::scheme::https &&
      url.scheme_id() != boost::urls::scheme::http) {
    return refuse("the scheme is neither https nor http");
  }
  if (!url.has_authority()) return refuse("names no host");
  if (url.has_userinfo()) return refuse("holds a user or password");
  if (url.has_fragment()) return refuse("holds a fragment");
  // Boost.URL 1.81 takes "host:80x/" and reads "x/" as a path (RFC 3986, 3.3: it must begin with a
  // slash here).
  const std::string_view path(url.encoded_path());
  if (!path.empty() && path.front() != '/') return refuse("the host or port is malformed");

  Url result;
  result.tls = url.scheme_id() == boost::urls::scheme::https;
  TRY(result.host, read_host(url));
  TRY(result.port, read_port(url, result.tls));
  result.target = read_target(url);
  return result;
}

std::string Url::origin() const {
  std::string text = tls ? "https://" : "http://";
  const bool bracketed = host.find(':') != std::string::npos;
  if (bracketed) text += '[';
  text += host;
  if (bracketed) text += ']';
  if (port != (tls ? 443 : 80)) {
    text += ':';
    text += std::to_string(port);
  }
  return text;
}

}  // namespace flowsell::http
