#include "test_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <stdexcept>

#include "core/encoding.h"

namespace flowsell::oidc::testing_support {
namespace {

void require(bool fact) {
  if (!fact) throw std::runtime_error("OpenSSL failed in a test");
}

std::string number_param(EVP_PKEY* key, const char* name, int width) {
  BIGNUM* number = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  const int size = width > 0 ? width : BN_num_bytes(number);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), size);
  BN_free(number);
  return base64url_encode(as_bytes(bytes));
}

std::map<std::string, std::string> members_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    return {{"kty", "RSA"},
            {"n", number_param(key, OSSL_PKEY_PARAM_RSA_N, 0)},
            {"e", number_param(key, OSSL_PKEY_PARAM_RSA_E, 0)}};
  }
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    const int width = (EVP_PKEY_get_bits(key) + 7) / 8;
    return {{"kty", "EC"},
            {"crv", width == 32 ? "P-256" : "P-384"},
            {"x", number_param(key, OSSL_PKEY_PARAM_EC_PUB_X, width)},
            {"y", number_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, width)}};
  }
  std::array<std::uint8_t, 32> bytes;
  std::size_t size = bytes.size();
  require(EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) == 1);
  return {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base64url_encode(bytes)}};
}

std::string from_der(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size()));
  require(signature != nullptr);
  std::string raw(64, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32);
  ECDSA_SIG_free(signature);
  return raw;
}

std::string object_of(const std::map<std::string, std::string>& members) {
  std::string text = "{";
  for (const auto& [name, value] : members) {
    if (text.size() > 1) text += ',';
    text += '"' + name + "\":" + value;
  }
  return text + '}';
}

}  // namespace

TestKey::TestKey(evp_pkey_st* key) : key_(key, EVP_PKEY_free), members_(members_of(key)) {}

const TestKey& TestKey::rsa() {
  static const TestKey key(EVP_RSA_gen(2048));
  return key;
}
const TestKey& TestKey::other_rsa() {
  static const TestKey key(EVP_RSA_gen(2048));
  return key;
}
const TestKey& TestKey::short_rsa() {
  static const TestKey key(EVP_RSA_gen(1024));
  return key;
}
const TestKey& TestKey::p256() {
  static const TestKey key(EVP_EC_gen("P-256"));
  return key;
}
const TestKey& TestKey::p384() {
  static const TestKey key(EVP_EC_gen("P-384"));
  return key;
}
const TestKey& TestKey::ed25519() {
  static const TestKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return key;
}

std::string TestKey::jwk(std::string_view more) const {
  std::string text = "{";
  for (const auto& [name, value] : members_) text += '"' + name + "\":\"" + value + "\",";
  if (more.empty()) {
    text.pop_back();
  } else {
    text += more;
  }
  return text + '}';
}

std::string TestKey::sign(std::string_view algorithm, std::string_view text) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* details = nullptr;
  const EVP_MD* digest = algorithm == "EdDSA" ? nullptr : EVP_sha256();
  require(EVP_DigestSignInit(context, &details, digest, nullptr, key_.get()) == 1);
  if (algorithm == "PS256") {
    require(EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) == 1);
    require(EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  std::string signature(1024, '\0');
  std::size_t size = signature.size();
  require(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1);
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return algorithm == "ES256" ? from_der(signature) : signature;
}

std::string key_set(const std::vector<std::string>& keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) {
    if (text.back() != '[') text += ',';
    text += key;
  }
  return text + "]}";
}

TokenDraft& TokenDraft::claim(const std::string& name, std::string json) {
  payload[name] = std::move(json);
  return *this;
}

TokenDraft& TokenDraft::without(const std::string& name) {
  payload.erase(name);
  return *this;
}

std::string TokenDraft::signed_by(const TestKey& key, const std::string& algorithm) const {
  auto all = header;
  all.try_emplace("alg", '"' + algorithm + '"');
  all.try_emplace("kid", R"("k1")");
  std::erase_if(all, [](const auto& member) { return member.second.empty(); });
  return signed_compact(object_of(all), object_of(payload), key, algorithm);
}

std::string compact(std::string_view header, std::string_view payload, std::string_view signature) {
  return base64url_encode(as_bytes(header)) + '.' + base64url_encode(as_bytes(payload)) + '.' +
         base64url_encode(as_bytes(signature));
}

std::string signed_compact(std::string_view header, std::string_view payload, const TestKey& key,
                           std::string_view algorithm) {
  const std::string input =
      base64url_encode(as_bytes(header)) + '.' + base64url_encode(as_bytes(payload));
  return input + '.' + base64url_encode(as_bytes(key.sign(algorithm, input)));
}

}  // namespace flowsell::oidc::testing_support

namespace flowsell::oidc {
void PrintTo(Fault fault, std::ostream* out) { *out << fault_info(fault).word; }
}  // namespace flowsell::oidc
