#include "soft_authenticator.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <stdexcept>

#include "core/encoding.h"
#include "crypto/hash.h"

namespace flowsell::passkeys::testing_support {
namespace {

using Kind = SoftAuthenticator::Kind;

void require(bool fact) {
  if (!fact) throw std::runtime_error("OpenSSL failed in a test");
}

evp_pkey_st* new_key(Kind kind) {
  switch (kind) {
    case Kind::kEs256:
      return EVP_EC_gen("P-256");
    case Kind::kEs384:
      return EVP_EC_gen("P-384");
    case Kind::kRs256:
      return EVP_RSA_gen(2048);
    case Kind::kEdDsa:
      break;
  }
  return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
}

std::string number_of(EVP_PKEY* key, const char* name, int width) {
  BIGNUM* number = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  const int size = width > 0 ? width : BN_num_bytes(number);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), size);
  BN_free(number);
  return bytes;
}

std::string pair(std::int64_t label, const std::string& value) {
  return cbor_integer(label) + value;
}

std::string ec_key(EVP_PKEY* key, std::int64_t algorithm, std::int64_t curve, int width) {
  return cbor_head(5, 5) + pair(1, cbor_integer(2)) + pair(3, cbor_integer(algorithm)) +
         pair(-1, cbor_integer(curve)) +
         pair(-2, cbor_bytes(number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, width))) +
         pair(-3, cbor_bytes(number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, width)));
}

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  return out;
}

}  // namespace

std::string cbor_head(unsigned major, std::uint64_t argument) {
  const auto first = [major](unsigned low) {
    return std::string(1, static_cast<char>(major << 5 | low));
  };
  if (argument <= 23) return first(static_cast<unsigned>(argument));
  if (argument <= 0xFF) return first(24) + big_endian(argument, 1);
  if (argument <= 0xFFFF) return first(25) + big_endian(argument, 2);
  if (argument <= 0xFFFFFFFF) return first(26) + big_endian(argument, 4);
  return first(27) + big_endian(argument, 8);
}

std::string cbor_integer(std::int64_t value) {
  return value >= 0 ? cbor_head(0, static_cast<std::uint64_t>(value))
                    : cbor_head(1, static_cast<std::uint64_t>(-1 - value));
}
std::string cbor_bytes(std::string_view bytes) { return cbor_head(2, bytes.size()).append(bytes); }
std::string cbor_text(std::string_view text) { return cbor_head(3, text.size()).append(text); }

SoftAuthenticator::SoftAuthenticator(Kind kind) : kind_(kind), key_(new_key(kind), EVP_PKEY_free) {}

std::string SoftAuthenticator::public_key() const {
  EVP_PKEY* const key = key_.get();
  if (kind_ == Kind::kEs256) return ec_key(key, -7, 1, 32);
  if (kind_ == Kind::kEs384) return ec_key(key, -35, 2, 48);
  if (kind_ == Kind::kRs256) {
    return cbor_head(5, 4) + pair(1, cbor_integer(3)) + pair(3, cbor_integer(-257)) +
           pair(-1, cbor_bytes(number_of(key, OSSL_PKEY_PARAM_RSA_N, 0))) +
           pair(-2, cbor_bytes(number_of(key, OSSL_PKEY_PARAM_RSA_E, 0)));
  }
  std::array<std::uint8_t, 32> x{};
  std::size_t size = x.size();
  require(EVP_PKEY_get_raw_public_key(key, x.data(), &size) == 1);
  return cbor_head(5, 4) + pair(1, cbor_integer(1)) + pair(3, cbor_integer(-8)) +
         pair(-1, cbor_integer(6)) + pair(-2, cbor_bytes(as_text(x)));
}

std::string SoftAuthenticator::client_data(std::string_view type,
                                           std::string_view challenge) const {
  return "{\"type\":\"" + std::string(type) + "\",\"challenge\":\"" +
         base64url_encode(as_bytes(challenge)) + "\",\"origin\":\"" + origin + '"' +
         client_data_more + '}';
}

std::string SoftAuthenticator::authenticator_data(bool with_credential) const {
  const unsigned flags = (user_present ? 0x01U : 0U) | (user_verified ? 0x04U : 0U) |
                         (backup_eligible ? 0x08U : 0U) | (backed_up ? 0x10U : 0U) |
                         (with_credential ? 0x40U : 0U);
  std::string data(as_text(crypto::sha256(rp_id)));
  data += big_endian(flags, 1) + big_endian(sign_count, 4);
  if (with_credential)
    data +=
        std::string(16, '\0') + big_endian(credential_id.size(), 2) + credential_id + public_key();
  return data;
}

std::string SoftAuthenticator::sign(std::string_view text) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  const EVP_MD* const digest = kind_ == Kind::kEdDsa ? nullptr : EVP_sha256();
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  require(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1);
  require(EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1);
  std::string signature(size, '\0');
  require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         bytes, text.size()) == 1);
  signature.resize(size);
  return signature;
}

RegistrationAnswer SoftAuthenticator::make(std::string_view challenge) const {
  RegistrationAnswer made;
  made.id = credential_id;
  made.client_data = client_data("webauthn.create", challenge);
  made.attestation_object = cbor_head(5, 3) + cbor_text("fmt") + cbor_text(format) +
                            cbor_text("attStmt") + cbor_head(5, 0) + cbor_text("authData") +
                            cbor_bytes(authenticator_data(true));
  made.transports = {"internal", "hybrid"};
  return made;
}

AssertionAnswer SoftAuthenticator::answer(std::string_view challenge) {
  if (counts) ++sign_count;
  AssertionAnswer answer;
  answer.id = credential_id;
  answer.client_data = client_data("webauthn.get", challenge);
  answer.authenticator_data = authenticator_data(false);
  answer.signature =
      sign(answer.authenticator_data + std::string(as_text(crypto::sha256(answer.client_data))));
  answer.user_handle = user_handle;
  return answer;
}

}  // namespace flowsell::passkeys::testing_support
