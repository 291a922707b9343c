#pragma once

#include <memory>

#include "api/services.h"
#include "http/message.h"
#include "runtime/task.h"

namespace flowsell::api {

/// The door for customers: routes, authentication, rate limits, and the shape of every answer.
/// Thread-safe.
class Api {
 public:
  explicit Api(Services services);
  ~Api();

  /// For http::Server.
  Awaitable<http::Response> handle(http::Request& request);
  /// What never became a request.
  http::Response refuse(const Error& error) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowsell::api
