#pragma once

#include <sodium.h>

#include <cstdlib>

namespace flowsell::crypto {

/// Before the first use of libsodium, from any thread. It fails only where the machine has no
/// randomness, and nothing may run there.
inline void ensure_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) std::abort();
}

}  // namespace flowsell::crypto
