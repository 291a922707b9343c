#pragma once

#include <string_view>

#include "graph_error.h"
#include "json/json.h"

namespace flowsell::sim {

/// The components of a template of Meta's library, with the inputs of `definition`
/// (library_template_button_inputs) put in.
Checked<json::Value> components_from_library(std::string_view name, const json::Object& definition);

}  // namespace flowsell::sim
