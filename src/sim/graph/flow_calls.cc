// /{flow}: what of a flow can be asked for. Its forms are not played.
#include <array>

#include "graph/fields.h"
#include "graph/routes.h"

namespace flowsell::sim {
namespace {

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kFlow, http::Method::kGet, "", get_managed_node},
});

}  // namespace

std::span<const NodeRoute> flow_routes() { return kRoutes; }

}  // namespace flowsell::sim
