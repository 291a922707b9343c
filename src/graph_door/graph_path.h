#pragma once

#include <optional>
#include <string_view>

namespace flowsell::graph_door {

inline constexpr std::string_view kRoot = "/graph";

/// Where a request goes: a node, one of its edges, and what stands behind it.
struct GraphPath {
  std::string_view version;  ///< "v25.0"; empty: none is named
  std::string_view node;     ///< an id, or a name
  std::string_view edge;     ///< "messages"; empty: the node itself
  std::string_view rest;     ///< "/message_qrdls/{code}" has one; empty: none
};

/// nullopt: no path of the Graph's. A path is letters, digits, '_', '-' and '.': nothing in it is
/// percent-encoded, so what it names here is what it names at the provider.
std::optional<GraphPath> parse_path(std::string_view path);
/// Whether a path's node is an id, not a name: digits alone.
bool is_id(std::string_view node) noexcept;

}  // namespace flowsell::graph_door
