#pragma once

#include <string_view>

#include "graph_error.h"

namespace flowsell::sim {

/// What stands in the place of a template's variable: 132018 (breaks, runs of spaces), 132007
/// (characters that the policy forbids), 132008 (nothing to see, or a variable left in it).
Checked<> check_value(std::string_view text);
/// What a variable at a URL's end is filled with: 132007 where no URL can have it.
Checked<> check_url_end(std::string_view text);
/// Whether a currency has that code.
bool is_currency(std::string_view code);

}  // namespace flowsell::sim
