#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/hash.h"
#include "recovery/removal.h"
#include "store/database.h"

namespace flowsell::recovery {

/// A removal with what only this room may see.
struct StoredRemoval {
  Removal removal;
  std::string mark;  ///< accounts::Accounts::factor_mark_in(), when it was asked
};

/// `token`: hash of what the mail's link holds.
Result<> insert_removal(store::Connection& db, const StoredRemoval& stored,
                        const crypto::Digest& token);
/// The one of a user that waits.
Result<std::optional<Removal>> find_waiting(store::Connection& db, const UserId& user);
Result<std::optional<Removal>> find_by_token(store::Connection& db, const crypto::Digest& token);
/// Newest first.
Result<std::vector<Removal>> list_removals(store::Connection& db, const UserId& user);
/// Those that wait and whose time has come, oldest first.
Result<std::vector<StoredRemoval>> due_removals(store::Connection& db, Time now);
/// False: it does not wait any more.
Result<bool> end_removal(store::Connection& db, const Removal& removal, State as, Time now);

}  // namespace flowsell::recovery
