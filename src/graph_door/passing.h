#pragma once

#include <string_view>

#include "graph_call.h"
#include "graph_error.h"
#include "identity/caller.h"
#include "nodes.h"
#include "runtime/task.h"

namespace flowsell::graph_door {

/// A call that is passed on to the provider as it is.
struct PassedCall {
  NodeKind kind;
  http::Method method;
  std::string_view edge;
  identity::Scope scope;
  bool may_have_rest = false;
};
/// nullptr: it is not passed on.
const PassedCall* find_passed(NodeKind kind, http::Method method, const GraphPath& path);
/// Why a call that Meta has is not passed on; empty where it is none.
std::string_view refusal_of_edge(const GraphPath& path, http::Method method);

/// What manages accounts, numbers and templates: passed on with the connection's own token, once
/// the node in the path is known to be the caller's. Fails as find_node(), with kInsufficientScope,
/// and as ProviderCalls::exchange().
Task<http::Response> pass_on(const GraphCall& call);

/// An answer of the provider as this door gives it; one that is none of its API's as
/// error_of_no_words().
http::Response passed_back(const GraphCall& call, http::Exchange exchange, const Secret& token,
                           Again again);

}  // namespace flowsell::graph_door
