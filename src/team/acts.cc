#include "team/acts.h"

namespace flowsell::team {

audit::Act act_of(IdSource& ids, Time now, const WorkspaceId& workspace, const audit::Actor& actor,
                  const audit::Origin& origin, std::string name, std::string target) {
  return audit::new_act(ids, now, workspace.blob(), actor, origin, std::move(name),
                        std::move(target));
}

audit::Act act_of(IdSource& ids, Time now, const By& by, std::string name, std::string target) {
  return act_of(ids, now, by.caller.workspace, actor_of(by.caller), by.origin, std::move(name),
                std::move(target));
}

audit::Actor actor_of(const identity::Caller& caller) {
  if (!caller.support.is_none()) return {audit::ActorKind::kOperator, caller.user.str()};
  if (!caller.user.is_none()) return {audit::ActorKind::kUser, caller.user.str()};
  if (!caller.key.is_none()) return {audit::ActorKind::kApiKey, caller.key.str()};
  return {};
}

}  // namespace flowsell::team
