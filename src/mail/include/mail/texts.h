#pragma once

#include <string_view>

#include "core/sensitive.h"
#include "core/time.h"

/// What parameters of several kinds are written like.
namespace flowsell::mail {

/// "https://connect.example/reset#token=...": behind the '#', so that browsers keep the token to
/// themselves.
Content token_link(std::string_view public_url, std::string_view page, const Secret& token);

/// "2026-11-23 03:04 UTC"
Content minute_text(Time at);

}  // namespace flowsell::mail
