#pragma once

#include <optional>

#include "privacy/legal_hold.h"
#include "privacy/request.h"
#include "store/database.h"

namespace flowsell::privacy {

/// False: there is one on the same.
Result<bool> insert_hold(store::Connection& db, const LegalHold& hold);
/// What holds the request's subject; that on a workspace for a number in it too.
Result<std::optional<LegalHold>> hold_over(store::Connection& db, const DataRequest& request);
/// That on the request's own subject goes.
Result<> drop_hold_of(store::Connection& db, const DataRequest& request);
Result<std::optional<LegalHold>> find_hold(store::Connection& db, const AuditEventId& id);
Result<> delete_hold(store::Connection& db, const AuditEventId& id);
Result<HoldPage> list_holds(store::Connection& db, const HoldQuery& query);

}  // namespace flowsell::privacy
