#include "acts.h"

#include <utility>

namespace flowsell::sso {

audit::Act account_act(IdSource& ids, Time now, const UserId& user, const audit::Origin& from,
                       std::string name, std::string target) {
  return audit::new_act(ids, now, user.blob(), {audit::ActorKind::kUser, user.str()}, from,
                        std::move(name), std::move(target));
}

}  // namespace flowsell::sso
