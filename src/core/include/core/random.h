#pragma once

#include <cstdint>
#include <span>

namespace flowsell {

/// Fills `out` from the kernel's generator (getrandom), a block at a time per thread. Fit for keys
/// and secrets. Aborts when the kernel has no randomness: nothing may run then.
void fill_random(std::span<std::uint8_t> out);

/// 64 bits of the same.
std::uint64_t random_bits();

/// A number in [0, 1), for jitter.
double random_unit();

}  // namespace flowsell
