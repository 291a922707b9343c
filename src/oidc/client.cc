#include "oidc/client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/encoding.h"
#include "core/random.h"
#include "crypto/hash.h"
#include "document_cache.h"
#include "encoding.h"
#include "issuer.h"
#include "key_set.h"
#include "metadata.h"
#include "oidc/id_token.h"
#include "provider_calls.h"
#include "read_claims.h"
#include "telemetry/log.h"
#include "token_answer.h"

namespace flowsell::oidc {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kUserinfoBytesMax = 64 * 1024;
constexpr std::size_t kCodeBytesMax = 4 * 1024;
constexpr std::size_t kHintBytesMax = 320;
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

/// 256 random bits: 43 characters, which is what RFC 7636, section 4.1, asks of a code verifier.
std::string random_text() {
  std::array<std::uint8_t, 32> bytes;
  fill_random(bytes);
  return base64url_encode(bytes);
}

std::string_view prompt_name(Prompt prompt) {
  switch (prompt) {
    case Prompt::kNone:
      return "none";
    case Prompt::kLogin:
      return "login";
    case Prompt::kConsent:
      return "consent";
    case Prompt::kSelectAccount:
      return "select_account";
  }
  return {};
}

bool asks_for(const Provider& provider, std::string_view scope) {
  return std::ranges::find(provider.scopes, scope) != provider.scopes.end();
}

std::string scope_of(const Provider& provider) {
  std::string text = "openid";
  for (const std::string& scope : provider.scopes) {
    if (scope != "openid") text.append(" ").append(scope);
  }
  return text;
}

Result<> check_provider(const Provider& provider) {
  if (provider.client_id.empty()) return fail(Fault::kProviderMisconfigured, "client_id");
  if (provider.auth != ClientAuth::kNone && provider.client_secret.empty()) {
    return fail(Fault::kProviderMisconfigured, "client_secret");
  }
  return {};
}

Attempt new_attempt(const Provider& provider, std::string redirect_uri, Time now) {
  Attempt attempt;
  attempt.issuer = provider.issuer;
  attempt.client_id = provider.client_id;
  attempt.state = random_text();
  attempt.nonce = random_text();
  attempt.code_verifier = Secret(random_text());
  attempt.redirect_uri = std::move(redirect_uri);
  attempt.begun_at = now;
  return attempt;
}

std::string authorization_url(const Metadata& metadata, const Provider& provider,
                              const Attempt& attempt, const BeginOptions& options) {
  const std::string scope = scope_of(provider);
  const std::string challenge = base64url_encode(crypto::sha256(attempt.code_verifier.reveal()));
  return with_query(metadata.authorization_endpoint,
                    form({{"response_type", "code"},
                          {"client_id", provider.client_id},
                          {"redirect_uri", attempt.redirect_uri},
                          {"scope", scope},
                          {"state", attempt.state},
                          {"nonce", attempt.nonce},
                          {"code_challenge", challenge},
                          {"code_challenge_method", "S256"},
                          {"login_hint", options.login_hint ? *options.login_hint : ""},
                          {"prompt", options.prompt ? prompt_name(*options.prompt) : ""}}));
}

/// What needs no look at the provider: does the answer belong to this attempt at all?
Result<> check_attempt(const Provider& provider, const Attempt& attempt, const Callback& callback,
                       Time now, std::chrono::minutes time_max) {
  // An answer that arrives at one provider's route for an attempt with another: mix-up.
  if (attempt.issuer != provider.issuer || attempt.client_id != provider.client_id) {
    return fail(Fault::kAttemptMismatch);
  }
  // An empty verifier would be left out of the request, and PKCE with it.
  if (attempt.state.empty() || attempt.code_verifier.empty() ||
      !crypto::constant_time_equal(attempt.state, callback.state)) {
    return fail(Fault::kStateMismatch);
  }
  if (now > attempt.begun_at + time_max) return fail(Fault::kAttemptExpired);
  return {};
}

/// RFC 9207, section 2.4, for refusals as for codes. Where a provider sends `iss` without saying so
/// beforehand, it is believed as well.
Result<> check_callback(const Metadata& metadata, const Provider& provider,
                        const Callback& callback) {
  const bool is_there = !callback.iss.empty();
  if (is_there ? !could_be_issuer(provider.issuer, callback.iss) : metadata.sends_issuer) {
    return fail(Fault::kCallbackIssuer);
  }
  if (!callback.error.empty()) return fail(authorization_refusal(callback.error));
  if (callback.code.empty() || callback.code.size() > kCodeBytesMax) {
    return fail(Fault::kCallbackInvalid, "code");
  }
  return {};
}

/// RFC 6749, section 2.3.1: both are form-encoded first.
std::string basic_credentials(const Provider& provider) {
  const Secret pair(percent_encode(provider.client_id) + ':' +
                    percent_encode(provider.client_secret.reveal()));
  return "Basic " + base64_encode(as_bytes(pair.reveal()));
}

http::OutRequest token_request(const Metadata& metadata, const Provider& provider,
                               const Attempt& attempt, const Callback& callback) {
  const bool posts_secret = provider.auth == ClientAuth::kPost;
  const bool names_client = provider.auth != ClientAuth::kBasic;
  http::OutRequest request;
  request.url = metadata.token_endpoint;
  request.headers.push_back({"Content-Type", std::string(kFormType)});
  if (provider.auth == ClientAuth::kBasic) {
    request.headers.push_back({"Authorization", basic_credentials(provider)});
  }
  request.body = form({{"grant_type", "authorization_code"},
                       {"code", callback.code},
                       {"redirect_uri", attempt.redirect_uri},
                       {"code_verifier", attempt.code_verifier.reveal()},
                       {"client_id", names_client ? std::string_view(provider.client_id) : ""},
                       {"client_secret", posts_secret ? provider.client_secret.reveal() : ""}});
  return request;
}

http::OutRequest userinfo_request(http::Url url, const Secret& access_token) {
  http::OutRequest request;
  request.method = http::Method::kGet;
  request.url = std::move(url);
  request.headers.push_back(
      {"Authorization", std::string("Bearer ").append(access_token.reveal())});
  return request;
}

CacheLimits cache_limits(const ClientOptions& options) {
  // A second more than the call has, so that it is the call that says what went wrong.
  return {options.documents_max, options.document_bytes_max, options.call_time_max + 1s};
}

/// What the ID token of one sign-in is checked with.
struct Sought {
  Provider provider;
  Attempt attempt;
  Metadata metadata;
  TokenAnswer answer;
};

}  // namespace

class Client::Impl {
 public:
  Impl(runtime::IoPool& pool, std::shared_ptr<http::EgressGuard> guard, const Clock& clock,
       ClientOptions options)
      : options_(std::move(options)),
        clock_(clock),
        guard_(std::move(guard)),
        calls_(pool, guard_, options_.call_time_max, options_.tls_ca_file),
        discovered_(clock, cache_limits(options_)),
        key_sets_(clock, cache_limits(options_)) {}

  Task<Metadata> discover(Provider provider);
  Task<Claims> finish(Provider provider, Attempt attempt, Callback callback);
  Time now() const { return clock_.now(); }

 private:
  using Document = DocumentCache::Document;
  Task<Document> fetch_metadata(http::Url url, std::string issuer);
  Task<Document> fetch_keys(http::Url url);
  Task<TokenAnswer> redeem(http::OutRequest request);
  Result<Claims> verify(const Sought& sought, const std::string& keys) const;
  Task<Claims> verify_with_rotation(std::shared_ptr<const Sought> sought);
  Task<Claims> with_userinfo(std::shared_ptr<const Sought> sought, Claims claims);

  ClientOptions options_;
  const Clock& clock_;
  std::shared_ptr<http::EgressGuard> guard_;  ///< shared with the HTTP client
  ProviderCalls calls_;
  DocumentCache discovered_;
  DocumentCache key_sets_;
};

/// Only what can be used is kept: an hour of a broken document would be an hour without sign-ins.
Task<DocumentCache::Document> Client::Impl::fetch_metadata(http::Url url, std::string issuer) {
  CO_TRY(http::Exchange exchange, co_await calls_.get(std::move(url), kDiscoveryBytesMax));
  CO_CHECK_OK(parse_metadata(exchange.body, issuer, *guard_));
  co_return Document{std::move(exchange.body), fresh_time(exchange.header("Cache-Control"))};
}

Task<DocumentCache::Document> Client::Impl::fetch_keys(http::Url url) {
  CO_TRY(http::Exchange exchange, co_await calls_.get(std::move(url), kKeySetBytesMax));
  CO_CHECK_OK(KeySet::parse(exchange.body));
  co_return Document{std::move(exchange.body), fresh_time(exchange.header("Cache-Control"))};
}

Task<Metadata> Client::Impl::discover(Provider provider) {
  CO_CHECK_OK(check_provider(provider));
  CO_TRY(const http::Url url, discovery_url(provider, *guard_));
  // The issuer as well: of two that differ in the last slash one is wrong, and not for the other.
  std::string key = provider.issuer + ' ' + url.str();
  auto fetch = [this, url, issuer = provider.issuer] { return fetch_metadata(url, issuer); };
  CO_TRY(const DocumentCache::Copy copy,
         co_await discovered_.get(std::move(key), std::move(fetch)));
  co_return parse_metadata(*copy.text, provider.issuer, *guard_);
}

Task<TokenAnswer> Client::Impl::redeem(http::OutRequest request) {
  CO_TRY(http::Exchange exchange, co_await calls_.call(std::move(request), kTokenAnswerBytesMax));
  if (exchange.status != 200) co_return fail(token_refusal(exchange.status, exchange.body));
  co_return parse_token_answer(exchange.body);
}

Result<Claims> Client::Impl::verify(const Sought& sought, const std::string& keys) const {
  return verify_id_token(sought.answer.id_token.reveal(), keys,
                         {.issuer = sought.provider.issuer,
                          .client_id = sought.provider.client_id,
                          .nonce = sought.attempt.nonce,
                          .access_token = sought.answer.access_token.reveal(),
                          .algorithms = sought.metadata.algorithms,
                          .now = clock_.now()});
}

Task<Claims> Client::Impl::verify_with_rotation(std::shared_ptr<const Sought> sought) {
  const http::Url url = sought->metadata.jwks_uri;
  // For each issuer its own: nobody can use up another's renewals by naming its keys as his.
  const std::string key = sought->provider.issuer + ' ' + sought->provider.tenant + ' ' + url.str();
  const auto fetch = [this, url] { return fetch_keys(url); };
  CO_TRY(const DocumentCache::Copy keys, co_await key_sets_.get(key, fetch));
  auto claims = verify(*sought, *keys.text);
  if (claims || fault_of(claims.error()) != Fault::kTokenUnknownKey) co_return claims;

  CO_TRY(const DocumentCache::Copy newer, co_await key_sets_.renew(key, keys.version, fetch));
  if (newer.version == keys.version) co_return claims;
  log::info("an identity provider's keys were fetched anew", {{"issuer", sought->provider.issuer}});
  co_return verify(*sought, *newer.text);
}

Task<Claims> Client::Impl::with_userinfo(std::shared_ptr<const Sought> sought, Claims claims) {
  const auto& url = sought->metadata.userinfo_endpoint;
  if (!claims.email.empty() || !url || !asks_for(sought->provider, "email")) co_return claims;
  CO_TRY(
      http::Exchange exchange,
      co_await calls_.call(userinfo_request(*url, sought->answer.access_token), kUserinfoBytesMax));
  if (exchange.status != 200) co_return fail(Fault::kAnswerInvalid, "userinfo");
  CO_CHECK_OK(add_userinfo(exchange.body, claims));
  if (has_tenant_template(sought->provider.issuer)) claims.email_verified = false;
  co_return claims;
}

Task<Claims> Client::Impl::finish(Provider provider, Attempt attempt, Callback callback) {
  CO_CHECK_OK(check_attempt(provider, attempt, callback, clock_.now(), options_.attempt_time_max));
  CO_TRY(Metadata metadata, co_await discover(provider));
  CO_CHECK_OK(check_callback(metadata, provider, callback));

  auto request = token_request(metadata, provider, attempt, callback);
  CO_TRY(TokenAnswer answer, co_await redeem(std::move(request)));
  // Shared with the coroutines below, which would copy its secrets otherwise.
  const auto sought = std::make_shared<const Sought>(
      Sought{std::move(provider), std::move(attempt), std::move(metadata), std::move(answer)});
  CO_TRY(Claims claims, co_await verify_with_rotation(sought));
  if (!callback.iss.empty() && callback.iss != claims.issuer) {
    co_return fail(Fault::kCallbackIssuer);  // with {tenantid}: another tenant's
  }
  co_return co_await with_userinfo(sought, std::move(claims));
}

Client::Client(runtime::IoPool& pool, std::shared_ptr<http::EgressGuard> guard, const Clock& clock,
               ClientOptions options)
    : impl_(std::make_unique<Impl>(pool, std::move(guard), clock, std::move(options))) {}
Client::~Client() = default;

Task<Authorization> Client::begin(Provider provider, BeginOptions options) {
  if (options.login_hint && options.login_hint->size() > kHintBytesMax) {
    co_return fail_field("login_hint", "too_long", "'login_hint' is longer than 320 bytes",
                         "Send an email address, or leave it out.");
  }
  CO_TRY(const Metadata metadata, co_await impl_->discover(provider));
  Attempt attempt = new_attempt(provider, options.redirect_uri, impl_->now());
  std::string url = authorization_url(metadata, provider, attempt, options);
  co_return Authorization{std::move(url), std::move(attempt)};
}

Task<Claims> Client::finish(Provider provider, Attempt attempt, Callback callback) {
  return impl_->finish(std::move(provider), std::move(attempt), std::move(callback));
}

Task<std::string> Client::logout_url(Provider provider, LogoutOptions options) {
  CO_TRY(const Metadata metadata, co_await impl_->discover(provider));
  if (metadata.end_session_endpoint.empty()) co_return fail(Fault::kLogoutUnsupported);
  co_return with_query(metadata.end_session_endpoint,
                       form({{"client_id", provider.client_id},
                             {"post_logout_redirect_uri", options.post_logout_redirect_uri},
                             {"state", options.state}}));
}

}  // namespace flowsell::oidc
