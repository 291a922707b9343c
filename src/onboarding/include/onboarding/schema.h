#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::onboarding {

/// Tables of this room: onboarding_sessions. In cells.
std::span<const store::Migration> migrations();

}  // namespace flowsell::onboarding
