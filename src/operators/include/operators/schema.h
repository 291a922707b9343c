#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::operators {

/// Tables of this room: operators, support_openings.
std::span<const store::Migration> migrations();

}  // namespace flowsell::operators
