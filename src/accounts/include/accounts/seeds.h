#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "crypto/key_ring.h"

namespace flowsell::accounts {

/// What a second factor's codes are made of, as it lies in the database: sealed under a key of its
/// own that is derived from the root key, and bound to its user. The only place that seals or
/// opens seeds.
std::string seal_seed(const crypto::KeyRing& ring, const UserId& user, const Secret& seed);
/// Fails with kInternal: it was sealed under another root key, or for somebody else.
Result<Secret> open_seed(const crypto::KeyRing& ring, const UserId& user, std::string_view sealed);

}  // namespace flowsell::accounts
