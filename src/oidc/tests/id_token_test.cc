#include "oidc/id_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "test_key.h"

namespace flowsell::oidc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing_support::compact;
using testing_support::fault_in;
using testing_support::key_set;
using testing_support::signed_compact;
using testing_support::TestKey;
using testing_support::TokenDraft;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::string_view kTenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
constexpr std::string_view kAnyTenant = "https://login.example/{tenantid}/v2.0";
const std::string kHeader = R"({"alg":"RS256","kid":"k1"})";

std::string json_text(std::string_view text) { return '"' + std::string(text) + '"'; }

class IdToken : public testing::Test {
 protected:
  IdToken() {
    draft.payload = {{"iss", R"("https://idp.example")"},
                     {"sub", R"("user-1")"},
                     {"aud", R"("client-1")"},
                     {"exp", std::to_string(kNow + 300)},
                     {"iat", std::to_string(kNow)},
                     {"nonce", R"("nonce-1")"}};
    expected = {
        .issuer = "https://idp.example",
        .client_id = "client-1",
        .nonce = "nonce-1",
        .access_token = "access-1",
        .algorithms = {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kEs256, Algorithm::kEdDsa},
        .now = from_unix_ms(kNow * 1000)};
    keys = key_set({TestKey::rsa().jwk()});
  }

  Result<Claims> verify(const std::string& token) const {
    return verify_id_token(token, keys, expected);
  }
  /// What becomes of the draft, signed by the right key.
  std::optional<Fault> fault() const { return fault_in(verify(draft.signed_by(TestKey::rsa()))); }
  Claims claims() const {
    auto read = verify(draft.signed_by(TestKey::rsa()));
    if (!read) throw std::runtime_error(read.error().detail);
    return *std::move(read);
  }

  TokenDraft draft;
  Expectations expected;
  std::string keys;
};

// Signatures

struct AlgorithmCase {
  const char* name;
  const TestKey& (*key)();
};

class IdTokenAlgorithm : public IdToken, public testing::WithParamInterface<AlgorithmCase> {};

TEST_P(IdTokenAlgorithm, IsAccepted) {
  const TestKey& key = GetParam().key();
  keys = key_set({key.jwk()});
  const auto read = verify(draft.signed_by(key, GetParam().name));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->subject, "user-1");
}

TEST_P(IdTokenAlgorithm, IsRefusedWhereTheProviderDoesNotSayIt) {
  const TestKey& key = GetParam().key();
  keys = key_set({key.jwk()});
  std::erase(expected.algorithms, *algorithm_of(GetParam().name));
  EXPECT_EQ(fault_in(verify(draft.signed_by(key, GetParam().name))), Fault::kTokenAlgorithm);
}

TEST_P(IdTokenAlgorithm, AChangedPayloadIsRefused) {
  const TestKey& key = GetParam().key();
  keys = key_set({key.jwk()});
  const std::string token = draft.signed_by(key, GetParam().name);
  const std::string other = draft.claim("sub", R"("user-2")").signed_by(key, GetParam().name);
  const std::string mixed = token.substr(0, token.find('.')) +
                            other.substr(other.find('.'), other.rfind('.') - other.find('.')) +
                            token.substr(token.rfind('.'));
  EXPECT_EQ(fault_in(verify(mixed)), Fault::kTokenSignature);
}

TEST_P(IdTokenAlgorithm, AnEmptyOrShortSignatureIsRefused) {
  const TestKey& key = GetParam().key();
  keys = key_set({key.jwk()});
  const std::string token = draft.signed_by(key, GetParam().name);
  EXPECT_EQ(fault_in(verify(token.substr(0, token.rfind('.') + 1))), Fault::kTokenSignature);
  EXPECT_EQ(fault_in(verify(token.substr(0, token.rfind('.') + 5))), Fault::kTokenSignature);
}

INSTANTIATE_TEST_SUITE_P(Each, IdTokenAlgorithm,
                         testing::Values(AlgorithmCase{"RS256", TestKey::rsa},
                                         AlgorithmCase{"PS256", TestKey::rsa},
                                         AlgorithmCase{"ES256", TestKey::p256},
                                         AlgorithmCase{"EdDSA", TestKey::ed25519}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(IdToken, NoChangedCharacterIsAccepted) {
  keys = key_set({TestKey::p256().jwk()});
  const std::string token = draft.signed_by(TestKey::p256(), "ES256");
  ASSERT_TRUE(verify(token));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify(changed)) << "at " << i;
  }
}

TEST_F(IdToken, UnsignedIsRefused) {
  draft.header["alg"] = R"("none")";
  const std::string token = draft.signed_by(TestKey::rsa());
  EXPECT_EQ(fault_in(verify(token)), Fault::kTokenAlgorithm);
  EXPECT_EQ(fault_in(verify(token.substr(0, token.rfind('.') + 1))), Fault::kTokenAlgorithm);
}

TEST_F(IdToken, AnHmacUnderThePublicKeyIsRefused) {
  const std::string input = base64url_encode(as_bytes(R"({"alg":"HS256","kid":"k1"})")) + '.' +
                            base64url_encode(as_bytes(R"({"sub":"user-1"})"));
  const auto mac = crypto::hmac_sha256(TestKey::rsa().member("n"), {input});
  EXPECT_EQ(fault_in(verify(input + '.' + base64url_encode(mac))), Fault::kTokenAlgorithm);
}

TEST_F(IdToken, OtherHashesAreRefused) {
  for (const char* name : {"RS384", "RS512", "ES384", "rs256", "RS256 ", ""}) {
    draft.header["alg"] = json_text(name);
    EXPECT_EQ(fault(), Fault::kTokenAlgorithm) << name;
  }
}

TEST_F(IdToken, OnePaddingIsNotTheOther) {
  draft.header["alg"] = R"("RS256")";
  EXPECT_EQ(fault_in(verify(draft.signed_by(TestKey::rsa(), "PS256"))), Fault::kTokenSignature);
  draft.header["alg"] = R"("PS256")";
  EXPECT_EQ(fault_in(verify(draft.signed_by(TestKey::rsa(), "RS256"))), Fault::kTokenSignature);
}

TEST_F(IdToken, AnotherKeysSignatureIsRefused) {
  EXPECT_EQ(fault_in(verify(draft.signed_by(TestKey::other_rsa()))), Fault::kTokenSignature);
}

TEST_F(IdToken, AKeyInTheHeaderIsNotBelieved) {
  draft.header["jwk"] = TestKey::other_rsa().jwk();
  draft.header["jku"] = R"("https://evil.example/keys")";
  EXPECT_EQ(fault_in(verify(draft.signed_by(TestKey::other_rsa()))), Fault::kTokenSignature);
}

TEST_F(IdToken, CriticalExtensionsAreRefused) {
  draft.header["crit"] = R"(["b64"])";
  EXPECT_EQ(fault(), Fault::kTokenMalformed);
}

TEST_F(IdToken, OtherKindsOfTokenAreRefused) {
  for (const char* type : {R"("at+jwt")", R"("logout+jwt")", "1", "null"}) {
    draft.header["typ"] = type;
    EXPECT_EQ(fault(), Fault::kTokenMalformed) << type;
  }
  draft.header["typ"] = R"("jwt")";
  EXPECT_EQ(fault(), std::nullopt);
}

// Issuer and audience

TEST_F(IdToken, AnotherIssuerIsRefused) {
  for (const char* issuer : {"https://other.example", "https://idp.example/", "idp.example",
                             "https://IDP.example", ""}) {
    draft.claim("iss", json_text(issuer));
    EXPECT_EQ(fault(), Fault::kTokenIssuer) << issuer;
  }
}

TEST_F(IdToken, AnotherAudienceIsRefused) {
  for (const char* audience :
       {R"("client-2")", R"(["client-2"])", "[]", "7", R"([["client-1"]])", R"("")", "null"}) {
    draft.claim("aud", audience);
    EXPECT_EQ(fault(), Fault::kTokenAudience) << audience;
  }
}

TEST_F(IdToken, OneAudienceInAListIsAccepted) {
  EXPECT_EQ(draft.claim("aud", R"(["client-1"])").payload.size(), 6U);
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(IdToken, SeveralAudiencesNeedOurNameAsAuthorizedParty) {
  draft.claim("aud", R"(["client-2","client-1"])");
  EXPECT_EQ(fault(), Fault::kTokenAudience);
  draft.claim("azp", R"("client-2")");
  EXPECT_EQ(fault(), Fault::kTokenAudience);
  draft.claim("azp", R"("client-1")");
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(IdToken, AnotherAuthorizedPartyIsRefusedWithOneAudience) {
  for (const char* party : {R"("client-2")", "1", "null"}) {
    draft.claim("azp", party);
    EXPECT_EQ(fault(), Fault::kTokenAudience) << party;
  }
}

// Times

TEST_F(IdToken, ExpiresAMinuteAfterItsTime) {
  draft.claim("exp", std::to_string(kNow - 59));
  EXPECT_EQ(fault(), std::nullopt);
  draft.claim("exp", std::to_string(kNow - 60));
  EXPECT_EQ(fault(), Fault::kTokenExpired);
}

TEST_F(IdToken, IsRefusedMoreThanAMinuteBeforeItWasMade) {
  draft.claim("iat", std::to_string(kNow + 60));
  EXPECT_EQ(fault(), std::nullopt);
  draft.claim("iat", std::to_string(kNow + 61));
  EXPECT_EQ(fault(), Fault::kTokenNotYetValid);
}

TEST_F(IdToken, IsRefusedMoreThanAMinuteBeforeItsTime) {
  draft.claim("nbf", std::to_string(kNow + 60));
  EXPECT_EQ(fault(), std::nullopt);
  draft.claim("nbf", std::to_string(kNow + 61));
  EXPECT_EQ(fault(), Fault::kTokenNotYetValid);
}

TEST_F(IdToken, TimesMayHaveFractions) {
  draft.claim("exp", std::to_string(kNow) + ".5").claim("iat", "1.8e9");
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(IdToken, TimesThatAreNoneAreRefused) {
  for (const char* name : {"exp", "iat", "nbf"}) {
    for (const char* time :
         {R"("1800000300")", "null", "-1", "1e300", "-1e300", "9223372036854775807",
          "18446744073709551615", "99999999999999999999999999", "253402300800", "[1]", "true"}) {
      const auto before = draft;
      draft.claim(name, time);
      EXPECT_EQ(fault(), Fault::kTokenMalformed) << name << " " << time;
      draft = before;
    }
  }
}

// Nonce and access token

TEST_F(IdToken, AnotherNonceIsRefused) {
  for (const char* nonce : {R"("nonce-2")", R"("")", "1", "null"}) {
    draft.claim("nonce", nonce);
    EXPECT_EQ(fault(), Fault::kTokenNonce) << nonce;
  }
  draft.without("nonce");
  EXPECT_EQ(fault(), Fault::kTokenNonce);
}

TEST_F(IdToken, AnEmptyNonceFitsNothing) {
  draft.claim("nonce", R"("")");
  expected.nonce = "";
  EXPECT_EQ(fault(), Fault::kTokenNonce);
}

TEST_F(IdToken, AccessTokenHashMustFit) {
  const auto digest = crypto::sha256("access-1");
  draft.claim("at_hash", json_text(base64url_encode(std::span(digest).first(16))));
  EXPECT_EQ(fault(), std::nullopt);
  expected.access_token = "access-2";
  EXPECT_EQ(fault(), Fault::kTokenAccessHash);
  draft.claim("at_hash", "7");
  EXPECT_EQ(fault(), Fault::kTokenAccessHash);
}

TEST_F(IdToken, AccessTokenHashOfEd25519IsSha512s) {
  // printf access-1 | openssl dgst -sha512 -binary | head -c32 | basenc --base64url
  draft.claim("at_hash", R"("j_gttPifZFS_g6b4IrJKODpmGFP9qoL7SCZg8t8jzpU")");
  keys = key_set({TestKey::ed25519().jwk()});
  EXPECT_EQ(fault_in(verify(draft.signed_by(TestKey::ed25519(), "EdDSA"))), std::nullopt);
}

// What is required

TEST_F(IdToken, MissingClaimsAreRefused) {
  for (const char* name : {"iss", "sub", "aud", "exp", "iat"}) {
    const auto before = draft;
    draft.without(name);
    EXPECT_EQ(fault(), Fault::kTokenMalformed) << name;
    draft = before;
  }
}

TEST_F(IdToken, ASubjectIsUpTo255AsciiCharacters) {
  draft.claim("sub", json_text(std::string(255, 's')));
  EXPECT_EQ(fault(), std::nullopt);
  for (const std::string& subject :
       {std::string(256, 's'), std::string(), std::string("\xc3\xa9"), std::string("a\\nb")}) {
    draft.claim("sub", json_text(subject));
    EXPECT_EQ(fault(), Fault::kTokenMalformed) << subject;
  }
  draft.claim("sub", "7");
  EXPECT_EQ(fault(), Fault::kTokenMalformed);
}

// What is told

TEST_F(IdToken, ClaimsAreRead) {
  draft.claim("email", R"("ada@example.com")")
      .claim("email_verified", "true")
      .claim("name", R"("Ada")")
      .claim("hd", R"("example.com")")
      .claim("tid", json_text(kTenant))
      .claim("sid", R"("session-1")")
      .claim("acr", R"("urn:mfa")")
      .claim("amr", R"(["pwd","mfa"])")
      .claim("auth_time", std::to_string(kNow - 5));
  const Claims read = claims();
  EXPECT_EQ(read.issuer, "https://idp.example");
  EXPECT_EQ(read.subject, "user-1");
  EXPECT_EQ(read.email, "ada@example.com");
  EXPECT_TRUE(read.email_verified);
  EXPECT_EQ(read.name, "Ada");
  EXPECT_EQ(read.hosted_domain, "example.com");
  EXPECT_EQ(read.tenant, kTenant);
  EXPECT_EQ(read.session, "session-1");
  EXPECT_EQ(read.acr, "urn:mfa");
  EXPECT_THAT(read.amr, ElementsAre("pwd", "mfa"));
  EXPECT_EQ(read.auth_time, from_unix_ms((kNow - 5) * 1000));
}

TEST_F(IdToken, AnEmailIsUnverifiedUnlessItIsSaid) {
  draft.claim("email", R"("ada@example.com")");
  EXPECT_FALSE(claims().email_verified);
  for (const char* word : {"false", R"("false")", "1", R"("yes")", "null"}) {
    EXPECT_FALSE((draft.claim("email_verified", word), claims().email_verified)) << word;
  }
  draft.claim("email_verified", R"("true")");
  EXPECT_TRUE(claims().email_verified);
}

TEST_F(IdToken, WithoutAnEmailNothingIsVerified) {
  draft.claim("email_verified", "true");
  EXPECT_FALSE(claims().email_verified);
}

TEST_F(IdToken, WhatIsForShowAndMalformedIsLeftOut) {
  draft.claim("email", "7")
      .claim("name", json_text(std::string(513, 'n')))
      .claim("hd", "[]")
      .claim("acr", "{}")
      .claim("amr", R"(["pwd",7])")
      .claim("auth_time", "1e300");
  const Claims read = claims();
  EXPECT_EQ(read.email, "");
  EXPECT_EQ(read.name, "");
  EXPECT_EQ(read.hosted_domain, "");
  EXPECT_EQ(read.acr, "");
  EXPECT_THAT(read.amr, ElementsAre("pwd"));
  EXPECT_EQ(read.auth_time, std::nullopt);
}

// Broken tokens

struct BrokenCase {
  const char* name;
  std::string token;
};

class IdTokenBroken : public IdToken, public testing::WithParamInterface<BrokenCase> {};

TEST_P(IdTokenBroken, IsMalformed) {
  EXPECT_EQ(fault_in(verify(GetParam().token)), Fault::kTokenMalformed);
}

std::string deep(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

std::vector<BrokenCase> broken_cases() {
  return {
      {"Empty", ""},
      {"OneDot", "a.b"},
      {"ThreeDots", compact(kHeader, "{}", "s") + ".x"},
      {"Encrypted", "a.b.c.d.e"},
      {"NothingBetweenTheDots", ".."},
      {"HeaderIsNoBase64", "@@.e30.e30"},
      {"HeaderHasPadding", "e30=.e30.e30"},
      {"HeaderIsNoJson", compact("{", "{}", "s")},
      {"HeaderIsAList", compact("[]", "{}", "s")},
      {"HeaderHasNoAlgorithm", compact("{}", "{}", "s")},
      {"AlgorithmIsANumber", compact(R"({"alg":256})", "{}", "s")},
      {"TwoAlgorithms", compact(R"({"alg":"none","alg":"RS256","kid":"k1"})", "{}", "s")},
      {"KeyIdIsANumber", compact(R"({"alg":"RS256","kid":1})", "{}", "s")},
      {"KeyIdIsLong",
       compact(R"({"alg":"RS256","kid":")" + std::string(513, 'k') + "\"}", "{}", "s")},
      {"HeaderIsLong", compact(kHeader + std::string(8192, ' '), "{}", "s")},
      {"HeaderIsDeep", compact(R"({"alg":"RS256","x":)" + deep(40) + "}", "{}", "s")},
      {"PayloadIsNoBase64", base64url_encode(as_bytes(kHeader)) + ".e30+.e30"},
      {"PayloadHasBitsTooMany", base64url_encode(as_bytes(kHeader)) + ".e31.e30"},
      {"PayloadIsOneCharacter", base64url_encode(as_bytes(kHeader)) + ".e.e30"},
      {"SignatureIsNoBase64", base64url_encode(as_bytes(kHeader)) + ".e30.*"},
      {"SignatureHasALineEnd", base64url_encode(as_bytes(kHeader)) + ".e30.e30\n"},
      {"PayloadIsNoJson", signed_compact(kHeader, "claims", TestKey::rsa())},
      {"PayloadIsEmpty", signed_compact(kHeader, "", TestKey::rsa())},
      {"PayloadIsAList", signed_compact(kHeader, "[]", TestKey::rsa())},
      {"PayloadHasMoreBehindIt", signed_compact(kHeader, "{}{}", TestKey::rsa())},
      {"PayloadHasTwoSubjects",
       signed_compact(kHeader, R"({"sub":"a","sub":"b"})", TestKey::rsa())},
      {"PayloadIsNoUtf8", signed_compact(kHeader, "{\"sub\":\"\xff\"}", TestKey::rsa())},
      {"PayloadIsDeep", signed_compact(kHeader, deep(40), TestKey::rsa())},
      {"TooLong", compact(kHeader, std::string(64 << 10, 'x'), "s")},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, IdTokenBroken, testing::ValuesIn(broken_cases()),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(IdToken, AnErrorRepeatsNothingOfTheToken) {
  draft.claim("iss", R"("https://hostile-words.example")");
  const std::string token = draft.signed_by(TestKey::rsa());
  const auto read = verify(token);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().detail.find("hostile-words"), std::string::npos);
  EXPECT_EQ(read.error().provider->text, "");
}

// Microsoft: any tenant

class AnyTenant : public IdToken {
 protected:
  AnyTenant() {
    expected.issuer = kAnyTenant;
    draft.claim("tid", json_text(kTenant)).claim("iss", json_text(issuer_of(kTenant)));
    use_key_of(std::string(kAnyTenant));
  }
  static std::string issuer_of(std::string_view tenant) {
    return "https://login.example/" + std::string(tenant) + "/v2.0";
  }
  void use_key_of(const std::string& issuer) {
    keys = key_set({TestKey::rsa().jwk(R"("kid":"k1","issuer":)" + json_text(issuer))});
  }
};

TEST_F(AnyTenant, TheIdentityIsTheTenantsOwn) {
  const Claims read = claims();
  EXPECT_EQ(read.issuer, issuer_of(kTenant));
  EXPECT_EQ(read.tenant, kTenant);
}

TEST_F(AnyTenant, AnIssuerOfAnotherTenantIsRefused) {
  draft.claim("iss", json_text(issuer_of("11111111-86f1-41af-91ab-2d7cd011db47")));
  EXPECT_EQ(fault(), Fault::kTokenIssuer);
}

TEST_F(AnyTenant, TheTemplateItselfIsNoIssuer) {
  draft.claim("iss", json_text(kAnyTenant));
  EXPECT_EQ(fault(), Fault::kTokenIssuer);
}

TEST_F(AnyTenant, ATenantThatIsNoGuidIsRefused) {
  for (const std::string tenant :
       {"", "{tenantid}", "common", "../../evil.example/x/x/x/x/x/x/x/x/x"}) {
    draft.claim("tid", json_text(tenant)).claim("iss", json_text(issuer_of(tenant)));
    EXPECT_EQ(fault(), Fault::kTokenTenant) << tenant;
  }
  draft.without("tid");
  EXPECT_EQ(fault(), Fault::kTokenTenant);
}

TEST_F(AnyTenant, AKeyOfOneTenantSignsForNoOther) {
  use_key_of(issuer_of("9188040d-6c67-4c5b-b112-36a304b66dad"));
  EXPECT_EQ(fault(), Fault::kTokenTenant);
  use_key_of(issuer_of(kTenant));
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(AnyTenant, AKeyWithoutAnIssuerIsRefused) {
  keys = key_set({TestKey::rsa().jwk()});
  EXPECT_EQ(fault(), Fault::kTokenTenant);
}

TEST_F(AnyTenant, NoEmailIsVerified) {
  draft.claim("email", R"("ada@example.com")").claim("email_verified", "true");
  EXPECT_EQ(claims().email, "ada@example.com");
  EXPECT_FALSE(claims().email_verified);
}

}  // namespace
}  // namespace flowsell::oidc
