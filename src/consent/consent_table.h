#pragma once

#include <optional>

#include "consent/consents.h"

namespace flowsell::consent {

Result<> insert_consent(store::Connection& db, const WorkspaceId& workspace,
                        const Consent& consent);
Result<std::optional<Consent>> find_consent(store::Connection& db, const WorkspaceId& workspace,
                                            const ConsentId& id);
Result<std::optional<Consent>> find_live(store::Connection& db, const WorkspaceId& workspace,
                                         const Contact& contact, std::string_view purpose);
Result<> withdraw_consent(store::Connection& db, const WorkspaceId& workspace, const ConsentId& id,
                          Time now);
/// It looks at kPageScanMax rows at most: it may come back short with has_more set.
Result<ConsentPage> list_consents(store::Connection& db, const Query& query);

}  // namespace flowsell::consent
