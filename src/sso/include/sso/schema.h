#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::sso {

/// Tables of this room: sso_providers, sso_identities, sso_attempts, sso_domain_claims,
/// sso_domains.
std::span<const store::Migration> migrations();

}  // namespace flowsell::sso
