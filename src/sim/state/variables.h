#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flowsell::sim {

/// One "{{name}}" of a text.
struct Variable {
  std::string name;  ///< "1", "first_name"; as it stands between the braces
  std::size_t at = 0;
  std::size_t size = 0;  ///< with its braces
};

/// In the order in which they stand.
std::vector<Variable> variables_of(std::string_view text);
/// Different names, in the order in which they first stand.
std::vector<std::string> variable_names_of(std::string_view text);

}  // namespace flowsell::sim
