#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "connections/connections.h"
#include "connections/provider_routes.h"
#include "core/time.h"
#include "http/client.h"
#include "runtime/task.h"

namespace flowsell::connections {

/// Calls that manage something at a provider, answered while the caller waits. Messages go another
/// way: a call is made once, and what became of it is not stored.
class ProviderCalls {
 public:
  static constexpr std::chrono::seconds kTimeMax{15};

  ProviderCalls(http::Client& client, const Clock& clock, ProviderRoutes routes);

  const ProviderRoutes& routes() const noexcept { return routes_; }
  /// Where the connection's provider is; `address` as in ProviderRoutes::of().
  channel::SenderRoute route(const Connection& connection, std::string address = {}) const;

  /// Makes the call with the connection's token, and gives its answer where that is a success
  /// (2xx). `what` completes "the provider refused to ...". Fails with kProviderRejected (with
  /// what the provider said), kProviderUnreachable (no byte reached it, or its answer is none of
  /// its API) and kProviderTimeout (what it did is not known). Call on a thread of the pool.
  Task<http::Exchange> call(ConnectionPtr connection, http::OutRequest request,
                            std::string_view what, std::chrono::seconds time_max = kTimeMax);
  /// The same for who passes the provider's answer on, whatever it says. Fails with
  /// kProviderUnreachable (no byte reached it) and kProviderTimeout.
  Task<http::Exchange> exchange(ConnectionPtr connection, http::OutRequest request,
                                std::chrono::seconds time_max = kTimeMax);

  /// By whom a call is made where that is no connection's token, or before there is one.
  struct As {
    const channel::Adapter* adapter = nullptr;
    identity::Mode mode = identity::Mode::kTest;
    Secret token;    ///< empty: the request holds what it needs
    IdBytes client;  ///< calls on behalf of one share connections with each other only
  };
  /// The same.
  Task<http::Exchange> call_as(As as, http::OutRequest request, std::string_view what,
                               std::chrono::seconds time_max = kTimeMax);

  /// Told of each error by which a provider refuses a connection's call. Before the first call.
  using Listener = std::function<void(const ConnectionPtr&, const ProviderError&)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  /// The same where the request's body has a source. Fails too as the source does, which the
  /// provider then never sees the end of.
  Task<http::Exchange> upload(ConnectionPtr connection, http::OutRequest request,
                              std::string_view what);
  /// With whose credential: the token goes to the provider's own hosts only.
  enum class Credential : std::uint8_t { kNone, kToken };
  /// A file. Its answer's body is still to be read, but for a refusal's (400 and up), which has
  /// none. Fails with kProviderUnreachable and kProviderTimeout.
  Task<http::StreamedExchange> open(ConnectionPtr connection, http::OutRequest request,
                                    Credential credential);

 private:
  void tell(const ConnectionPtr& connection, const Error& error) const;
  void tell(const ConnectionPtr& connection, const http::Exchange& refused) const;

  http::Client& client_;
  const Clock& clock_;
  const ProviderRoutes routes_;
  Listener listener_;
};

/// What an answer of a provider's API is worth: itself where it is a success. Fails as call().
Result<> check_answer(const channel::Adapter& adapter, const http::Exchange& exchange,
                      std::string_view what);

}  // namespace flowsell::connections
