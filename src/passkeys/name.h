#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::passkeys {

/// What somebody calls his passkey: one line of 1 to 100 characters. Fails with a fault of "/name".
Result<std::string> checked_name(std::string_view text);

}  // namespace flowsell::passkeys
