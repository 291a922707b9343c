#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "oidc/id_token.h"

namespace flowsell::oidc {

/// A signed token in its compact form (RFC 7515, section 3.1), cut and decoded; nothing is verified
/// yet. Views point into the token.
struct Jws {
  Algorithm algorithm = Algorithm::kRs256;
  std::optional<std::string> kid;
  std::string_view signing_input;
  std::string payload;
  std::string signature;
};

/// Reads `alg`, `kid`, `typ` and `crit` of the header and nothing else: keys or addresses of keys
/// in it are the sender's own word. Fails with kTokenMalformed, or kTokenAlgorithm where `alg` is
/// not among `allowed`.
Result<Jws> parse_jws(std::string_view token, std::span<const Algorithm> allowed);

}  // namespace flowsell::oidc
