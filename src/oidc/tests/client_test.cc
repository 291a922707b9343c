#include "oidc/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "json/writer.h"
#include "provider_world.h"

namespace flowsell::oidc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing_support::fault_in;
using testing_support::key_set;
using testing_support::parameters_of;
using testing_support::ProviderWorld;
using testing_support::TestKey;
using testing_support::TokenDraft;

constexpr auto kDiscovery = "/.well-known/openid-configuration";

std::string rsa_keys() { return key_set({TestKey::rsa().jwk()}); }

// Where the browser is sent

class OidcBegin : public ProviderWorld {};

TEST_F(OidcBegin, SendsTheBrowserWithPkceStateAndNonce) {
  answer_discovery();
  const Authorization begun = begin();
  EXPECT_TRUE(begun.url.starts_with(peer.url("/authorize?")));
  const auto sent = parameters_of(begun.url);
  const std::map<std::string, std::string> expected = {
      {"response_type", "code"},
      {"client_id", "client-1"},
      {"redirect_uri", kRedirect},
      {"scope", "openid email profile"},
      {"state", begun.attempt.state},
      {"nonce", begun.attempt.nonce},
      {"code_challenge", base64url_encode(crypto::sha256(begun.attempt.code_verifier.reveal()))},
      {"code_challenge_method", "S256"}};
  EXPECT_EQ(sent, expected);
  EXPECT_EQ(begun.url.find(begun.attempt.code_verifier.reveal()), std::string::npos);
}

TEST_F(OidcBegin, TheAttemptHoldsWhatFinishNeeds) {
  answer_discovery();
  const Attempt attempt = begin().attempt;
  EXPECT_EQ(attempt.issuer, provider.issuer);
  EXPECT_EQ(attempt.client_id, "client-1");
  EXPECT_EQ(attempt.redirect_uri, kRedirect);
  EXPECT_EQ(attempt.state.size(), 43U);
  EXPECT_EQ(attempt.nonce.size(), 43U);
  EXPECT_EQ(attempt.code_verifier.size(), 43U);
  EXPECT_LE(attempt.begun_at, clock.now());
}

TEST_F(OidcBegin, EveryAttemptIsItsOwn) {
  answer_discovery();
  const Attempt first = begin().attempt;
  const Attempt second = begin().attempt;
  EXPECT_NE(first.state, second.state);
  EXPECT_NE(first.nonce, second.nonce);
  EXPECT_NE(first.code_verifier.reveal(), second.code_verifier.reveal());
  EXPECT_NE(first.state, first.nonce);
}

TEST_F(OidcBegin, PassesHintAndPromptOn) {
  answer_discovery();
  const auto sent = parameters_of(begin({.redirect_uri = kRedirect,
                                         .login_hint = "ada+x@example.com",
                                         .prompt = Prompt::kSelectAccount})
                                      .url);
  EXPECT_EQ(sent.at("login_hint"), "ada+x@example.com");
  EXPECT_EQ(sent.at("prompt"), "select_account");
}

TEST_F(OidcBegin, ALongHintIsRefused) {
  BeginOptions options;
  options.login_hint = std::string(321, 'a');
  const auto begun = testkit::run(pool, client.begin(provider, options));
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, ErrorCode::kInvalidRequest);
  EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(OidcBegin, KeepsTheQueryOfTheEndpoint) {
  discovery["authorization_endpoint"] = json::quoted(peer.url("/authorize?policy=a"));
  answer_discovery();
  EXPECT_TRUE(begin().url.starts_with(peer.url("/authorize?policy=a&response_type=code&")));
}

TEST_F(OidcBegin, AsksForOpenidOnce) {
  answer_discovery();
  provider.scopes = {"openid", "groups"};
  EXPECT_EQ(parameters_of(begin().url).at("scope"), "openid groups");
}

TEST_F(OidcBegin, SettingsThatCannotWorkAreRefusedUnsent) {
  const auto refused = [&](auto change) {
    Provider changed = provider;
    change(changed);
    const auto begun = testkit::run(pool, client.begin(changed, {.redirect_uri = kRedirect}));
    return fault_in(begun) == Fault::kProviderMisconfigured;
  };
  EXPECT_TRUE(refused([](Provider& p) { p.client_id.clear(); }));
  EXPECT_TRUE(refused([](Provider& p) { p.client_secret = Secret(); }));
  EXPECT_TRUE(refused([](Provider& p) { p.issuer = "http://idp.example"; }));
  EXPECT_TRUE(refused([](Provider& p) { p.issuer.clear(); }));
  EXPECT_THAT(asked(), IsEmpty());
}

// Discovery

class OidcDiscovery : public ProviderWorld {
 protected:
  std::optional<Fault> begin_fault() {
    return fault_in(testkit::run(pool, client.begin(provider, {.redirect_uri = kRedirect})));
  }
};

TEST_F(OidcDiscovery, AnotherIssuersDocumentIsRefused) {
  discovery["issuer"] = R"("https://accounts.google.com")";
  answer_discovery();
  EXPECT_EQ(begin_fault(), Fault::kDiscoveryIssuer);
}

TEST_F(OidcDiscovery, ALastSlashMakesAnotherIssuer) {
  answer_discovery();
  answer_discovery();
  provider.issuer += '/';
  EXPECT_EQ(begin_fault(), Fault::kDiscoveryIssuer);
  provider.issuer.pop_back();
  EXPECT_EQ(begin_fault(), std::nullopt) << "the wrong one's failure is its own";
  EXPECT_THAT(asked(), ElementsAre(kDiscovery, kDiscovery));
}

TEST_F(OidcDiscovery, ARedirectIsNotFollowed) {
  http::Response redirect;
  redirect.status = 302;
  redirect.headers.push_back({"Location", peer.url("/elsewhere")});
  peer.then(redirect);
  EXPECT_EQ(begin_fault(), Fault::kAnswerInvalid);
  EXPECT_EQ(peer.seen_count(), 1U);
}

TEST_F(OidcDiscovery, AnAnswerThatIsNoneIsRefused) {
  peer.then(404, "{}");
  EXPECT_EQ(begin_fault(), Fault::kAnswerInvalid);
}

TEST_F(OidcDiscovery, MoreThan64KilobytesAreRefused) {
  answer("{}" + std::string((64 << 10) - 1, ' '));
  EXPECT_EQ(begin_fault(), Fault::kAnswerInvalid);
}

TEST_F(OidcDiscovery, ALongAnswerIsNotWaitedFor) {
  http::Response cut;
  cut.body = std::string(300 << 10, ' ');
  cut.cut_in_half = true;
  peer.then(cut);
  EXPECT_EQ(begin_fault(), Fault::kAnswerInvalid);
}

TEST_F(OidcDiscovery, AProviderInTroubleIsUnavailable) {
  peer.then(503, "busy");
  EXPECT_EQ(begin_fault(), Fault::kUnavailable);
  clock.skip(6s);
  peer.then(429);
  EXPECT_EQ(begin_fault(), Fault::kUnavailable);
}

TEST_F(OidcDiscovery, ACutAnswerIsUnavailable) {
  http::Response cut;
  cut.body = std::string(1000, ' ');
  cut.cut_in_half = true;
  peer.then(cut);
  EXPECT_EQ(begin_fault(), Fault::kUnavailable);
}

TEST_F(OidcDiscovery, AProviderThatFailedIsAskedAgainAfterFiveSeconds) {
  peer.then(500);
  EXPECT_EQ(begin_fault(), Fault::kUnavailable);
  EXPECT_EQ(begin_fault(), Fault::kUnavailable);
  EXPECT_EQ(peer.seen_count(), 1U);
  clock.skip(5s);
  answer_discovery();
  EXPECT_EQ(begin_fault(), std::nullopt);
}

TEST_F(OidcDiscovery, IsKeptForFiveMinutesAtLeast) {
  answer_discovery("no-store");
  EXPECT_EQ(begin_fault(), std::nullopt);
  clock.skip(4min + 50s);
  EXPECT_EQ(begin_fault(), std::nullopt);
  EXPECT_EQ(peer.seen_count(), 1U);
  clock.skip(11s);
  answer_discovery();
  EXPECT_EQ(begin_fault(), std::nullopt);
  EXPECT_EQ(peer.seen_count(), 2U);
}

TEST_F(OidcDiscovery, IsKeptForADayAtMost) {
  answer_discovery("max-age=99999999");
  EXPECT_EQ(begin_fault(), std::nullopt);
  clock.skip(24h - 10s);
  EXPECT_EQ(begin_fault(), std::nullopt);
  EXPECT_EQ(peer.seen_count(), 1U);
  clock.skip(11s);
  answer_discovery();
  EXPECT_EQ(begin_fault(), std::nullopt);
  EXPECT_EQ(peer.seen_count(), 2U);
}

TEST_F(OidcDiscovery, TwoWhoBeginAtOnceShareIt) {
  answer_discovery();
  peer.otherwise({.status = 500});
  peer.hold();
  std::vector<std::future<Result<Authorization>>> begun;
  for (const std::size_t thread : {0U, 1U, 1U}) {
    begun.push_back(net::co_spawn(pool.context(thread),
                                  client.begin(provider, {.redirect_uri = kRedirect}),
                                  net::use_future));
    net::post(pool.context(thread), net::use_future([] {})).get();
  }
  peer.wait_for(1);
  peer.release();
  for (auto& each : begun) EXPECT_TRUE(each.get());
  EXPECT_EQ(peer.seen_count(), 1U);
}

TEST_F(OidcDiscovery, WhereNobodyListensIsUnreachable) {
  std::string gone;
  {
    const testkit::HttpImposter other;
    gone = other.address();
  }
  http::EgressOptions options;
  options.allowed = {gone};
  Client lonely(pool, std::make_shared<http::EgressGuard>(options), clock);
  provider.issuer = "http://" + gone;
  const auto begun = testkit::run(pool, lonely.begin(provider, {.redirect_uri = kRedirect}));
  EXPECT_EQ(fault_in(begun), Fault::kUnreachable);
}

TEST_F(OidcDiscovery, APrivateAddressIsRefused) {
  provider.issuer = "https://10.1.2.3";
  EXPECT_EQ(begin_fault(), Fault::kAddressRefused);
}

class OidcHasty : public ProviderWorld {
 protected:
  OidcHasty() : ProviderWorld({.call_time_max = 50ms}) {}
};

TEST_F(OidcHasty, ASilentProviderTimesOut) {
  peer.hold();
  const auto begun = testkit::run(pool, client.begin(provider, {.redirect_uri = kRedirect}));
  EXPECT_EQ(fault_in(begun), Fault::kTimeout);
}

TEST_F(OidcHasty, ASilentTokenEndpointTimesOut) {
  answer_discovery();
  const Attempt attempt = begin().attempt;
  peer.hold();
  EXPECT_EQ(fault_in(finish(attempt)), Fault::kTimeout);
}

// A whole sign-in

class OidcFinish : public ProviderWorld {
 protected:
  OidcFinish() { answer_discovery(); }
};

TEST_F(OidcFinish, TellsWhoSignedIn) {
  const auto claims = sign_in({.answers = {rsa_keys()}});
  ASSERT_TRUE(claims) << claims.error().detail;
  EXPECT_EQ(claims->issuer, provider.issuer);
  EXPECT_EQ(claims->subject, "user-1");
  EXPECT_EQ(claims->email, "ada@example.com");
  EXPECT_THAT(asked(), ElementsAre(kDiscovery, "/token", "/keys"));
}

TEST_F(OidcFinish, WorksWithAnEllipticCurve) {
  const auto claims = sign_in({.key = TestKey::p256(),
                               .algorithm = "ES256",
                               .answers = {key_set({TestKey::p256().jwk()})}});
  EXPECT_TRUE(claims) << claims.error().detail;
}

TEST_F(OidcFinish, AnAlgorithmThatTheProviderDoesNotSayIsRefused) {
  EXPECT_EQ(fault_in(sign_in({.key = TestKey::ed25519(),
                              .algorithm = "EdDSA",
                              .answers = {key_set({TestKey::ed25519().jwk()})}})),
            Fault::kTokenAlgorithm);
}

TEST_F(OidcFinish, TheSecondUserCostsOneCall) {
  ASSERT_TRUE(sign_in({.answers = {rsa_keys()}}));
  asked();
  ASSERT_TRUE(sign_in());
  EXPECT_THAT(asked(), ElementsAre("/token"));
}

// The token request

class OidcTokenRequest : public OidcFinish {
 protected:
  testkit::HttpImposter::Seen request_of(const Provider& with) {
    provider = with;
    const Attempt attempt = begin().attempt;
    answer_tokens(id_token(attempt).signed_by(TestKey::rsa()));
    answer(rsa_keys());
    verifier = attempt.code_verifier.reveal();
    EXPECT_TRUE(finish(attempt));
    return peer.wait_for(2).at(1);
  }
  std::string verifier;
};

TEST_F(OidcTokenRequest, CarriesCodeAndVerifier) {
  const auto seen = request_of(provider);
  EXPECT_EQ(seen.target, "/token");
  EXPECT_EQ(seen.headers.at("content-type"), "application/x-www-form-urlencoded");
  const std::map<std::string, std::string> expected = {{"grant_type", "authorization_code"},
                                                       {"code", "code-1"},
                                                       {"redirect_uri", kRedirect},
                                                       {"code_verifier", verifier}};
  EXPECT_EQ(parameters_of(seen.body), expected);
}

TEST_F(OidcTokenRequest, EncodesCredentialsBeforeTheyAreJoined) {
  provider.client_secret = Secret("a:b %+");
  const auto seen = request_of(provider);
  EXPECT_EQ(seen.headers.at("authorization"),
            "Basic " + base64_encode(as_bytes("client-1:a%3Ab%20%25%2B")));
}

TEST_F(OidcTokenRequest, PostsTheSecretWhereThatIsAsked) {
  provider.auth = ClientAuth::kPost;
  const auto seen = request_of(provider);
  EXPECT_FALSE(seen.headers.contains("authorization"));
  EXPECT_EQ(parameters_of(seen.body).at("client_id"), "client-1");
  EXPECT_EQ(parameters_of(seen.body).at("client_secret"), "secret-1");
}

TEST_F(OidcTokenRequest, APublicClientNamesItselfOnly) {
  provider.auth = ClientAuth::kNone;
  const auto seen = request_of(provider);
  EXPECT_FALSE(seen.headers.contains("authorization"));
  EXPECT_EQ(parameters_of(seen.body).at("client_id"), "client-1");
  EXPECT_FALSE(parameters_of(seen.body).contains("client_secret"));
}

// What the browser brings back

class OidcCallback : public OidcFinish {
 protected:
  /// The fault of a callback, and that nothing was sent for it.
  std::optional<Fault> refused(const Attempt& attempt, const Callback& callback) {
    asked();
    const auto fault = fault_in(finish(attempt, callback));
    EXPECT_THAT(asked(), IsEmpty());
    return fault;
  }
};

TEST_F(OidcCallback, AnotherStateIsRefused) {
  const Attempt attempt = begin().attempt;
  Callback wrong = callback(attempt);
  wrong.state = begin().attempt.state;
  EXPECT_EQ(refused(attempt, wrong), Fault::kStateMismatch);
  wrong.state.clear();
  EXPECT_EQ(refused(attempt, wrong), Fault::kStateMismatch);
}

TEST_F(OidcCallback, AnAttemptWithoutAStateIsRefused) {
  Attempt attempt = begin().attempt;
  attempt.state.clear();
  EXPECT_EQ(refused(attempt, callback(attempt)), Fault::kStateMismatch);
}

TEST_F(OidcCallback, AnAttemptWithoutAVerifierIsRefused) {
  Attempt attempt = begin().attempt;
  attempt.code_verifier = Secret();
  EXPECT_EQ(refused(attempt, callback(attempt)), Fault::kStateMismatch);
}

TEST_F(OidcCallback, AnotherStateIsRefusedWithAnErrorToo) {
  const Attempt attempt = begin().attempt;
  EXPECT_EQ(refused(attempt, {.code = "", .state = "x", .iss = "", .error = "access_denied"}),
            Fault::kStateMismatch);
}

TEST_F(OidcCallback, AnotherProvidersAttemptIsRefused) {
  Attempt attempt = begin().attempt;
  attempt.issuer = "https://other.example";
  EXPECT_EQ(refused(attempt, callback(attempt)), Fault::kAttemptMismatch);
  attempt = begin().attempt;
  attempt.client_id = "client-2";
  EXPECT_EQ(refused(attempt, callback(attempt)), Fault::kAttemptMismatch);
}

TEST_F(OidcCallback, AnAttemptIsGoodForTenMinutes) {
  const Attempt attempt = begin().attempt;
  clock.skip(10min + 1ms);
  EXPECT_EQ(refused(attempt, callback(attempt)), Fault::kAttemptExpired);
}

TEST_F(OidcCallback, ANamedIssuerMustBeTheProviders) {
  const Attempt attempt = begin().attempt;
  Callback back = callback(attempt);
  back.iss = "https://other.example";
  EXPECT_EQ(refused(attempt, back), Fault::kCallbackIssuer);
  back.error = "access_denied";
  EXPECT_EQ(refused(attempt, back), Fault::kCallbackIssuer);
}

TEST_F(OidcCallback, TheProvidersOwnIssuerIsTaken) {
  const Attempt attempt = begin().attempt;
  Callback back = callback(attempt);
  back.iss = provider.issuer;
  answer_tokens(id_token(attempt).signed_by(TestKey::rsa()));
  answer(rsa_keys());
  EXPECT_EQ(fault_in(finish(attempt, back)), std::nullopt);
}

TEST_F(OidcCallback, ErrorsHaveOurWords) {
  const Attempt attempt = begin().attempt;
  const std::map<std::string, Fault> meanings = {{"access_denied", Fault::kAccessDenied},
                                                 {"login_required", Fault::kInteractionRequired},
                                                 {"server_error", Fault::kUnavailable},
                                                 {"anything else", Fault::kAuthorizationRefused}};
  for (const auto& [word, fault] : meanings) {
    EXPECT_EQ(
        refused(attempt, {.code = "code-1", .state = attempt.state, .iss = "", .error = word}),
        fault);
  }
}

TEST_F(OidcCallback, WithoutACodeIsRefused) {
  const Attempt attempt = begin().attempt;
  Callback back = callback(attempt);
  back.code.clear();
  EXPECT_EQ(refused(attempt, back), Fault::kCallbackInvalid);
  back.code = std::string(4097, 'c');
  EXPECT_EQ(refused(attempt, back), Fault::kCallbackInvalid);
}

class OidcCallbackIssuer : public ProviderWorld {
 protected:
  OidcCallbackIssuer() {
    discovery["authorization_response_iss_parameter_supported"] = "true";
    answer_discovery();
  }
};

TEST_F(OidcCallbackIssuer, ThatIsPromisedMustCome) {
  const Attempt attempt = begin().attempt;
  EXPECT_EQ(fault_in(finish(attempt)), Fault::kCallbackIssuer);
  EXPECT_THAT(asked(), ElementsAre(kDiscovery));
}

TEST_F(OidcCallbackIssuer, ThatIsPromisedMustComeWithAnErrorToo) {
  const Attempt attempt = begin().attempt;
  EXPECT_EQ(
      fault_in(finish(attempt, {.code = "", .state = attempt.state, .iss = "", .error = "x"})),
      Fault::kCallbackIssuer);
}

// The token endpoint

class OidcTokenEndpoint : public OidcFinish {
 protected:
  Result<Claims> answered(int status, std::string body) {
    const Attempt attempt = begin().attempt;
    peer.then(status, std::move(body));
    return finish(attempt);
  }
};

TEST_F(OidcTokenEndpoint, AReplayedCodeIsRefused) {
  EXPECT_EQ(fault_in(answered(400, R"({"error":"invalid_grant"})")), Fault::kCodeRefused);
}

TEST_F(OidcTokenEndpoint, AWrongSecretIsRefused) {
  EXPECT_EQ(fault_in(answered(401, R"({"error":"invalid_client"})")), Fault::kClientRefused);
}

TEST_F(OidcTokenEndpoint, TroubleIsUnavailable) {
  EXPECT_EQ(fault_in(answered(502, R"({"error":"invalid_grant"})")), Fault::kUnavailable);
}

TEST_F(OidcTokenEndpoint, WhatIsNoAnswerIsInvalid) {
  for (const std::string& body :
       {std::string("<html>"), std::string("{}"), std::string(R"({"error":"invalid_grant"})"),
        std::string((64 << 10) + 1, ' ')}) {
    EXPECT_EQ(fault_in(answered(200, body)), Fault::kAnswerInvalid);
  }
}

TEST_F(OidcTokenEndpoint, ARedirectIsNotFollowed) {
  const Attempt attempt = begin().attempt;
  http::Response redirect;
  redirect.status = 307;
  redirect.headers.push_back({"Location", peer.url("/elsewhere")});
  peer.then(redirect);
  EXPECT_EQ(fault_in(finish(attempt)), Fault::kAnswerInvalid);
  EXPECT_EQ(peer.seen_count(), 2U);
}

TEST_F(OidcTokenEndpoint, ItsWordsAreNotRepeated) {
  const auto refused =
      answered(400, R"({"error":"invalid_grant","error_description":"hostile words"})");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, Not(HasSubstr("hostile")));
  EXPECT_EQ(refused.error().provider->text, "");
  EXPECT_EQ(refused.error().provider->reason, "code_refused");
}

class OidcEgress : public ProviderWorld {};

TEST_F(OidcEgress, APrivateTokenEndpointIsRefused) {
  discovery["token_endpoint"] = R"("https://10.1.2.3/token")";
  answer_discovery();
  EXPECT_EQ(fault_in(finish(begin().attempt)), Fault::kAddressRefused);
}

TEST_F(OidcEgress, APrivateKeyAddressIsRefused) {
  discovery["jwks_uri"] = R"("https://169.254.169.254/keys")";
  answer_discovery();
  EXPECT_EQ(fault_in(sign_in()), Fault::kAddressRefused);
}

}  // namespace
}  // namespace flowsell::oidc
