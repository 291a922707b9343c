#pragma once

#include <string>

#include "audit/event.h"
#include "core/id.h"
#include "team/by.h"

namespace flowsell::team {

/// The beginning of what goes on a workspace's record.
audit::Act act_of(IdSource& ids, Time now, const WorkspaceId& workspace, const audit::Actor& actor,
                  const audit::Origin& origin, std::string name, std::string target);
audit::Act act_of(IdSource& ids, Time now, const By& by, std::string name, std::string target);

audit::Actor actor_of(const identity::Caller& caller);

}  // namespace flowsell::team
