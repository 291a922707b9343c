#pragma once

#include "json/writer.h"
#include "onboarding/session.h"

namespace flowsell::onboarding {

/// Its failure as a JSON value; null where there is none.
void write_failure(json::Writer& out, const Session& session);

}  // namespace flowsell::onboarding
