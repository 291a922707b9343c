#include "graph/component_errors.h"

#include <fmt/format.h>

namespace flowsell::sim {

std::unexpected<GraphError> missing_field(std::string_view component, std::string_view field) {
  return refuse_for_people(
      2388043, "Message template \"components\" param is missing expected field(s)",
      fmt::format("component of type {} is missing expected field(s) ({})", component, field));
}

std::unexpected<GraphError> invalid_component(std::string message) {
  return refuse_for_people(2388042, "Message template \"components\" param is invalid",
                           std::move(message));
}

std::unexpected<GraphError> too_long(std::string_view text, std::size_t max) {
  return refuse_for_people(2388040, "Message template field is too long",
                           fmt::format("The {} can't be longer than {} characters.", text, max));
}

}  // namespace flowsell::sim
