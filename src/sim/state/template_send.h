#pragma once

#include "graph_error.h"
#include "json/json.h"
#include "state/node.h"

namespace flowsell::sim {

/// Whether a message gives an approved template what its variables need: counts (132000), kinds
/// (132012), buttons (131008, 132018), length after substitution (132005).
Checked<> check_parameters_sent(const Node& of_template, const json::Object& sent);

}  // namespace flowsell::sim
