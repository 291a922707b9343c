#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "http/egress_guard.h"
#include "http/url.h"
#include "oidc/id_token.h"

namespace flowsell::oidc {

constexpr std::size_t kDiscoveryBytesMax = 64 * 1024;

/// What we use of a discovery document (Discovery 1.0, section 3).
struct Metadata {
  std::string authorization_endpoint;
  http::Url token_endpoint;
  http::Url jwks_uri;
  std::optional<http::Url> userinfo_endpoint;
  std::string end_session_endpoint;   ///< empty: none
  std::vector<Algorithm> algorithms;  ///< the provider's that are ours too; never empty
  bool sends_issuer = false;          ///< RFC 9207, section 3
};

/// Fails with kDiscoveryInvalid, kDiscoveryIssuer (anything but `issuer`, to the letter) or
/// kNoCommonAlgorithm.
Result<Metadata> parse_metadata(std::string_view text, std::string_view issuer,
                                const http::EgressGuard& guard);

}  // namespace flowsell::oidc
