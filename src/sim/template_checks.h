#pragma once

#include "field_checks.h"

namespace flowsell::sim {

/// Meta's limits on "template". Every name is taken as an approved template, whatever its language
/// and parameters; a name of the form "error_132001" is refused with that code.
Checked<> check_template(const Fields& message);

}  // namespace flowsell::sim
