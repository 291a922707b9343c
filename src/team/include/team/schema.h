#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::team {

/// Tables of this room: members, invitations, support_sessions, policy_acceptances, retention_runs.
std::span<const store::Migration> migrations();

}  // namespace flowsell::team
