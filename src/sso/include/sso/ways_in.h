#pragma once

#include <vector>

#include "accounts/user.h"
#include "store/database.h"

namespace flowsell::sso {

/// Identity providers that are linked to an account, each once, with names that people know. In the
/// open transaction.
Result<std::vector<accounts::WayIn>> ways_in(store::Connection& db, const UserId& user);

}  // namespace flowsell::sso
