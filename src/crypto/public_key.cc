#include "crypto/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace flowsell::crypto {
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

BigNumber number_of(std::string_view bytes) {
  return BigNumber(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

/// An odd number of so many bits.
BigNumber odd_number(std::string_view bytes, int bits_min, int bits_max) {
  if (bytes.size() > kRsaBitsMax / 8 + 1) return nullptr;
  BigNumber number = number_of(bytes);
  if (number == nullptr || BN_num_bits(number.get()) < bits_min ||
      BN_num_bits(number.get()) > bits_max || !BN_is_odd(number.get())) {
    return nullptr;
  }
  return number;
}

/// nullptr where OpenSSL refuses it.
EVP_PKEY* key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  if (params == nullptr || context == nullptr) return nullptr;
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return key;
}

/// The type of key that a scheme is of.
int type_of(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kRsaPkcs1Sha256:
    case SignatureScheme::kRsaPssSha256:
      return EVP_PKEY_RSA;
    case SignatureScheme::kEcdsaSha256:
      return EVP_PKEY_EC;
    case SignatureScheme::kEd25519:
      return EVP_PKEY_ED25519;
  }
  return EVP_PKEY_NONE;
}

bool use_pss(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

void PublicKey::Free::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

std::optional<PublicKey> PublicKey::of(evp_pkey_st* key) {
  return key == nullptr ? std::nullopt : std::optional(PublicKey(Handle(key)));
}

std::optional<PublicKey> PublicKey::rsa(std::string_view n_bytes, std::string_view e_bytes) {
  const ErrorsCleared cleared;
  const BigNumber n = odd_number(n_bytes, kRsaBitsMin, kRsaBitsMax);
  const BigNumber e = odd_number(e_bytes, 2, kRsaExponentBitsMax);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (n == nullptr || e == nullptr || builder == nullptr) return std::nullopt;
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return std::nullopt;
  }
  return of(key_from("RSA", builder.get()));
}

/// OpenSSL refuses a point that is not on the curve.
std::optional<PublicKey> PublicKey::p256(std::string_view x, std::string_view y) {
  const ErrorsCleared cleared;
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes || builder == nullptr)
    return std::nullopt;
  std::string point = "\4";  // uncompressed (SEC 1, section 2.3.3)
  point.append(x).append(y);
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return std::nullopt;
  }
  return of(key_from("EC", builder.get()));
}

std::optional<PublicKey> PublicKey::ed25519(std::string_view x) {
  const ErrorsCleared cleared;
  if (x.size() != kCoordinateBytes) return std::nullopt;
  return of(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()));
}

bool PublicKey::verifies(SignatureScheme scheme, std::string_view signed_text,
                         std::string_view signature) const {
  const ErrorsCleared cleared;
  if (EVP_PKEY_get_base_id(key_.get()) != type_of(scheme)) return false;
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* details = nullptr;  // the context's own
  const EVP_MD* const digest = scheme == SignatureScheme::kEd25519 ? nullptr : EVP_sha256();
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), &details, digest, nullptr, key_.get()) != 1) {
    return false;
  }
  if (scheme == SignatureScheme::kRsaPssSha256 && !use_pss(details)) return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                          bytes_of(signed_text), signed_text.size()) == 1;
}

std::optional<std::string> ecdsa_der(std::string_view raw) {
  const ErrorsCleared cleared;
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

}  // namespace flowsell::crypto
