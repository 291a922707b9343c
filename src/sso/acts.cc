#include "acts.h"

#include <utility>

namespace flowsell::sso {

audit::Act account_act(IdSource& ids, Time now, const UserId& user, const audit::Origin& from,
                       std::string name) {
  audit::Act act;
  act.scope = user.blob();
  act.id = ids.next<IdKind::kAuditEvent>();
  act.at = now;
  act.actor = {audit::ActorKind::kUser, user.str()};
  act.origin = from;
  act.name = std::move(name);
  return act;
}

}  // namespace flowsell::sso
