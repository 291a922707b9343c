#include "passkeys/relying_party.h"

#include <algorithm>

#include "core/encoding.h"
#include "http/url.h"

namespace flowsell::passkeys {
namespace {

constexpr std::string_view kLocalhost = "localhost";

bool is_loopback(std::string_view host) { return host.starts_with("127.") || host == "::1"; }

/// An IPv6 address has colons; the last label of a name is never all digits.
bool is_address(std::string_view host) {
  if (host.contains(':')) return true;
  const auto label = host.substr(host.rfind('.') + 1);
  return std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<RelyingParty> RelyingParty::of(std::string_view base_url, std::string_view id) {
  auto url = http::Url::parse(base_url);
  if (!url) return std::nullopt;
  if (is_loopback(url->host)) url->host = kLocalhost;
  const bool is_secure = url->tls || url->host == kLocalhost;
  if (!is_secure || is_address(url->host)) return std::nullopt;
  return RelyingParty{id.empty() ? url->host : lower_case(id), url->origin()};
}

}  // namespace flowsell::passkeys
