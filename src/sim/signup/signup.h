#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "graph/management.h"
#include "http/message.h"

namespace flowsell::sim {

/// Stands in for Facebook's SDK, Embedded Signup and the OAuth dialog: /sdk.js, /dialog/signup,
/// /dialog/oauth and the call by which their page ends. Thread-safe.
class Signup {
 public:
  Signup(World& world, Management& management) : world_(world), management_(management) {}

  static bool knows(std::string_view path);
  Awaitable<http::Response> answer(const http::Request& request);
  /// POST /_sim/signup {"scenario"}: what the next visitors meet, at once and without a click.
  /// Empty: they choose. Fails with kInvalidRequest.
  Result<std::string> preset(const json::Value& body);

 private:
  http::Response page();
  Awaitable<http::Response> finish(const http::Request& request);

  World& world_;
  Management& management_;
  std::mutex mutex_;
  std::string preset_;
};

}  // namespace flowsell::sim
