#pragma once

#include <string>
#include <vector>

#include "accounts/user.h"
#include "core/sensitive.h"
#include "crypto/rotating_keys.h"
#include "privacy/request.h"
#include "runtime/task.h"
#include "store/database.h"

/// What is held, as JSON Lines (https://jsonlines.org): made when it is asked for, and never
/// stored. The first line says what it is about; each other is {"type","data"}.
namespace flowsell::privacy {

/// What replicas share about an account. `more`: where the rest is downloaded, a part for each
/// workspace that the user is in. Fails with kNotFound.
Task<std::string> export_account(store::Database& shared, const crypto::RotatingKeys& spool,
                                 DataRequest request, Time now, std::vector<std::string> more);
/// What a workspace holds about one of its members.
Task<std::string> export_member(store::Database& cell, DataRequest request, accounts::User user,
                                WorkspaceId workspace, Time now);
/// What a workspace holds about a number.
Task<std::string> export_recipient(store::Database& cell, DataRequest request, Time now);

}  // namespace flowsell::privacy
