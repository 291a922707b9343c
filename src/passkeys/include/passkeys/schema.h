#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::passkeys {

/// Tables of this room: passkeys, passkey_challenges.
std::span<const store::Migration> migrations();

}  // namespace flowsell::passkeys
