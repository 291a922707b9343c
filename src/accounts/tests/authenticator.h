#pragma once

#include "accounts/seeds.h"
#include "factor_table.h"
#include "testkit/database.h"
#include "totp.h"

namespace flowsell::accounts {

/// The seed that a user's authenticator has, as the database has it.
inline Secret seed_of(store::Database& database, const crypto::KeyRing& ring, const UserId& user) {
  return testkit::in_snapshot(database, [&](store::Connection& db) -> Result<Secret> {
    TRY(const auto factor, find_factor(db, user));
    return open_seed(ring, user, factor->sealed_seed);
  });
}

/// What an authenticator with that seed shows.
inline Secret shown_code(const Secret& seed, Time at) {
  return Secret(totp_code(seed, step_of(at)));
}

}  // namespace flowsell::accounts
