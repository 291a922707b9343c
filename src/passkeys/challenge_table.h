#pragma once

#include <string_view>

#include "core/time.h"
#include "crypto/hash.h"
#include "store/database.h"

namespace flowsell::passkeys {

/// Stores its hash. `bound_to`: who may answer it.
Result<> insert_challenge(store::Connection& db, std::string_view challenge,
                          const crypto::Digest& bound_to, Time expires_at);
/// It is gone afterwards: of two that come at once with it one gets it. False: there is no such
/// challenge for him, any more.
Result<bool> take_challenge(store::Connection& db, std::string_view challenge,
                            const crypto::Digest& bound_to, Time now);
Result<> delete_old_challenges(store::Connection& db, Time now);

}  // namespace flowsell::passkeys
