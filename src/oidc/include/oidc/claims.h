#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace flowsell::oidc {

/// What a provider says of who signed in. Who it is are `issuer` and `subject` together, and
/// nothing else (OpenID Connect Core 1.0, section 5.7): an email address is reassigned, and another
/// provider may claim it. All the rest is for show, or for a rule of the caller's.
///
/// Beyond those two a claim of the wrong type, or one that is too long, counts as absent.
struct Claims {
  std::string issuer;   ///< with Microsoft's {tenantid}: the tenant's own
  std::string subject;  ///< 1 to 255 printable ASCII characters
  std::string email;    ///< empty: not told
  /// The provider says that it has proved the address. Never true with {tenantid}: there each
  /// tenant's administrator decides what the address says.
  bool email_verified = false;
  std::string name;
  std::string hosted_domain;  ///< Google: "hd"; empty for private accounts
  std::string tenant;         ///< Microsoft: "tid"
  std::string session;        ///< "sid": the provider's session
  std::string acr;
  std::vector<std::string> amr;  ///< "pwd", "mfa", ... (RFC 8176)
  std::optional<Time> auth_time;
};

}  // namespace flowsell::oidc
