#pragma once

#include "field_checks.h"
#include "message_log.h"

namespace flowsell::sim {

/// Meta's limits on the object that goes under the key named like the type.
Checked<> check_message_object(const Fields& message, MessageType type);

}  // namespace flowsell::sim
