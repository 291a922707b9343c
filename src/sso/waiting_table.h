#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/id.h"
#include "core/time.h"
#include "crypto/hash.h"
#include "store/database.h"

namespace flowsell::sso {

/// Somebody whom a provider vouches for, and whose code of the second factor is missing.
struct StoredWaiting {
  UserId user;
  std::string provider;
  IdentityId identity;
  Time expires_at{};
};

Result<> insert_waiting(store::Connection& db, const crypto::Digest& browser,
                        const StoredWaiting& waiting);
/// nullopt: nobody waits in that browser, or not any more.
Result<std::optional<StoredWaiting>> find_waiting(store::Connection& db,
                                                  const crypto::Digest& browser, Time now);
Result<> delete_waiting(store::Connection& db, const crypto::Digest& browser);
/// Those of one user on a provider's word.
Result<> delete_waiting(store::Connection& db, const UserId& user, std::string_view provider);
Result<> delete_old_waiting(store::Connection& db, Time now);

}  // namespace flowsell::sso
