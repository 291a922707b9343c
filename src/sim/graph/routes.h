#pragma once

#include <span>
#include <string_view>

#include "graph/graph.h"

namespace flowsell::sim {

/// A call about a node that the caller may see.
struct NodeRoute {
  NodeKind kind;
  http::Method method;
  std::string_view edge;  ///< "message_qrdls/*" takes one more segment: tail_of(call)
  Checked<Reply> (*handler)(Graph& graph, const Call& call, Node& node);
};

/// A call about no node: "oauth/access_token".
struct RootRoute {
  http::Method method;
  std::string_view path;
  bool needs_token;
  Checked<Reply> (*handler)(Graph& graph, const Call& call);
};

/// What follows the last slash of the edge.
std::string_view tail_of(const Call& call);

std::span<const RootRoute> token_routes();
std::span<const NodeRoute> app_routes();
std::span<const NodeRoute> business_routes();
std::span<const NodeRoute> account_routes();
std::span<const NodeRoute> phone_routes();
std::span<const NodeRoute> registration_routes();
std::span<const NodeRoute> profile_routes();
std::span<const NodeRoute> block_routes();
std::span<const NodeRoute> qr_routes();
std::span<const NodeRoute> template_routes();
std::span<const NodeRoute> flow_routes();
std::span<const RootRoute> library_routes();
std::span<const NodeRoute> media_routes();
std::span<const NodeRoute> upload_routes();

}  // namespace flowsell::sim
