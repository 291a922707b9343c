#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace flowsell::sim {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};
/// By text, and looked up without a copy of it.
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

}  // namespace flowsell::sim
