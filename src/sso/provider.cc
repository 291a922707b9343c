#include "sso/provider.h"

#include <algorithm>
#include <array>

#include "core/encoding.h"

namespace flowsell::sso {
namespace {

struct AuthName {
  oidc::ClientAuth auth;
  std::string_view name;
};
constexpr std::array kAuthNames = {AuthName{oidc::ClientAuth::kBasic, "client_secret_basic"},
                                   AuthName{oidc::ClientAuth::kPost, "client_secret_post"},
                                   AuthName{oidc::ClientAuth::kNone, "none"}};

OpenProvider made(std::string_view key, const std::string& issuer, const std::string& client_id,
                  const Secret& secret) {
  OpenProvider global;
  global.provider.key = key;
  global.provider.name = global_name(key);
  global.provider.issuer = issuer;
  global.provider.client_id = client_id;
  global.provider.auth = oidc::ClientAuth::kPost;
  global.secret = secret;
  return global;
}

}  // namespace

std::string_view auth_name(oidc::ClientAuth auth) noexcept {
  const auto found = std::ranges::find(kAuthNames, auth, &AuthName::auth);
  return found == kAuthNames.end() ? "" : found->name;
}

std::optional<oidc::ClientAuth> auth_named(std::string_view name) noexcept {
  const auto found = std::ranges::find(kAuthNames, name, &AuthName::name);
  return found == kAuthNames.end() ? std::nullopt : std::optional(found->auth);
}

std::string_view global_name(std::string_view key) noexcept {
  if (key == kGoogle) return "Google";
  return key == kMicrosoft ? "Microsoft" : "";
}

std::optional<OpenProvider> global_provider(const GlobalOptions& options, std::string_view key) {
  if (key == kGoogle && !options.google_client_id.empty()) {
    return made(kGoogle, options.google_issuer, options.google_client_id,
                options.google_client_secret);
  }
  if (key == kMicrosoft && !options.microsoft_client_id.empty()) {
    return made(kMicrosoft, options.microsoft_issuer, options.microsoft_client_id,
                options.microsoft_client_secret);
  }
  return std::nullopt;
}

bool proves_email(std::string_view provider_key, const oidc::Claims& claims) {
  if (provider_key != kGoogle || !claims.email_verified) return false;
  const auto at = claims.email.rfind('@');
  if (at == std::string::npos) return false;
  const bool is_private = equals_ignoring_case(claims.email.substr(at + 1), "gmail.com");
  return is_private || !claims.hosted_domain.empty();
}

bool takes_tenant(const GlobalOptions& options, std::string_view tenant) {
  return options.microsoft_tenants.empty() ||
         std::ranges::any_of(options.microsoft_tenants, [tenant](const std::string& each) {
           return equals_ignoring_case(each, tenant);
         });
}

}  // namespace flowsell::sso
