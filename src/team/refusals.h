#pragma once

#include <string_view>

#include "core/error.h"
#include "metering/idempotency.h"

namespace flowsell::team {

/// Why an Idempotency-Key is not taken; `made`: the id, as shown, of what the verdict names.
Error refusal_of(const metering::IdempotencyVerdict& verdict, std::string_view made);

}  // namespace flowsell::team
