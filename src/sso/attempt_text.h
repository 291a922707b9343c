#pragma once

#include "core/error.h"
#include "core/sensitive.h"
#include "oidc/client.h"

namespace flowsell::sso {

/// What of an attempt is kept sealed, as JSON. Its time has a column of its own.
Secret attempt_text(const oidc::Attempt& attempt);
/// Fails with kInternal.
Result<oidc::Attempt> read_attempt(const Secret& text, Time begun_at);

}  // namespace flowsell::sso
