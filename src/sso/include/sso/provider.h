#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "core/sensitive.h"
#include "identity/permissions.h"
#include "oidc/claims.h"
#include "oidc/provider.h"

namespace flowsell::sso {

/// An identity provider that people sign in with: one workspace's, or everybody's, which the
/// settings name.
struct Provider {
  std::string key;        ///< its name everywhere: "idp_...", or "google", "microsoft"
  WorkspaceId workspace;  ///< none: everybody's
  std::string name;
  std::string issuer;
  std::string client_id;
  oidc::ClientAuth auth = oidc::ClientAuth::kBasic;
  /// What a member becomes who comes by it.
  identity::Role role = identity::Role::kViewer;
  /// Addresses in the workspace's domains count as proven though the provider does not say so:
  /// Microsoft's never does.
  bool trusts_email = false;
  bool is_enabled = true;
  Time created_at{};
  Time updated_at{};

  bool is_global() const noexcept { return workspace.is_none(); }
};

/// Names of client authentication as the API has them: "client_secret_basic", ...
std::string_view auth_name(oidc::ClientAuth auth) noexcept;
std::optional<oidc::ClientAuth> auth_named(std::string_view name) noexcept;

/// Providers of everybody, from the settings. An empty client id: there is no such one.
struct GlobalOptions {
  std::string google_client_id;
  Secret google_client_secret;
  std::string microsoft_client_id;
  Secret microsoft_client_secret;
  /// Tenants (GUIDs) that may come; empty: all organizations'.
  std::vector<std::string> microsoft_tenants;
  // Where the presets are; another address is for tests.
  std::string google_issuer = "https://accounts.google.com";
  std::string microsoft_issuer = "https://login.microsoftonline.com/{tenantid}/v2.0";
};

inline constexpr std::string_view kGoogle = "google";
inline constexpr std::string_view kMicrosoft = "microsoft";

/// A provider with its secret opened, ready to be asked.
struct OpenProvider {
  Provider provider;
  Secret secret;
};

/// What people call a global provider; empty: that is none's key.
std::string_view global_name(std::string_view key) noexcept;

/// The global provider of that key.
std::optional<OpenProvider> global_provider(const GlobalOptions& options, std::string_view key);

/// Whether a global provider's word about somebody's address is proof that it is his.
///
/// Google is the authority for gmail.com and for the domains of its customers ("hd"); of any other
/// address it only once saw that a mail arrived. Microsoft's addresses are what a tenant's
/// administrator wrote.
bool proves_email(std::string_view provider_key, const oidc::Claims& claims);
/// Whether a tenant may come by "microsoft".
bool takes_tenant(const GlobalOptions& options, std::string_view tenant);

}  // namespace flowsell::sso
