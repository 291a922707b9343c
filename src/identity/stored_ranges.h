#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/ip_range.h"

namespace flowsell::identity {

/// Ranges as a column holds them: with a space between.
std::string text_of(const std::vector<IpRange>& ranges);
std::vector<IpRange> ranges_of(std::string_view text);

}  // namespace flowsell::identity
