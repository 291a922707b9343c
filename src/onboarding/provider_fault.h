#pragma once

#include "channel/signup.h"
#include "onboarding/failure.h"

namespace flowsell::onboarding {

Failure failure_of(channel::SignupFault fault) noexcept;

}  // namespace flowsell::onboarding
