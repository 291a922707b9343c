#pragma once

#include <string>
#include <string_view>

namespace flowsell::api {

/// What a query asks for, for a record of who looked for what: a JSON object with each parameter
/// decoded, an address as accounts have it, a telephone number masked. Empty: nothing, or nothing
/// that can be read.
std::string asked_json(std::string_view query);

}  // namespace flowsell::api
