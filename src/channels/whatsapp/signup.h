#pragma once

#include "channel/signup.h"

namespace flowsell::whatsapp {

/// Embedded Signup and Facebook's OAuth dialog: reference/whatsapp.md 7.2.
const channel::SignupCalls& signup_calls() noexcept;

}  // namespace flowsell::whatsapp
