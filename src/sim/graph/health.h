#pragma once

#include "graph/graph.h"

namespace flowsell::sim {

/// "health_status": can it send, and what stands in the way, entity by entity.
json::Object health_of(Graph& graph, const Call& call, const Node& node);

}  // namespace flowsell::sim
