#include "crypto/public_key.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "core/encoding.h"

namespace flowsell::crypto {
namespace {

using KeyPair = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

KeyPair ed25519_pair() { return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free}; }

std::string public_half(const KeyPair& pair) {
  std::array<std::uint8_t, 32> bytes{};
  std::size_t size = bytes.size();
  if (EVP_PKEY_get_raw_public_key(pair.get(), bytes.data(), &size) != 1)
    throw std::runtime_error("no public half");
  return std::string(as_text(bytes));
}

std::string sign(const KeyPair& pair, std::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  std::array<std::uint8_t, 64> bytes{};
  std::size_t size = bytes.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pair.get()) != 1 ||
      EVP_DigestSign(context.get(), bytes.data(), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1) {
    throw std::runtime_error("no signature");
  }
  return std::string(as_text(bytes));
}

TEST(PublicKeyOfOthers, VerifiesWhatItsOtherHalfHasSigned) {
  const KeyPair pair = ed25519_pair();
  const auto key = PublicKey::ed25519(public_half(pair));
  ASSERT_TRUE(key);
  const std::string signature = sign(pair, "text");
  EXPECT_TRUE(key->verifies(SignatureScheme::kEd25519, "text", signature));
  EXPECT_FALSE(key->verifies(SignatureScheme::kEd25519, "texts", signature));
  EXPECT_FALSE(key->verifies(SignatureScheme::kEd25519, "text", sign(ed25519_pair(), "text")));
}

TEST(PublicKeyOfOthers, IsGoodForItsOwnSchemesOnly) {
  const KeyPair pair = ed25519_pair();
  const auto key = PublicKey::ed25519(public_half(pair));
  const std::string signature = sign(pair, "text");
  for (const auto scheme : {SignatureScheme::kEcdsaSha256, SignatureScheme::kRsaPkcs1Sha256,
                            SignatureScheme::kRsaPssSha256}) {
    EXPECT_FALSE(key->verifies(scheme, "text", signature));
  }
}

TEST(PublicKeyOfOthers, IsNoneThatIsNotSound) {
  EXPECT_FALSE(PublicKey::p256(std::string(32, '\1'), std::string(32, '\1'))) << "not on the curve";
  EXPECT_FALSE(PublicKey::p256(std::string(31, '\1'), std::string(32, '\1')));
  EXPECT_FALSE(PublicKey::ed25519(std::string(33, '\1')));
  const std::string exponent("\1\0\1", 3);
  EXPECT_FALSE(PublicKey::rsa(std::string(128, '\xff'), exponent)) << "1024 bits";
  EXPECT_FALSE(PublicKey::rsa(std::string(1025, '\xff'), exponent)) << "more than 8192";
  EXPECT_FALSE(PublicKey::rsa(std::string(255, '\xff') + '\xfe', exponent)) << "even";
  EXPECT_TRUE(PublicKey::rsa(std::string(256, '\xff'), exponent));
}

TEST(EcdsaDer, TakesTwoNumbersOf32Bytes) {
  EXPECT_TRUE(ecdsa_der(std::string(64, '\1')));
  EXPECT_FALSE(ecdsa_der(std::string(63, '\1')));
  EXPECT_FALSE(ecdsa_der(std::string(65, '\1')));
}

}  // namespace
}  // namespace flowsell::crypto
