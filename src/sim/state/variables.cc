#include "state/variables.h"

#include <algorithm>

namespace flowsell::sim {

std::vector<Variable> variables_of(std::string_view text) {
  std::vector<Variable> found;
  std::size_t at = 0;
  while ((at = text.find("{{", at)) != text.npos) {
    const auto end = text.find("}}", at);
    if (end == text.npos) break;
    found.push_back({std::string(text.substr(at + 2, end - at - 2)), at, end + 2 - at});
    at = end + 2;
  }
  return found;
}

std::vector<std::string> variable_names_of(std::string_view text) {
  std::vector<std::string> names;
  for (auto& variable : variables_of(text)) {
    if (std::ranges::find(names, variable.name) == names.end())
      names.push_back(std::move(variable.name));
  }
  return names;
}

}  // namespace flowsell::sim
