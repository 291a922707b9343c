#pragma once

#include <string>
#include <string_view>

#include "graph_error.h"

namespace flowsell::sim {

// How Meta refuses a template for one of its components.
/// 2388043
std::unexpected<GraphError> missing_field(std::string_view component, std::string_view field);
/// 2388042
std::unexpected<GraphError> invalid_component(std::string message);
/// 2388040, of a text: "body".
std::unexpected<GraphError> too_long(std::string_view text, std::size_t max);

}  // namespace flowsell::sim
