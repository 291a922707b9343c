#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph_error.h"

namespace flowsell::graph_door {

/// Names and values of a query or a form, decoded, in their order.
using Parameters = std::vector<std::pair<std::string, std::string>>;
/// nullopt: it can't be read. What a client adds to prove that it has its app's secret is left out:
/// our keys are of no app.
std::optional<Parameters> parse_parameters(std::string_view text);
/// The same again.
std::string parameters_text(const Parameters& parameters);

/// Why a parameter, or a field of a body, must not reach the provider; empty: it may.
std::string_view refusal_of_name(std::string_view name);
/// The fault of one that must not; nullopt: it may. `value`: its text, or its JSON.
std::optional<GraphError> check_parameter(std::string_view name, std::string_view value);
/// The fault of the first that must not; nullopt: all may.
std::optional<GraphError> check_parameters(const Parameters& parameters);

}  // namespace flowsell::graph_door
