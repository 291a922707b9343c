#pragma once

#include <string>
#include <string_view>

namespace flowsell::graph_door {

/// A provider's answer with the addresses of its next and previous page led through this door:
/// `base` is what stands before "/v25.0/..." here. Their tokens go. What is no JSON object stays.
std::string rewrite_links(std::string body, std::string_view base);

}  // namespace flowsell::graph_door
