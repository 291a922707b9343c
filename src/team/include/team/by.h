#pragma once

#include "audit/event.h"
#include "identity/caller.h"
#include "identity/permissions.h"

namespace flowsell::team {

/// Who asks for a change, and from where.
struct By {
  identity::Caller caller;
  identity::Role role = identity::Role::kViewer;  ///< of a member
  audit::Origin origin;
};

}  // namespace flowsell::team
