#pragma once

#include <vector>

#include "store/database.h"

namespace flowsell::app {

/// The tables of every room.
std::vector<store::Migration> all_migrations();

}  // namespace flowsell::app
