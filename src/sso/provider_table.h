#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sso/provider.h"
#include "store/database.h"

namespace flowsell::sso {

struct StoredProvider {
  Provider provider;
  std::string sealed_secret;
};

IdentityProviderId id_of(const Provider& provider);

Result<> insert_provider(store::Connection& db, const StoredProvider& provider);
Result<> update_provider(store::Connection& db, const StoredProvider& provider);
Result<> delete_provider(store::Connection& db, const IdentityProviderId& id);
/// Locks the row until the transaction ends. False: there is none, or it is switched off.
Result<bool> hold_provider(store::Connection& db, const IdentityProviderId& id);
Result<std::optional<StoredProvider>> find_provider(store::Connection& db,
                                                    const IdentityProviderId& id);
/// The oldest first.
Result<std::vector<StoredProvider>> list_providers(store::Connection& db,
                                                   const WorkspaceId& workspace);

}  // namespace flowsell::sso
