#pragma once

#include <optional>
#include <string>

#include "core/id.h"
#include "core/page.h"
#include "core/time.h"
#include "privacy/request.h"

namespace flowsell::privacy {

/// What must stay, because the law asks for it: no deletion of it begins until the hold is lifted,
/// whoever asks, cancels or refuses. One on a workspace holds the numbers in it too.
struct LegalHold {
  AuditEventId id;  ///< of the event that put it on record
  Subject subject = Subject::kAccount;
  UserId user;                                    ///< whose account; none: it is about a workspace
  WorkspaceId workspace;                          ///< none: it is about an account
  std::string recipient = {}, contact_hash = {};  ///< of a number: masked, as messages have it
  std::string reason = {};
  std::string put_by = {};  ///< an operator
  Time created_at{};
};
using HoldPage = Page<LegalHold, AuditEventId>;

/// Which holds.
struct HoldQuery {
  std::optional<AuditEventId> after = std::nullopt, before = std::nullopt;
  std::size_t limit = 20;
};

}  // namespace flowsell::privacy
