#include "issuer.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "core/encoding.h"
#include "oidc/fault.h"

namespace flowsell::oidc {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/openid-configuration";
constexpr std::size_t kGuidLength = 36;

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  boost::system::error_code not_literal;
  const auto address = boost::asio::ip::make_address(host, not_literal);
  return !not_literal && address.is_loopback();
}

/// A name or a GUID: nothing that would change the shape of the URL that it is put into.
bool is_tenant_name(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text,
                             [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                      (c >= '0' && c <= '9') || c == '-' || c == '.';
                             }) &&
         text.find("..") == std::string_view::npos && text != ".";
}

}  // namespace

std::optional<http::Url> parse_secure_url(std::string_view text, const http::EgressGuard& guard) {
  auto url = http::Url::parse(text);
  if (!url) return std::nullopt;
  if (!url->tls && !(is_loopback(url->host) && guard.check(*url))) return std::nullopt;
  return *std::move(url);
}

bool has_tenant_template(std::string_view issuer) noexcept {
  return issuer.find(kTenantTemplate) != std::string_view::npos;
}

std::string with_tenant(std::string_view text, std::string_view tenant) {
  std::string out;
  while (true) {
    const auto at = text.find(kTenantTemplate);
    out.append(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    out.append(tenant);
    text.remove_prefix(at + kTenantTemplate.size());
  }
}

bool is_guid(std::string_view text) noexcept {
  if (text.size() != kGuidLength) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_hyphen_place = i == 8 || i == 13 || i == 18 || i == 23;
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (is_hyphen_place ? c != '-' : !is_hex) return false;
  }
  return true;
}

bool could_be_issuer(std::string_view issuer, std::string_view actual) {
  const auto at = issuer.find(kTenantTemplate);
  if (at == std::string_view::npos) return issuer == actual;
  if (actual.size() < at) return false;
  const std::string_view tenant = actual.substr(at, kGuidLength);
  return is_guid(tenant) && with_tenant(issuer, tenant) == actual;
}

Result<http::Url> discovery_url(const Provider& provider, const http::EgressGuard& guard) {
  std::string text = provider.issuer;
  if (has_tenant_template(text)) {
    if (!is_tenant_name(provider.tenant)) return fail(Fault::kProviderMisconfigured, "tenant");
    text = with_tenant(text, provider.tenant);
  }
  if (text.find('?') != std::string::npos) return fail(Fault::kProviderMisconfigured, "issuer");
  if (text.ends_with('/')) text.pop_back();
  auto url = parse_secure_url(text.append(kWellKnown), guard);
  if (!url) return fail(Fault::kProviderMisconfigured, "issuer");
  return *std::move(url);
}

}  // namespace flowsell::oidc
