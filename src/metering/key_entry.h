#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/encoding.h"
#include "core/id.h"

namespace flowsell::metering {

using KeyHash = std::array<std::uint8_t, 16>;

/// One key as it is stored: its bytes, in this order, without a length.
struct KeyEntry {
  KeyHash key{};          ///< of the workspace and all that the key is scoped to: evenly spread
  KeyHash fingerprint{};  ///< of the body, under the fingerprint key of the entry's day
  IdBytes resource{};     ///< what the call made

  friend auto operator<=>(const KeyEntry&, const KeyEntry&) = default;
};
static_assert(sizeof(KeyEntry) == 48 && std::is_trivially_copyable_v<KeyEntry>);

/// Values without padding as the bytes of a column, and back.
template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}
template <class T>
std::vector<T> values_of(std::string_view bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

}  // namespace flowsell::metering
