#pragma once

#include <string>

#include "accounts/user.h"
#include "operators/openings.h"
#include "team/support_sessions.h"

namespace flowsell::api {

/// A support session as JSON, to the workspace and to operators alike. `who`: the operator, or
/// nullptr where the account is gone.
std::string render(const team::SupportSession& session, const accounts::User* who, Time now);

}  // namespace flowsell::api
