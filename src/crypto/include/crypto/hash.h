#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/sensitive.h"

namespace flowsell::crypto {

using Digest = std::array<std::uint8_t, 32>;

/// A digest cut to its first bytes, where so many are enough to tell things apart.
template <std::size_t N>
std::array<std::uint8_t, N> head_of(const Digest& digest) {
  static_assert(N <= std::tuple_size_v<Digest>);
  std::array<std::uint8_t, N> head;
  std::copy_n(digest.begin(), N, head.begin());
  return head;
}

Digest sha256(std::string_view data);
/// The same of what comes in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void add(std::string_view data);
  /// Once, at the end.
  Digest finish();

 private:
  class Context;
  std::unique_ptr<Context> context_;
};
/// HMAC-SHA256 (RFC 2104) over the parts, one after the other.
Digest hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts);
/// HMAC-SHA-1 (RFC 2104): for one-time passwords, whose standard has it.
std::array<std::uint8_t, 20> hmac_sha1(std::string_view key, std::string_view data);
/// BLAKE2b-256 under a key of 32 bytes: keyed hashes of phone numbers, derived ids.
Digest keyed_hash(std::span<const std::uint8_t, 32> key,
                  std::initializer_list<std::string_view> parts);

/// Compares in time that depends on the lengths only.
bool constant_time_equal(std::string_view a, std::string_view b);

/// CRC-32 (IEEE 802.3).
std::uint32_t crc32(std::string_view data);
/// Base62 (0-9 A-Z a-z), big-endian, left-padded with '0' to `width` characters.
std::string base62(std::uint64_t value, std::size_t width);
/// `length` random characters of base62, each drawn evenly.
std::string random_base62(std::size_t length);

/// A secret that only its holder knows, and that is stored as its SHA-256: 256 bits.
inline constexpr std::size_t kTokenLength = 43;
Secret random_token();

}  // namespace flowsell::crypto
