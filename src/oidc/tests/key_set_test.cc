#include <gtest/gtest.h>

#include "core/encoding.h"
#include "oidc/id_token.h"
#include "test_key.h"

namespace flowsell::oidc {
namespace {

using testing_support::fault_in;
using testing_support::key_set;
using testing_support::TestKey;
using testing_support::TokenDraft;

constexpr std::int64_t kNow = 1'800'000'000;

TokenDraft draft() {
  TokenDraft token;
  token.payload = {{"iss", R"("https://idp.example")"},
                   {"sub", R"("user-1")"},
                   {"aud", R"("client-1")"},
                   {"exp", std::to_string(kNow + 300)},
                   {"iat", std::to_string(kNow)},
                   {"nonce", R"("nonce-1")"}};
  return token;
}

std::optional<Fault> fault(const std::string& token, const std::string& keys) {
  const Expectations expected = {
      .issuer = "https://idp.example",
      .client_id = "client-1",
      .nonce = "nonce-1",
      .access_token = {},
      .algorithms = {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kEs256, Algorithm::kEdDsa},
      .now = from_unix_ms(kNow * 1000)};
  return fault_in(verify_id_token(token, keys, expected));
}

std::string rs256() { return draft().signed_by(TestKey::rsa()); }
std::string es256() { return draft().signed_by(TestKey::p256(), "ES256"); }
std::string without_key_id(const TestKey& key) {
  TokenDraft token = draft();
  token.header["kid"] = "";
  return token.signed_by(key);
}

TEST(KeySet, AnUnknownKeyIdIsAnUnknownKey) {
  EXPECT_EQ(fault(rs256(), key_set({TestKey::rsa().jwk(R"("kid":"k2")")})),
            Fault::kTokenUnknownKey);
  EXPECT_EQ(fault(rs256(), key_set({TestKey::rsa().jwk("")})), Fault::kTokenUnknownKey);
  EXPECT_EQ(fault(rs256(), key_set({})), Fault::kTokenUnknownKey);
}

TEST(KeySet, TheKeyIsFoundAmongOthers) {
  EXPECT_EQ(fault(rs256(), key_set({TestKey::other_rsa().jwk(R"("kid":"k0")"), TestKey::rsa().jwk(),
                                    TestKey::p256().jwk(R"("kid":"k2")")})),
            std::nullopt);
}

TEST(KeySet, KeysOfDifferentTypesMayShareAnId) {
  const std::string keys = key_set({TestKey::p256().jwk(), TestKey::rsa().jwk()});
  EXPECT_EQ(fault(rs256(), keys), std::nullopt);
  EXPECT_EQ(fault(es256(), keys), std::nullopt);
}

TEST(KeySet, WithoutAKeyIdTheOnlyKeyIsTaken) {
  const std::string keys = key_set({TestKey::rsa().jwk(), TestKey::p256().jwk()});
  EXPECT_EQ(fault(without_key_id(TestKey::rsa()), keys), std::nullopt);
  EXPECT_EQ(fault(without_key_id(TestKey::other_rsa()), keys), Fault::kTokenUnknownKey);
}

TEST(KeySet, WithoutAKeyIdNoKeyOfSeveralIsTaken) {
  EXPECT_EQ(fault(without_key_id(TestKey::rsa()),
                  key_set({TestKey::rsa().jwk(), TestKey::other_rsa().jwk(R"("kid":"k2")")})),
            Fault::kTokenUnknownKey);
}

TEST(KeySet, AKeyIsUsedForNothingButWhatItSays) {
  for (const char* more :
       {R"("kid":"k1","use":"enc")", R"("kid":"k1","use":7)", R"("kid":"k1","alg":"PS256")",
        R"("kid":"k1","alg":"RSA-OAEP")", R"("kid":"k1","key_ops":["encrypt"])",
        R"("kid":"k1","key_ops":"verify")"}) {
    EXPECT_EQ(fault(rs256(), key_set({TestKey::rsa().jwk(more)})), Fault::kTokenUnknownKey) << more;
  }
  EXPECT_EQ(fault(rs256(), key_set({TestKey::rsa().jwk(
                               R"("kid":"k1","use":"sig","alg":"RS256","key_ops":["verify"])")})),
            std::nullopt);
}

TEST(KeySet, AShortRsaKeyIsNotUsed) {
  EXPECT_EQ(fault(draft().signed_by(TestKey::short_rsa()), key_set({TestKey::short_rsa().jwk()})),
            Fault::kTokenUnknownKey);
}

TEST(KeySet, AHugeRsaKeyIsNotUsed) {
  std::string n(1366, '_');  // 8196 bits, all set
  EXPECT_EQ(fault(rs256(), key_set({R"({"kty":"RSA","kid":"k1","e":"AQAB","n":")" + n + "\"}"})),
            Fault::kTokenUnknownKey);
}

TEST(KeySet, OddExponentsOnlyAndNotOne) {
  for (const char* e : {"AQ", "Ag", "AQAA", "", "AQABAQABAQABAQAB", "*"}) {
    const std::string jwk = R"({"kty":"RSA","kid":"k1","e":")" + std::string(e) + R"(","n":")" +
                            TestKey::rsa().member("n") + "\"}";
    EXPECT_EQ(fault(rs256(), key_set({jwk})), Fault::kTokenUnknownKey) << e;
  }
}

TEST(KeySet, AnotherCurveIsNotUsed) {
  // A signature of SHA-256 by P-384: sound cryptography, but not ES256.
  EXPECT_EQ(fault(es256(), key_set({TestKey::p384().jwk()})), Fault::kTokenUnknownKey);
}

std::string p256_jwk(const std::string& x, const std::string& y) {
  return R"({"kty":"EC","crv":"P-256","kid":"k1","x":")" + x + R"(","y":")" + y + "\"}";
}

TEST(KeySet, APointBesideTheCurveIsNotUsed) {
  const TestKey& key = TestKey::p256();
  EXPECT_EQ(fault(es256(), key_set({p256_jwk(key.member("x"), key.member("y"))})), std::nullopt);
  EXPECT_EQ(fault(es256(), key_set({p256_jwk(key.member("y"), key.member("x"))})),
            Fault::kTokenUnknownKey);
  EXPECT_EQ(fault(es256(), key_set({p256_jwk(key.member("x"), "AA")})), Fault::kTokenUnknownKey);
}

TEST(KeySet, CoordinatesHave32BytesEach) {
  const std::string point = *base64url_decode(TestKey::p256().member("x")) +
                            *base64url_decode(TestKey::p256().member("y"));
  const auto encoded = [&](std::size_t from, std::size_t count) {
    return base64url_encode(as_bytes(point.substr(from, count)));
  };
  EXPECT_EQ(fault(es256(), key_set({p256_jwk(encoded(0, 31), encoded(31, 33))})),
            Fault::kTokenUnknownKey);
}

TEST(KeySet, ASignatureOfEs256Has64Bytes) {
  const std::string token = es256();
  const auto last = token.rfind('.') + 1;
  std::string signature = *base64url_decode(token.substr(last));
  signature.insert(32, 1, '\0');  // the same numbers
  EXPECT_EQ(fault(token.substr(0, last) + base64url_encode(as_bytes(signature)),
                  key_set({TestKey::p256().jwk()})),
            Fault::kTokenSignature);
}

TEST(KeySet, AnEd25519KeyHas32Bytes) {
  const std::string token = draft().signed_by(TestKey::ed25519(), "EdDSA");
  EXPECT_EQ(fault(token, key_set({R"({"kty":"OKP","crv":"Ed25519","kid":"k1","x":"AAAA"})"})),
            Fault::kTokenUnknownKey);
  EXPECT_EQ(fault(token, key_set({R"({"kty":"OKP","crv":"Ed448","kid":"k1","x":")" +
                                  TestKey::ed25519().member("x") + "\"}"})),
            Fault::kTokenUnknownKey);
}

TEST(KeySet, KeysThatCannotBeReadArePassedOver) {
  EXPECT_EQ(fault(rs256(), key_set({"7", "{}", R"({"kty":"oct","kid":"k1","k":"AAAA"})",
                                    R"({"kty":"RSA","kid":"k1","n":7})", TestKey::rsa().jwk()})),
            std::nullopt);
}

TEST(KeySet, NotMoreThanFourKeysAreTried) {
  std::vector<std::string> keys(4, TestKey::other_rsa().jwk());
  keys.push_back(TestKey::rsa().jwk());
  EXPECT_EQ(fault(rs256(), key_set(keys)), Fault::kTokenSignature);
  keys.erase(keys.begin());
  EXPECT_EQ(fault(rs256(), key_set(keys)), std::nullopt);
}

TEST(KeySet, NotMoreThan64KeysAreRead) {
  std::vector<std::string> keys(64, R"({"kty":"RSA","kid":"k1"})");
  keys.push_back(TestKey::rsa().jwk());
  EXPECT_EQ(fault(rs256(), key_set(keys)), Fault::kTokenUnknownKey);
  keys.erase(keys.begin());
  EXPECT_EQ(fault(rs256(), key_set(keys)), std::nullopt);
}

TEST(KeySet, WhatIsNoKeySetIsAnInvalidAnswer) {
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string("null"),
        std::string(R"({"keys":{}})"), std::string(R"({"keys":[],"keys":[]})"),
        std::string(R"({"keys":[]} )") + std::string(256 << 10, ' '), std::string("{\"keys\":[")}) {
    EXPECT_EQ(fault(rs256(), text), Fault::kAnswerInvalid) << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace flowsell::oidc
