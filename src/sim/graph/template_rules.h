#pragma once

#include "graph_error.h"
#include "json/json.h"

namespace flowsell::sim {

/// Meta's rules for the components of a template, with its subcodes; the first fault is the answer
/// (reference/whatsapp.md, 6). `named`: its variables have names.
Checked<> check_components(const json::Array& components, std::string_view category, bool named);

/// The components as Meta keeps them: an authentication template gets its fixed texts.
json::Array kept_components(const json::Array& components, std::string_view category);

}  // namespace flowsell::sim
