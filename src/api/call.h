#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/api.h"
#include "http/message.h"
#include "http/router.h"
#include "runtime/task.h"

namespace flowsell::api {

/// One authenticated request, with what its answer will say beside the body.
struct Call {
  const http::Request& request;
  const Services& services;
  identity::Caller caller;
  std::optional<metering::Quota>
      quota;  ///< set by a handler that used some: for the RateLimit headers
};

/// Answers a call. The call outlives the coroutine.
using CallHandler = std::function<Task<http::Response>(Call&)>;

/// Where resources add their routes.
class Routes {
 public:
  virtual ~Routes() = default;
  /// A route for callers whose key has the scope.
  virtual void add(http::Method method, std::string pattern, identity::Scope scope,
                   CallHandler handler) = 0;
  /// A route without a key.
  virtual void add_open(http::Method method, std::string pattern, http::Handler handler) = 0;
};

// One file a resource.
void add_message_routes(Routes& routes);
void add_webhook_endpoint_routes(Routes& routes);
void add_event_routes(Routes& routes);
void add_delivery_routes(Routes& routes);
void add_sender_routes(Routes& routes);
void add_quota_routes(Routes& routes);
void add_hook_routes(Routes& routes, const Api::Process& process);
void add_health_routes(Routes& routes, const Api::Process& process);

}  // namespace flowsell::api
