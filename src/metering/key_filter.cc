#include "key_filter.h"

namespace flowsell::metering {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kBitsPerKey = 12;
constexpr int kProbes = 6;
constexpr int kBitsOfProbe = 9;  // a block has 512 bits

/// Calls `each(byte, bit)` for the places of a key in its block.
template <class Each>
void for_each_probe(const KeyHash& key, Each each) {
  std::uint64_t bits = eight_bytes(key, 0);
  for (int i = 0; i < kProbes; ++i, bits >>= kBitsOfProbe) {
    each(static_cast<std::size_t>(bits >> 3 & (kBlockBytes - 1)), static_cast<int>(bits & 7));
  }
}

}  // namespace

KeyFilter::KeyFilter(std::size_t keys)
    : bytes_((keys * kBitsPerKey / 8 / kBlockBytes + 1) * kBlockBytes, '\0') {}

KeyFilter KeyFilter::of_bytes(std::string_view stored) {
  KeyFilter filter;
  filter.bytes_ = stored.substr(0, stored.size() / kBlockBytes * kBlockBytes);
  return filter;
}

std::size_t KeyFilter::block_of(const KeyHash& key) const noexcept {
  const std::size_t blocks = bytes_.size() / kBlockBytes;
  // The other half of the hash than the probes use, scaled to the number of blocks.
  const std::uint64_t half = eight_bytes(key, 8) >> 32;
  return static_cast<std::size_t>(half * blocks >> 32) * kBlockBytes;
}

void KeyFilter::add(const KeyHash& key) noexcept {
  const std::size_t block = block_of(key);
  for_each_probe(key, [&](std::size_t byte, int bit) {
    char& place = bytes_[block + byte];
    place = static_cast<char>(place | 1 << bit);
  });
}

bool KeyFilter::may_hold(const KeyHash& key) const noexcept {
  if (bytes_.empty()) return false;
  const std::size_t block = block_of(key);
  bool held = true;
  for_each_probe(key, [&](std::size_t byte, int bit) {
    held = held && (bytes_[block + byte] >> bit & 1) != 0;
  });
  return held;
}

}  // namespace flowsell::metering
