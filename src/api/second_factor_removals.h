#pragma once

#include "call.h"

namespace flowsell::api {

/// Fails with kStoreUnavailable.
Result<recovery::Removals*> removals_of(Visit& visit);

/// What of a removal is shown to whom: its user is not told which operator said what.
enum class Shown : std::uint8_t { kToUser, kToOperators };
std::string render_removal(const recovery::Removal& removal, Shown shown);

}  // namespace flowsell::api
