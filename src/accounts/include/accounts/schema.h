#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::accounts {

/// Tables of this room: users, sessions, email_tokens, known_devices, sign_in_attempts,
/// user_workspaces, second_factors, recovery_codes, terms_acceptances.
std::span<const store::Migration> migrations();

}  // namespace flowsell::accounts
