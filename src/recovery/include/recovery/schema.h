#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::recovery {

/// Table of this room, among those that replicas share: second_factor_removals.
std::span<const store::Migration> migrations();

}  // namespace flowsell::recovery
