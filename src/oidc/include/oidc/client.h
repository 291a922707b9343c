#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/sensitive.h"
#include "core/time.h"
#include "http/egress_guard.h"
#include "oidc/callback.h"
#include "oidc/claims.h"
#include "oidc/fault.h"
#include "oidc/provider.h"
#include "runtime/io_pool.h"
#include "runtime/task.h"

namespace flowsell::oidc {

/// A sign-in that has begun. The caller stores it, bound to the browser by a cookie, and takes it
/// away again before it calls finish(): so a code, a state and a nonce are good for one try,
/// however often a browser comes back.
struct Attempt {
  std::string issuer;  ///< the provider that it was begun with
  std::string client_id;
  std::string state;
  std::string nonce;
  Secret code_verifier;  ///< RFC 7636
  std::string redirect_uri;
  Time begun_at;
};

struct Authorization {
  std::string url;  ///< where the browser is sent
  Attempt attempt;
};

/// OpenID Connect Core 1.0, section 3.1.2.1.
enum class Prompt : std::uint8_t { kNone, kLogin, kConsent, kSelectAccount };

struct BeginOptions {
  /// One of those registered with the provider, letter by letter. A path of its own for each
  /// provider keeps answers apart also where `iss` is not sent (RFC 9700, section 4.4.2).
  std::string redirect_uri;
  std::optional<std::string> login_hint = std::nullopt;  ///< up to 320 bytes
  std::optional<Prompt> prompt = std::nullopt;
};

struct LogoutOptions {
  std::string post_logout_redirect_uri;  ///< registered with the provider; empty: it keeps the user
  std::string state;                     ///< comes back with the browser; empty: none
};

struct ClientOptions {
  /// Of each call to the provider. finish() makes five at most: discovery, token, keys, keys again,
  /// userinfo.
  std::chrono::milliseconds call_time_max{5'000};
  std::chrono::minutes attempt_time_max{10};
  std::string tls_ca_file;  ///< empty: the system's
  /// What is remembered, of discovery documents and of JWK Sets each; beyond it the least recently
  /// used is forgotten.
  std::size_t documents_max = 512;
  std::size_t document_bytes_max = std::size_t{16} << 20;
};

/// The protocol's client side: authorization code flow with PKCE (S256), state and nonce, always.
/// Sources: OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749, 7636, 9207, 9700.
///
/// It keeps discovery documents and JWK Sets as their Cache-Control says, 5 minutes at least and 24
/// hours at most (an hour where it says nothing); callers who need the same one share one call. A
/// provider that failed is asked again after 5 seconds. A token with an unknown key has the JWK Set
/// fetched again, once a minute at most.
///
/// Calls go by HTTP/1.1 through the egress guard. No redirect is followed; answers are limited to
/// 64 kB (discovery, token, userinfo) and 256 kB (keys). Every failure has a Fault; neither errors
/// nor logs repeat what the provider said.
///
/// Thread-safe. Its coroutines run on the pool's threads. Destroyed after the pool has stopped.
class Client {
 public:
  Client(runtime::IoPool& pool, std::shared_ptr<http::EgressGuard> guard, const Clock& clock,
         ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Fails with kProviderMisconfigured, the faults of the exchange, kDiscovery...,
  /// kNoCommonAlgorithm.
  Task<Authorization> begin(Provider provider, BeginOptions options);

  /// Who signed in. `attempt` must be gone from the store before this is called, see there. The
  /// userinfo endpoint is asked only where "email" is among the scopes and not in the ID token.
  /// Fails with any fault but kLogoutUnsupported.
  Task<Claims> finish(Provider provider, Attempt attempt, Callback callback);

  /// Where a browser is sent to end the provider's session too (RP-Initiated Logout 1.0). No ID
  /// token is kept to be sent as a hint, so the provider may ask the user. Fails as begin(), or
  /// with kLogoutUnsupported.
  Task<std::string> logout_url(Provider provider, LogoutOptions options);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowsell::oidc
