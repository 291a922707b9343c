#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/ip_range.h"
#include "identity/permissions.h"
#include "json/reader.h"

namespace flowsell::api {

/// A fault of one item of a list.
void fault_of_item(json::ObjectReader& in, std::string_view list, std::size_t at, std::string code,
                   std::string detail, std::string fix);

/// A list of addresses and ranges; empty where it is absent or faulty.
std::vector<IpRange> read_ranges(json::ObjectReader& in, std::string_view list, std::size_t max);

/// The list "scopes", `min` of them at least; none where it is absent. `detail` and `fix` are the
/// fault of each that `allowed` lacks.
identity::Scopes read_scopes(json::ObjectReader& in, std::size_t min, identity::Scopes allowed,
                             std::string_view detail, std::string_view fix);

}  // namespace flowsell::api
