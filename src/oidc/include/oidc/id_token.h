#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "oidc/claims.h"
#include "oidc/fault.h"

namespace flowsell::oidc {

/// What we accept as a signature (RFC 7518, section 3.1; RFC 8037). There is no "none" and nothing
/// symmetric to choose: a public key can't become an HMAC's.
enum class Algorithm : std::uint8_t { kRs256, kPs256, kEs256, kEdDsa };
/// nullopt: not one of ours.
std::optional<Algorithm> algorithm_of(std::string_view name) noexcept;

/// What a token must say. Views live as long as the call.
struct Expectations {
  std::string_view issuer;  ///< Provider::issuer, {tenantid} included
  std::string_view client_id;
  std::string_view nonce;
  std::string_view access_token;  ///< what `at_hash` must fit; empty: not checked
  std::vector<Algorithm> algorithms = {};
  Time now;
};

/// Checks one ID token against the text of a JWK Set: the whole of OpenID Connect Core 1.0, section
/// 3.1.3.7, with 60 seconds of leeway. Pure: no I/O, no clock, any thread.
///
/// Fails with the faults kToken...; kAnswerInvalid when `jwks` is no JWK Set. kTokenUnknownKey is
/// the one that a newer JWK Set may cure: no key has the token's kid, or the token names none and
/// the one key there is did not sign it.
Result<Claims> verify_id_token(std::string_view token, std::string_view jwks,
                               const Expectations& expected);

}  // namespace flowsell::oidc
