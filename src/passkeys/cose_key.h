#pragma once

#include <string_view>

#include "crypto/public_key.h"
#include "passkeys/fault.h"

namespace flowsell::passkeys {

/// COSE algorithms that are asked for (RFC 9053, RFC 8812), the preferred one first.
inline constexpr int kEs256 = -7;
inline constexpr int kEdDsa = -8;
inline constexpr int kRs256 = -257;

/// A credential's public key, and the one algorithm that it signs with.
class CoseKey {
 public:
  /// Fails with kMalformed and kUnsupportedKey: ES256 with P-256, EdDSA with Ed25519, RS256 with
  /// 2048 to 8192 bits, as WebAuthn Level 3, section 5.8.5, has them.
  static Checked<CoseKey> parse(std::string_view cose);

  /// `signature` in the form of WebAuthn Level 3, section 6.5.5: of ECDSA in DER.
  bool verifies(std::string_view signed_text, std::string_view signature) const {
    return key_.verifies(scheme_, signed_text, signature);
  }

 private:
  CoseKey(crypto::PublicKey key, crypto::SignatureScheme scheme)
      : key_(std::move(key)), scheme_(scheme) {}
  crypto::PublicKey key_;
  crypto::SignatureScheme scheme_;
};

}  // namespace flowsell::passkeys
