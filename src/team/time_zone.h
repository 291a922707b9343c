#pragma once

#include <string_view>

namespace flowsell::team {

/// Whether the system's database of time zones (Debian: tzdata) has one of that name. "UTC" there
/// is always.
bool is_time_zone(std::string_view name);

}  // namespace flowsell::team
