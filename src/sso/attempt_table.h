#pragma once

#include <optional>
#include <string>

#include "core/id.h"
#include "crypto/hash.h"
#include "store/database.h"

namespace flowsell::sso {

/// A sign-in that has begun, as it is stored.
struct StoredAttempt {
  std::string provider;
  UserId user;  ///< whose account is to be linked; none: somebody signs in
  std::string return_to;
  std::string terms_version;
  std::string sealed;  ///< what attempt_text() says
  Time begun_at{};
  Time expires_at{};
};

Result<> insert_attempt(store::Connection& db, const crypto::Digest& browser,
                        const StoredAttempt& attempt);
/// It is gone afterwards: of two that come at once with the same cookie one gets it.
Result<std::optional<StoredAttempt>> take_attempt(store::Connection& db,
                                                  const crypto::Digest& browser);
Result<> delete_old_attempts(store::Connection& db, Time now);

}  // namespace flowsell::sso
