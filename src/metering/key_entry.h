#pragma once

#include <array>
#include <compare>
#include <cstdint>

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

/// Eight of a hash's bytes as a number that orders as they do.
constexpr std::uint64_t eight_bytes(const KeyHash& hash, std::size_t from) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = from; i < from + 8; ++i) value = value << 8 | hash[i];
  return value;
}

}  // namespace flowsell::metering
