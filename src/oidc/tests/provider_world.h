#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "oidc/client.h"
#include "test_key.h"
#include "testkit/http_imposter.h"
#include "testkit/io.h"
#include "testkit/skipping_clock.h"

namespace flowsell::oidc::testing_support {

/// What a URL's query or a form says.
std::map<std::string, std::string> parameters_of(std::string_view query);

/// One sign-in from begin() on, with discovery in the cache.
struct SignIn {
  TokenDraft changes = {};  ///< of what the ID token says
  const TestKey& key = TestKey::rsa();
  std::string algorithm = "RS256";
  /// What the provider answers after the tokens: JWK Sets, userinfo.
  std::vector<std::string> answers = {};
};

/// A provider that answers by script, on a free port, and a client of it.
class ProviderWorld : public testing::Test {
 public:
  static constexpr auto kRedirect = "https://connect.example/callback";

 protected:
  explicit ProviderWorld(ClientOptions options = {});
  ~ProviderWorld() override;
  ProviderWorld(const ProviderWorld&) = delete;
  ProviderWorld& operator=(const ProviderWorld&) = delete;

  /// The next answers of the provider.
  void answer(std::string body, std::string cache_control = {});
  void answer_discovery(std::string cache_control = {});
  void answer_tokens(const std::string& id_token);

  /// begin() without a fault; its discovery is scripted by the caller, or in the cache.
  Authorization begin(BeginOptions options = {.redirect_uri = kRedirect});
  /// The ID token that belongs to an attempt.
  TokenDraft id_token(const Attempt& attempt) const;
  /// What the browser brings back when all is well.
  static Callback callback(const Attempt& attempt);
  Result<Claims> finish(const Attempt& attempt, const Callback& callback);
  Result<Claims> finish(const Attempt& attempt) { return finish(attempt, callback(attempt)); }
  Result<Claims> sign_in(const SignIn& how = {});
  /// What the provider was asked for, in order, since the last call.
  std::vector<std::string> asked();

  testkit::HttpImposter peer;
  testkit::SkippingClock clock;
  runtime::IoPool pool{2};
  std::shared_ptr<http::EgressGuard> guard;
  Client client;
  Provider provider;
  std::map<std::string, std::string> discovery;  ///< values are JSON

 private:
  std::size_t told_ = 0;
};

}  // namespace flowsell::oidc::testing_support
