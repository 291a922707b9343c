#include "team/acts.h"

#include "json/writer.h"

namespace flowsell::team {

audit::Act act_of(IdSource& ids, Time now, const WorkspaceId& workspace, const audit::Actor& actor,
                  const audit::Origin& origin, std::string name, std::string target) {
  audit::Act act;
  act.scope = workspace.blob();
  act.id = ids.next<IdKind::kAuditEvent>();
  act.at = now;
  act.actor = actor;
  act.origin = origin;
  act.name = std::move(name);
  act.target = std::move(target);
  return act;
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

std::string json_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  json::Writer out;
  out.begin_object();
  for (const auto& [name, text] : fields) out.key(name).string(text);
  out.end_object();
  return std::move(out).take();
}

}  // namespace flowsell::team
