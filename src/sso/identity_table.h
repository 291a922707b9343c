#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sso/identity.h"
#include "store/database.h"

namespace flowsell::sso {

/// False: the identity is somebody's already.
Result<bool> insert_identity(store::Connection& db, const Identity& identity);
Result<std::optional<Identity>> find_identity(store::Connection& db, std::string_view issuer,
                                              std::string_view subject);
/// The oldest first.
Result<std::vector<Identity>> list_identities(store::Connection& db, const UserId& user);
/// What the provider says of it by now.
Result<> use_identity(store::Connection& db, const Identity& identity);
Result<std::optional<Identity>> delete_identity(store::Connection& db, const UserId& user,
                                                const IdentityId& id);

}  // namespace flowsell::sso
