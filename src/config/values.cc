#include "values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/encoding.h"

namespace flowsell::config {
namespace {

constexpr std::size_t kKeyDigits = 64;

std::unexpected<Error> expected_value(std::string_view what) {
  return fail(ErrorCode::kInvalidRequest, "expected " + std::string(what));
}

bool is_ip(int family, std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

/// "host:port" taken apart, brackets of IPv6 removed.
struct HostAndPort {
  std::string_view host;
  std::uint16_t port;
  bool is_v6;
};

std::optional<HostAndPort> split_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_number(text.substr(colon + 1), {0, 65535});
  if (!port) return std::nullopt;
  HostAndPort parts{text.substr(0, colon), static_cast<std::uint16_t>(*port), false};
  if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
    parts.is_v6 = true;
    if (!is_ip(AF_INET6, parts.host)) return std::nullopt;
  }
  return parts;
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, is_host_character);
}

/// What follows "http://" or "https://"; nullopt for any other scheme.
std::optional<std::string_view> after_scheme(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  }
  return std::nullopt;
}

bool is_authority(std::string_view authority) {
  if (is_host_name(authority)) return true;
  if (authority.starts_with('[') && authority.ends_with(']')) {
    return is_ip(AF_INET6, authority.substr(1, authority.size() - 2));
  }
  const auto parts = split_port(authority);
  return parts && parts->port != 0 && (parts->is_v6 || is_host_name(parts->host));
}

}  // namespace

Result<std::int64_t> parse_number(std::string_view text, Range range) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
  if (!whole || value < range.min || value > range.max) {
    return expected_value("a whole number from " + std::to_string(range.min) + " to " +
                          std::to_string(range.max));
  }
  return value;
}

Result<bool> parse_switch(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return expected_value("true or false");
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto parts = split_port(text);
  if (!parts || (!parts->is_v6 && !is_ip(AF_INET, parts->host))) {
    return expected_value("an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080");
  }
  return ListenAddress{std::string(parts->host), parts->port};
}

Result<std::string> parse_target(std::string_view text) {
  const auto parts = split_port(text);
  if (!parts || parts->port == 0 || (!parts->is_v6 && !is_host_name(parts->host))) {
    return expected_value("host:port, such as localhost:9000 or 10.0.0.7:8443");
  }
  return std::string(text);
}

Result<std::string> parse_base_url(std::string_view text) {
  if (text.empty()) return std::string();
  const auto rest = after_scheme(text);
  const bool clean =
      text.find_first_of("@?# \t\r\n\\") == std::string_view::npos && !text.ends_with('/');
  if (!rest || !clean || !is_authority(rest->substr(0, rest->find('/')))) {
    return expected_value("an http or https URL without user, query, fragment or slash at its end");
  }
  return std::string(text);
}

Result<std::string> parse_server_name(std::string_view text) {
  constexpr std::size_t kLengthMax = 64;
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:";
  if (text.size() > kLengthMax || text.find_first_not_of(kAllowed) != std::string_view::npos) {
    return expected_value("up to 64 letters, digits, '-', '.', '_' and ':'");
  }
  return std::string(text);
}

Result<Secret> parse_key(std::string_view text) {
  if (text.empty()) return Secret();
  if (text.size() != kKeyDigits || !hex_decode(text)) {
    return expected_value("64 hexadecimal digits, as `openssl rand -hex 32` prints");
  }
  return Secret(std::string(text));
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  if (text.empty()) return items;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    std::string_view item = text.substr(start, comma - start);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    items.emplace_back(item);
    start = comma + 1;
  }
  return items;
}

std::string_view host_of(std::string_view base_url) {
  const auto rest = after_scheme(base_url);
  if (!rest) return {};
  const std::string_view authority = rest->substr(0, rest->find('/'));
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && is_ip(AF_INET, host));
}

}  // namespace flowsell::config
