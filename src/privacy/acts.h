#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "audit/event.h"
#include "core/id.h"

namespace flowsell::privacy {

/// The beginning of what goes on record.
audit::Act act_of(IdSource& ids, Time now, std::string scope, const audit::Actor& actor,
                  const audit::Origin& origin, std::string name, std::string target);

/// {"name":"text", ...}
std::string json_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

}  // namespace flowsell::privacy
