#pragma once

#include "graph_error.h"
#include "json/json.h"

namespace flowsell::sim {

/// Meta's rules for a template's buttons: how many of which, their order, texts and examples.
Checked<> check_buttons(const json::Array& buttons, std::string_view category, std::size_t max);

/// A button for one-time passwords as Meta keeps it: one that opens a URL with the code.
void keep_otp_button(json::Object& button);

}  // namespace flowsell::sim
