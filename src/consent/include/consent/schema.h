#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::consent {

/// Tables of this room: consents, marketing_choices.
std::span<const store::Migration> migrations();

}  // namespace flowsell::consent
