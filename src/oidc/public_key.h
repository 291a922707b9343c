#pragma once

#include <optional>
#include <string_view>

#include "crypto/public_key.h"
#include "json/json.h"
#include "oidc/id_token.h"

namespace flowsell::oidc {

/// A public key of a JWK, and the one algorithm that it is used with.
///
/// By OpenSSL itself and no JOSE library of Debian 12's, because: cjose and jose know no EdDSA,
/// read the same hostile JSON a second time with a parser that keeps one of two equal members, take
/// RSA keys of any size and any curve for ES256, and bring the code of JWE along; libjwt knows no
/// JWK.
class PublicKey {
 public:
  /// Holds nothing unless `jwk` is a key for `algorithm` (RFC 7518, section 6; RFC 8037): RSA of
  /// 2048 to 8192 bits, P-256, Ed25519.
  PublicKey(Algorithm algorithm, const json::Object& jwk);
  bool is_usable() const noexcept { return key_.has_value(); }

  /// `signature` is in the form of RFC 7518, section 3. Must be usable.
  bool verifies(std::string_view signed_text, std::string_view signature) const;

 private:
  Algorithm algorithm_;
  std::optional<crypto::PublicKey> key_;
};

}  // namespace flowsell::oidc
