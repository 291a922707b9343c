#pragma once

#include <string>
#include <string_view>

namespace flowsell::audit {

/// True when both databases and JSON take it as it is: UTF-8 without control characters.
bool is_clean(std::string_view text);

/// Foreign bytes as text: at most so many of them, what is not clean replaced.
std::string clean(std::string_view text, std::size_t bytes_max = std::string_view::npos);

}  // namespace flowsell::audit
