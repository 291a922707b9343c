#pragma once

#include <string>

#include "audit/event.h"
#include "core/id.h"

namespace flowsell::sso {

/// The beginning of what a user did, on the record of his account.
audit::Act account_act(IdSource& ids, Time now, const UserId& user, const audit::Origin& from,
                       std::string name, std::string target);

}  // namespace flowsell::sso
