#include "public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <optional>
#include <string>

#include "core/encoding.h"
#include "encoding.h"
#include "fields.h"

namespace flowsell::oidc {
namespace {

constexpr int kRsaBitsMin = 2048;  // RFC 7518, section 3.3
constexpr int kRsaBitsMax = 8192;  // a larger one costs us milliseconds each
constexpr int kRsaExponentBitsMax = 64;
constexpr std::size_t kCoordinateBytes = 32;

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    kFree(object);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

/// OpenSSL's errors wait in a queue of the thread, where TLS would take them for its own.
struct ErrorsCleared {
  ErrorsCleared() = default;
  ErrorsCleared(const ErrorsCleared&) = delete;
  ErrorsCleared& operator=(const ErrorsCleared&) = delete;
  ~ErrorsCleared() { ERR_clear_error(); }
};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::string> member(const json::Object& jwk, std::string_view name) {
  const auto text = text_of(jwk, name);
  return text ? base64url_decode(*text) : std::nullopt;
}

/// A coordinate or a key of fixed length, to the byte.
std::optional<std::string> fixed_member(const json::Object& jwk, std::string_view name) {
  auto bytes = member(jwk, name);
  return bytes && bytes->size() == kCoordinateBytes ? std::move(bytes) : std::nullopt;
}

BigNumber number_of(std::string_view bytes) {
  return BigNumber(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

BigNumber number_member(const json::Object& jwk, std::string_view name, int bits_min,
                        int bits_max) {
  const auto bytes = member(jwk, name);
  if (!bytes || bytes->size() > kRsaBitsMax / 8 + 1) return nullptr;
  BigNumber number = number_of(*bytes);
  if (number == nullptr || BN_num_bits(number.get()) < bits_min ||
      BN_num_bits(number.get()) > bits_max || !BN_is_odd(number.get())) {
    return nullptr;
  }
  return number;
}

bool is_of_type(const json::Object& jwk, std::string_view type, std::string_view curve) {
  return text_of(jwk, "kty") == type && (curve.empty() || text_of(jwk, "crv") == curve);
}

/// r and s, 32 bytes each (RFC 7518, section 3.4), as the DER that OpenSSL reads.
std::optional<std::string> to_der(std::string_view raw) {
  if (raw.size() != 2 * kCoordinateBytes) return std::nullopt;
  const EcdsaSignature signature(ECDSA_SIG_new());
  BigNumber r = number_of(raw.substr(0, kCoordinateBytes));
  BigNumber s = number_of(raw.substr(kCoordinateBytes));
  if (signature == nullptr || r == nullptr || s == nullptr) return std::nullopt;
  if (ECDSA_SIG_set0(signature.get(), r.release(), s.release()) != 1) return std::nullopt;
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &out);
  if (size <= 0) return std::nullopt;
  std::string der(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  OPENSSL_free(out);
  return der;
}

bool use_pss(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

KeyHandle from_params(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  if (params == nullptr || context == nullptr) return nullptr;
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return KeyHandle(key);
}

KeyHandle rsa_key(const json::Object& jwk) {
  if (!is_of_type(jwk, "RSA", {})) return nullptr;
  const BigNumber n = number_member(jwk, "n", kRsaBitsMin, kRsaBitsMax);
  const BigNumber e = number_member(jwk, "e", 2, kRsaExponentBitsMax);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (n == nullptr || e == nullptr || builder == nullptr) return nullptr;
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return from_params("RSA", builder.get());
}

/// OpenSSL refuses a point that is not on the curve.
KeyHandle p256_key(const json::Object& jwk) {
  if (!is_of_type(jwk, "EC", "P-256")) return nullptr;
  const auto x = fixed_member(jwk, "x");
  const auto y = fixed_member(jwk, "y");
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!x || !y || builder == nullptr) return nullptr;
  const std::string point = '\4' + *x + *y;  // uncompressed (SEC 1, section 2.3.3)
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  return from_params("EC", builder.get());
}

KeyHandle ed25519_key(const json::Object& jwk) {
  if (!is_of_type(jwk, "OKP", "Ed25519")) return nullptr;
  const auto x = fixed_member(jwk, "x");
  if (!x) return nullptr;
  return KeyHandle(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*x), x->size()));
}

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

PublicKey::PublicKey(Algorithm algorithm, const json::Object& jwk) : algorithm_(algorithm) {
  const ErrorsCleared cleared;
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
  const ErrorsCleared cleared;
  std::string der;
  if (algorithm_ == Algorithm::kEs256) {
    auto converted = to_der(signature);
    if (!converted) return false;
    der = *std::move(converted);
    signature = der;
  }
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* details = nullptr;  // the context's own
  const EVP_MD* const digest = algorithm_ == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), &details, digest, nullptr, key_.get()) != 1) {
    return false;
  }
  if (algorithm_ == Algorithm::kPs256 && !use_pss(details)) return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                          bytes_of(signed_text), signed_text.size()) == 1;
}

}  // namespace flowsell::oidc
