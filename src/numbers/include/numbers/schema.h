#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::numbers {

/// Tables of this room: sender_states.
std::span<const store::Migration> migrations();

}  // namespace flowsell::numbers
