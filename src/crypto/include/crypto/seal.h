#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::crypto {

/// 32 bytes of key. Wiped when it goes.
class Key {
 public:
  Key() = default;  ///< all zero
  explicit Key(const std::array<std::uint8_t, 32>& bytes) : bytes_(bytes) {}
  static Key random();
  ~Key();
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  const std::array<std::uint8_t, 32>& bytes() const noexcept { return bytes_; }

 private:
  std::array<std::uint8_t, 32> bytes_{};
};

/// XChaCha20-Poly1305 (libsodium): 24 random bytes of nonce, then ciphertext and tag. `bound_to` is
/// authenticated but not stored: name what the sealed text belongs to, so that it can't be moved to
/// another row.
std::string seal(const Key& key, std::string_view bound_to, std::string_view plaintext);
/// Fails with kInternal when the key, the binding or the bytes are not those of seal().
Result<std::string> open(const Key& key, std::string_view bound_to, std::string_view sealed);

}  // namespace flowsell::crypto
