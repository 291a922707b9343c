#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/sensitive.h"

namespace flowsell::oidc {

/// How the client proves itself to the token endpoint (OpenID Connect Core 1.0, section 9).
enum class ClientAuth : std::uint8_t {
  kBasic,  ///< client_secret_basic, what a provider must support
  kPost,   ///< client_secret_post
  kNone,   ///< a public client: PKCE alone
};

/// What stands for the tenant in the issuer of Microsoft's multi-tenant documents.
inline constexpr std::string_view kTenantTemplate = "{tenantid}";

/// One OpenID Connect provider and our registration with it.
struct Provider {
  /// Exactly as the provider's discovery document names it (Discovery 1.0, section 4.3): with or
  /// without its last slash, as it is there. An https URL without query; http is taken for a
  /// loopback address that the egress guard allows. Google's is "https://accounts.google.com".
  ///
  /// Microsoft, any tenant: "https://login.microsoftonline.com/{tenantid}/v2.0", which is what
  /// their document says, braces and all. The braces are then replaced by `tenant` to find the
  /// document, and by each token's own tenant (`tid`, a GUID) to check the token's issuer and the
  /// issuer of the key that signed it. Claims::issuer is the tenant's own, so that the same subject
  /// of two tenants is two identities. Source: Microsoft identity platform, "Validate the issuer"
  /// and "Validate the signing key issuer". One tenant only: put its GUID in place of the braces,
  /// and nothing of this happens.
  std::string issuer;
  std::string client_id;
  Secret client_secret;  ///< empty with kNone
  /// "openid" is asked for in any case.
  std::vector<std::string> scopes = {"email", "profile"};
  ClientAuth auth = ClientAuth::kBasic;
  /// Used with {tenantid} only: "organizations" (work and school), "common" (these and private
  /// accounts). Which tenants may sign in is the caller's to decide, by Claims::tenant.
  std::string tenant = "organizations";
};

}  // namespace flowsell::oidc
