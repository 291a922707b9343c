#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "crypto/key_ring.h"
#include "store/database.h"

namespace flowsell::accounts {

/// What a second factor's codes are made of, as it lies in the database: sealed under a key of its
/// own that is derived from the master key, and bound to its user. The only place that seals or
/// opens seeds.
std::string seal_seed(const crypto::KeyRing& ring, const UserId& user, const Secret& seed);
/// Fails with kInternal: it was sealed under another master key, or for somebody else.
Result<Secret> open_seed(const crypto::KeyRing& ring, const UserId& user, std::string_view sealed);

/// Under another master key, in the open transaction: every seed that `to` does not open already is
/// opened with `from` and sealed anew; how many. One that was replaced meanwhile stays. Fails with
/// kInternal, and changes nothing, when neither opens one.
Result<std::int64_t> reseal_seeds(store::Connection& db, const crypto::KeyRing& from,
                                  const crypto::KeyRing& to);

}  // namespace flowsell::accounts
