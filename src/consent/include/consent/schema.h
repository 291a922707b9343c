#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::consent {

/// Table of this room: consents.
std::span<const store::Migration> migrations();

}  // namespace flowsell::consent
