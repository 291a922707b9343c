#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "crypto/key_ring.h"
#include "crypto/seal.h"
#include "privacy/request.h"

namespace flowsell::privacy {

/// Signs certificates of deletions: Ed25519 (RFC 8032), so that who has the public key alone can
/// check them.
class CertificateKey {
 public:
  using Public = std::array<std::uint8_t, 32>;

  /// The key that the master key determines.
  static CertificateKey of(const crypto::KeyRing& ring) {
    return CertificateKey(ring.derive("deletion-certificates"));
  }
  explicit CertificateKey(const crypto::Key& seed);

  const Public& public_key() const noexcept { return public_key_; }
  /// 64 bytes.
  std::string sign(std::string_view text) const;

 private:
  crypto::Key seed_;
  Public public_key_{};
};

/// That a deletion was done: one line of JSON, with what stays and the key that proves it. What is
/// signed are the bytes before `,"signature"`, behind "flowsell-connect/deletion/1:".
std::string certificate_of(const DataRequest& request, Time finished_at, const CertificateKey& key);

struct Verified {
  std::string id;       ///< the request's
  std::string subject;  ///< "account usr_..."
  Time finished_at{};
  CertificateKey::Public signed_by{};  ///< by whoever has this key: compare it
};
/// Fails with kInvalidSignature (it was changed, or never was one) and kInvalidRequest (it is not
/// one at all).
Result<Verified> verify_certificate(std::string_view text);

}  // namespace flowsell::privacy
