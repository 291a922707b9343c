#pragma once

#include "field_checks.h"

namespace flowsell::sim {

/// Meta's limits on "template". Every name is taken as an approved template, whatever its language
/// and parameters; a name of the form "error_132001" is refused with that code, and one that begins
/// with "authentication_" is of that category: its one-time code must come twice.
Checked<> check_template(const Fields& message);
/// By the name of a template that passed check_template().
bool is_authentication_template(const Fields& message);

}  // namespace flowsell::sim
