#include "core/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace flowsell {
namespace {

void from_kernel(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t n = getrandom(out.data(), out.size(), 0);
    if (n < 0 && errno != EINTR) std::abort();
    if (n > 0) out = out.subspan(static_cast<std::size_t>(n));
  }
}

/// Each byte is handed out once and wiped, so that the block never repeats or reveals what was
/// given.
struct Block {
  std::array<std::uint8_t, 512> bytes{};
  std::size_t used = 512;
};

}  // namespace

void fill_random(std::span<std::uint8_t> out) {
  if (out.empty()) return;  // its data() may be null, which memcpy forbids
  thread_local Block block;
  if (out.size() > block.bytes.size() / 4) return from_kernel(out);
  if (block.used + out.size() > block.bytes.size()) {
    from_kernel(block.bytes);
    block.used = 0;
  }
  std::memcpy(out.data(), block.bytes.data() + block.used, out.size());
  std::memset(block.bytes.data() + block.used, 0, out.size());
  block.used += out.size();
}

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  fill_random({reinterpret_cast<std::uint8_t*>(&bits), sizeof bits});
  return bits;
}

double random_unit() { return static_cast<double>(random_bits() >> 11) * 0x1.0p-53; }

}  // namespace flowsell
