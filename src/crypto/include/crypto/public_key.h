#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

struct evp_pkey_st;

namespace flowsell::crypto {

enum class SignatureScheme : std::uint8_t {
  kRsaPkcs1Sha256,
  kRsaPssSha256,
  kEcdsaSha256,  ///< the signature in DER
  kEd25519,
};

/// Somebody else's public key, by OpenSSL. What makes it comes from outside: only keys are made
/// that are sound, and not so large that they cost us much.
class PublicKey {
 public:
  /// Both big-endian; `n` of 2048 to 8192 bits.
  static std::optional<PublicKey> rsa(std::string_view n, std::string_view e);
  /// A point of P-256, 32 bytes each.
  static std::optional<PublicKey> p256(std::string_view x, std::string_view y);
  /// 32 bytes.
  static std::optional<PublicKey> ed25519(std::string_view x);

  /// False too where the scheme is none of this key's.
  bool verifies(SignatureScheme scheme, std::string_view signed_text,
                std::string_view signature) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  using Handle = std::unique_ptr<evp_pkey_st, Free>;
  explicit PublicKey(Handle key) : key_(std::move(key)) {}
  static std::optional<PublicKey> of(evp_pkey_st* key);

  Handle key_;
};

/// A signature of ECDSA with P-256 that is r and s, 32 bytes each (RFC 7518, section 3.4), in DER.
/// nullopt: it is not.
std::optional<std::string> ecdsa_der(std::string_view r_and_s);

}  // namespace flowsell::crypto
