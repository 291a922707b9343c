#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/home.h"
#include "core/id.h"
#include "core/time.h"
#include "http/message.h"
#include "runtime/task.h"
#include "telemetry/metrics.h"

namespace flowsell::graph_door {

/// The door for programs that were written for Meta's Graph API: /graph/v{N}.0/..., with an API key
/// in the place of Meta's token. Requests, answers and errors have Meta's shapes; messages go the
/// same way as by the API. Thread-safe.
class GraphDoor {
 public:
  /// All outlive it.
  struct Process {
    const Clock& clock;
    IdSource& ids;
    metrics::Registry& metrics;
    api::Homes& homes;
    /// Where everybody reaches this server; empty: where a request says that it came.
    std::string public_url = {};
  };
  explicit GraphDoor(Process process);
  ~GraphDoor();

  /// Whether a request is for this door.
  static bool is_for(std::string_view path) noexcept;
  /// Whether such a request's body is a stream: http::ServerOptions::streams.
  static bool streams(http::Method method, std::string_view target) noexcept;
  /// For http::Server.
  Awaitable<http::Response> handle(http::Request& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowsell::graph_door
