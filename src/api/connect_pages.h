#pragma once

#include "call.h"

namespace flowsell::api {

/// The pages behind onboarding links, and what they send.
void add_connect_routes(Routes& routes);

}  // namespace flowsell::api
