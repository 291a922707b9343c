#pragma once

#include <optional>
#include <string>

#include "api/key_door.h"
#include "api/services.h"
#include "graph_path.h"
#include "http/message.h"
#include "query.h"
#include "team/by.h"

namespace flowsell::graph_door {

/// One request of a caller who was let in. Outlives its coroutines.
struct GraphCall {
  const http::Request& request;
  const GraphPath path;
  /// Of its query, and none is refused; nullopt: it can't be read.
  const std::optional<Parameters> parameters;
  const api::Services& services;
  const identity::Caller& caller;
  IdSource& ids;
  std::string trace_id;  ///< of its errors
  std::string base;      ///< of addresses in its answer: "https://connect.example/graph"

  bool is_read() const noexcept { return request.method == http::Method::kGet; }
};

/// Who calls, for records.
team::By by_of(const GraphCall& call);
/// Fails with kInsufficientScope.
Result<> require(const GraphCall& call, identity::Scope scope);

}  // namespace flowsell::graph_door
