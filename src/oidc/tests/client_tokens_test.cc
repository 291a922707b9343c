#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/writer.h"
#include "oidc/client.h"
#include "provider_world.h"

namespace flowsell::oidc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing_support::fault_in;
using testing_support::key_set;
using testing_support::ProviderWorld;
using testing_support::TestKey;
using testing_support::TokenDraft;

constexpr auto kDiscovery = "/.well-known/openid-configuration";

std::string rsa_keys() { return key_set({TestKey::rsa().jwk()}); }

/// One claim said otherwise; "" leaves it out.
TokenDraft with(const std::string& name, std::string json) {
  TokenDraft changes;
  changes.payload[name] = std::move(json);
  return changes;
}

class OidcIdToken : public ProviderWorld {
 protected:
  OidcIdToken() { answer_discovery(); }
};

// The ID token

TEST_F(OidcIdToken, AnotherIssuersTokenIsRefused) {
  EXPECT_EQ(fault_in(sign_in(
                {.changes = with("iss", R"("https://other.example")"), .answers = {rsa_keys()}})),
            Fault::kTokenIssuer);
}

TEST_F(OidcIdToken, AnotherClientsTokenIsRefused) {
  EXPECT_EQ(fault_in(sign_in({.changes = with("aud", R"("client-2")"), .answers = {rsa_keys()}})),
            Fault::kTokenAudience);
}

TEST_F(OidcIdToken, AnExpiredTokenIsRefused) {
  EXPECT_EQ(fault_in(sign_in({.changes = with("exp", "1000"), .answers = {rsa_keys()}})),
            Fault::kTokenExpired);
}

TEST_F(OidcIdToken, AnotherAttemptsTokenIsRefused) {
  EXPECT_EQ(fault_in(sign_in({.changes = with("nonce", json::quoted(begin().attempt.nonce)),
                              .answers = {rsa_keys()}})),
            Fault::kTokenNonce);
}

TEST_F(OidcIdToken, AnotherAccessTokensHashIsRefused) {
  EXPECT_EQ(fault_in(sign_in({.changes = with("at_hash", R"("x")"), .answers = {rsa_keys()}})),
            Fault::kTokenAccessHash);
}

// Keys

TEST_F(OidcIdToken, KeysOfMoreThan256KilobytesAreRefused) {
  EXPECT_EQ(fault_in(sign_in({.answers = {rsa_keys() + std::string(256 << 10, ' ')}})),
            Fault::kAnswerInvalid);
}

TEST_F(OidcIdToken, AKeySetThatIsNoneIsNotKept) {
  EXPECT_EQ(fault_in(sign_in({.answers = {"{}"}})), Fault::kAnswerInvalid);
  clock.skip(5s);
  EXPECT_EQ(fault_in(sign_in({.answers = {rsa_keys()}})), std::nullopt);
}

class OidcRotation : public OidcIdToken {
 protected:
  OidcRotation() {
    EXPECT_TRUE(sign_in({.answers = {rsa_keys()}}));
    asked();
    rotated.header["kid"] = R"("k2")";
  }
  Result<Claims> sign_in_with_new_key(std::vector<std::string> answers) {
    return sign_in(
        {.changes = rotated, .key = TestKey::other_rsa(), .answers = std::move(answers)});
  }
  static std::string new_keys() { return key_set({TestKey::other_rsa().jwk(R"("kid":"k2")")}); }
  TokenDraft rotated;
};

TEST_F(OidcRotation, ANewKeyIsFetchedAtOnce) {
  const auto claims = sign_in_with_new_key({new_keys()});
  EXPECT_TRUE(claims) << claims.error().detail;
  EXPECT_THAT(asked(), ElementsAre("/token", "/keys"));
  EXPECT_TRUE(sign_in_with_new_key({}));
  EXPECT_THAT(asked(), ElementsAre("/token"));
}

TEST_F(OidcRotation, AWithdrawnKeyIsNoLongerTaken) {
  ASSERT_TRUE(sign_in_with_new_key({new_keys()}));
  EXPECT_EQ(fault_in(sign_in()), Fault::kTokenUnknownKey);
}

TEST_F(OidcRotation, AnUnknownKeyIsAskedForOnceAMinute) {
  EXPECT_EQ(fault_in(sign_in_with_new_key({rsa_keys()})), Fault::kTokenUnknownKey);
  asked();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(fault_in(sign_in_with_new_key({})), Fault::kTokenUnknownKey);
  }
  EXPECT_THAT(asked(), ElementsAre("/token", "/token", "/token"));
  clock.skip(60s);
  EXPECT_TRUE(sign_in_with_new_key({new_keys()}));
  EXPECT_THAT(asked(), ElementsAre("/token", "/keys"));
}

TEST_F(OidcRotation, AWrongSignatureAsksForNoKeys) {
  EXPECT_EQ(fault_in(sign_in({.key = TestKey::other_rsa()})), Fault::kTokenSignature);
  EXPECT_THAT(asked(), ElementsAre("/token"));
}

TEST_F(OidcRotation, OldKeysServeWhileNewOnesCannotBeFetched) {
  const Attempt attempt = begin().attempt;
  TokenDraft token = id_token(attempt);
  token.header = rotated.header;
  answer_tokens(token.signed_by(TestKey::other_rsa()));
  peer.then(500);
  EXPECT_EQ(fault_in(finish(attempt)), Fault::kUnavailable);
  EXPECT_EQ(fault_in(sign_in()), std::nullopt);
}

// Userinfo

class OidcUserinfo : public ProviderWorld {
 protected:
  OidcUserinfo() {
    discovery["userinfo_endpoint"] = json::quoted(peer.url("/me"));
    answer_discovery();
  }
  Result<Claims> sign_in_without_email(std::string userinfo) {
    return sign_in({.changes = with("email", ""), .answers = {rsa_keys(), std::move(userinfo)}});
  }
};

TEST_F(OidcUserinfo, TellsTheEmailThatTheTokenDoesNot) {
  const auto claims = sign_in_without_email(
      R"({"sub":"user-1","email":"eve@example.com","email_verified":true,"name":"Eve"})");
  ASSERT_TRUE(claims) << claims.error().detail;
  EXPECT_EQ(claims->email, "eve@example.com");
  EXPECT_TRUE(claims->email_verified);
  EXPECT_EQ(claims->name, "Eve");
  const auto seen = peer.wait_for(4).at(3);
  EXPECT_EQ(seen.target, "/me");
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer access-1");
}

TEST_F(OidcUserinfo, IsNotAskedWhereTheTokenHasAnEmail) {
  EXPECT_TRUE(sign_in({.answers = {rsa_keys()}}));
  EXPECT_THAT(asked(), ElementsAre(kDiscovery, "/token", "/keys"));
}

TEST_F(OidcUserinfo, IsNotAskedWhereNobodyAsksForAnEmail) {
  provider.scopes = {"profile"};
  EXPECT_TRUE(sign_in_without_email("{}"));
  EXPECT_THAT(asked(), ElementsAre(kDiscovery, "/token", "/keys"));
}

TEST_F(OidcUserinfo, OfAnotherSubjectIsRefused) {
  EXPECT_EQ(fault_in(sign_in_without_email(R"({"sub":"user-2","email":"eve@example.com"})")),
            Fault::kUserinfoSubject);
}

TEST_F(OidcUserinfo, OfNoSubjectIsRefused) {
  EXPECT_EQ(fault_in(sign_in_without_email(R"({"email":"eve@example.com"})")),
            Fault::kUserinfoSubject);
}

TEST_F(OidcUserinfo, ThatIsNoneIsInvalid) {
  EXPECT_EQ(fault_in(sign_in_without_email("a.b.c")), Fault::kAnswerInvalid);
}

TEST_F(OidcUserinfo, MayKnowNoEmailEither) {
  const auto claims = sign_in_without_email(R"({"sub":"user-1","email_verified":true})");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->email, "");
  EXPECT_FALSE(claims->email_verified);
}

// Microsoft: any tenant

class OidcAnyTenant : public ProviderWorld {
 protected:
  OidcAnyTenant() {
    provider.issuer = peer.url("/{tenantid}/v2.0");
    discovery["issuer"] = json::quoted(provider.issuer);
    discovery["userinfo_endpoint"] = json::quoted(peer.url("/me"));
    changes.payload["iss"] = json::quoted(issuer);
    changes.payload["tid"] = json::quoted(kTenant);
    answer_discovery();
  }
  static constexpr auto kTenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
  const std::string issuer = peer.url("/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0");
  std::string keys() const {
    return key_set({TestKey::rsa().jwk(R"("kid":"k1","issuer":)" + json::quoted(provider.issuer))});
  }
  TokenDraft changes;
};

TEST_F(OidcAnyTenant, TheIdentityIsTheTenantsOwn) {
  const auto claims = sign_in({.changes = changes, .answers = {keys()}});
  ASSERT_TRUE(claims) << claims.error().detail;
  EXPECT_EQ(claims->issuer, issuer);
  EXPECT_EQ(claims->tenant, kTenant);
  EXPECT_THAT(asked(), ElementsAre("/organizations/v2.0/.well-known/openid-configuration", "/token",
                                   "/keys"));
}

TEST_F(OidcAnyTenant, UserinfoVerifiesNoEmail) {
  changes.payload["email"] = "";
  const auto claims =
      sign_in({.changes = changes,
               .answers = {keys(), R"({"sub":"user-1","email":"a@b.c","email_verified":true})"}});
  ASSERT_TRUE(claims) << claims.error().detail;
  EXPECT_EQ(claims->email, "a@b.c");
  EXPECT_FALSE(claims->email_verified);
}

TEST_F(OidcAnyTenant, ANamedIssuerIsTheTokensTenant) {
  const Attempt attempt = begin().attempt;
  TokenDraft token = id_token(attempt);
  for (const auto& [name, value] : changes.payload) token.payload[name] = value;
  Callback back = callback(attempt);
  back.iss = peer.url("/11111111-86f1-41af-91ab-2d7cd011db47/v2.0");
  answer_tokens(token.signed_by(TestKey::rsa()));
  answer(keys());
  EXPECT_EQ(fault_in(finish(attempt, back)), Fault::kCallbackIssuer);
}

// Signing out

class OidcLogout : public ProviderWorld {};

TEST_F(OidcLogout, SendsTheBrowserToTheProvidersPage) {
  discovery["end_session_endpoint"] = json::quoted(peer.url("/end"));
  answer_discovery();
  const auto url = testkit::run(
      pool, client.logout_url(
                provider, {.post_logout_redirect_uri = "https://connect.example/", .state = "s"}));
  ASSERT_TRUE(url);
  EXPECT_EQ(*url, peer.url("/end?client_id=client-1&post_logout_redirect_uri="
                           "https%3A%2F%2Fconnect.example%2F&state=s"));
}

TEST_F(OidcLogout, IsNotForEveryProvider) {
  answer_discovery();
  EXPECT_EQ(fault_in(testkit::run(pool, client.logout_url(provider, {}))),
            Fault::kLogoutUnsupported);
}

}  // namespace
}  // namespace flowsell::oidc
