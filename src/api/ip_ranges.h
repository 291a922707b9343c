#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/ip_range.h"
#include "json/reader.h"

namespace flowsell::api {

/// A fault of one item of a list.
void fault_of_item(json::ObjectReader& in, std::string_view list, std::size_t at, std::string code,
                   std::string detail, std::string fix);

/// A list of addresses and ranges; empty where it is absent or faulty.
std::vector<IpRange> read_ranges(json::ObjectReader& in, std::string_view list, std::size_t max);

}  // namespace flowsell::api
