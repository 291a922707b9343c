#include "passkeys/relying_party.h"

#include <algorithm>

namespace flowsell::passkeys {
namespace {

constexpr std::string_view kLocalhost = "localhost";

struct Url {
  std::string scheme, host, port;  ///< the port with its colon, or empty
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::optional<Url> cut(std::string_view url) {
  const auto slashes = url.find("://");
  if (slashes == std::string_view::npos) return std::nullopt;
  std::string_view authority = url.substr(slashes + 3);
  authority = authority.substr(0, authority.find('/'));
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  const auto host = has_port ? authority.substr(0, colon) : authority;
  Url out{lower(url.substr(0, slashes)), lower(host), {}};
  if (has_port) out.port = authority.substr(colon);
  return out;
}

/// An origin has no port where it is the scheme's own (RFC 6454, section 6.1).
bool is_own_port(const Url& url) {
  return (url.scheme == "https" && url.port == ":443") ||
         (url.scheme == "http" && url.port == ":80");
}

bool is_loopback(std::string_view host) { return host.starts_with("127.") || host == "[::1]"; }

/// An IPv6 address has brackets; the last label of a name is never all digits.
bool is_address(std::string_view host) {
  if (host.starts_with('[')) return true;
  const auto label = host.substr(host.rfind('.') + 1);
  return std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<RelyingParty> RelyingParty::of(std::string_view base_url, std::string_view id) {
  auto url = cut(base_url);
  if (!url) return std::nullopt;
  if (is_loopback(url->host)) url->host = kLocalhost;
  const bool is_secure = url->scheme == "https" || url->host == kLocalhost;
  if (!is_secure || is_address(url->host) || url->port == ":0") return std::nullopt;
  if (is_own_port(*url)) url->port.clear();
  return RelyingParty{id.empty() ? url->host : lower(id),
                      url->scheme + "://" + url->host + url->port};
}

}  // namespace flowsell::passkeys
