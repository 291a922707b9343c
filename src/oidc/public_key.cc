#include "public_key.h"

#include <string>

#include "core/encoding.h"
#include "fields.h"

namespace flowsell::oidc {
namespace {

using Key = std::optional<crypto::PublicKey>;

std::optional<std::string> member(const json::Object& jwk, std::string_view name) {
  const auto text = text_of(jwk, name);
  return text ? base64url_decode(*text) : std::nullopt;
}

bool is_of_type(const json::Object& jwk, std::string_view type, std::string_view curve) {
  return text_of(jwk, "kty") == type && (curve.empty() || text_of(jwk, "crv") == curve);
}

Key rsa_key(const json::Object& jwk) {
  const auto n = member(jwk, "n");
  const auto e = member(jwk, "e");
  if (!is_of_type(jwk, "RSA", {}) || !n || !e) return std::nullopt;
  return crypto::PublicKey::rsa(*n, *e);
}

Key p256_key(const json::Object& jwk) {
  const auto x = member(jwk, "x");
  const auto y = member(jwk, "y");
  if (!is_of_type(jwk, "EC", "P-256") || !x || !y) return std::nullopt;
  return crypto::PublicKey::p256(*x, *y);
}

Key ed25519_key(const json::Object& jwk) {
  const auto x = member(jwk, "x");
  if (!is_of_type(jwk, "OKP", "Ed25519") || !x) return std::nullopt;
  return crypto::PublicKey::ed25519(*x);
}

crypto::SignatureScheme scheme_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
      return crypto::SignatureScheme::kRsaPkcs1Sha256;
    case Algorithm::kPs256:
      return crypto::SignatureScheme::kRsaPssSha256;
    case Algorithm::kEs256:
      return crypto::SignatureScheme::kEcdsaSha256;
    case Algorithm::kEdDsa:
      break;
  }
  return crypto::SignatureScheme::kEd25519;
}

}  // namespace

PublicKey::PublicKey(Algorithm algorithm, const json::Object& jwk) : algorithm_(algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
    case Algorithm::kPs256:
      key_ = rsa_key(jwk);
      break;
    case Algorithm::kEs256:
      key_ = p256_key(jwk);
      break;
    case Algorithm::kEdDsa:
      key_ = ed25519_key(jwk);
      break;
  }
}

bool PublicKey::verifies(std::string_view signed_text, std::string_view signature) const {
  std::string der;
  if (algorithm_ == Algorithm::kEs256) {
    auto converted = crypto::ecdsa_der(signature);
    if (!converted) return false;
    der = *std::move(converted);
    signature = der;
  }
  return key_->verifies(scheme_of(algorithm_), signed_text, signature);
}

}  // namespace flowsell::oidc
