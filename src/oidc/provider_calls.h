#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/egress_guard.h"
#include "runtime/task.h"

namespace flowsell::oidc {

/// How long a document may be kept by its Cache-Control (RFC 9111, section 5.2.2): max-age, from 5
/// minutes to 24 hours; no-cache and no-store 5 minutes; an hour where nothing is said.
std::chrono::seconds fresh_time(std::string_view cache_control);

/// HTTP to providers, judged as far as the protocol does not matter. As http::Client: calls on the
/// pool's threads, destroyed after it has stopped.
class ProviderCalls {
 public:
  ProviderCalls(runtime::IoPool& pool, std::shared_ptr<http::EgressGuard> guard,
                std::chrono::milliseconds time_max, std::string tls_ca_file);

  /// An answer of at most `bytes_max` whose status is neither 429 nor 5xx. A redirect is an answer
  /// like others, and none that a caller can use. Fails with kAddressRefused, kUnreachable,
  /// kTimeout, kUnavailable, kBusy, kAnswerInvalid.
  Task<http::Exchange> call(http::OutRequest request, std::size_t bytes_max);
  /// GET, and a 200 is the only answer that will do.
  Task<http::Exchange> get(http::Url url, std::size_t bytes_max);

 private:
  http::Client client_;
  std::chrono::milliseconds time_max_;
};

}  // namespace flowsell::oidc
