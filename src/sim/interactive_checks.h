#pragma once

#include "field_checks.h"

namespace flowsell::sim {

/// Meta's limits on "interactive": buttons, lists and link buttons in full; of its other kinds the
/// frame only.
Checked<> check_interactive(const Fields& message);
/// Exactly one of "id" and "link".
Checked<> check_media_source(const Fields& media);

}  // namespace flowsell::sim
