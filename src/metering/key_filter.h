#pragma once

#include <string>
#include <string_view>

#include "key_entry.h"

namespace flowsell::metering {

/// Tells in one look at memory that a run does not hold a key. It errs on one side only, for about
/// one key in two hundred: a Bloom filter in blocks of a cache line, 12 bits a key (Putze, Sanders,
/// Singler: Cache-, hash- and space-efficient Bloom filters, 2007).
class KeyFilter {
 public:
  KeyFilter() = default;  ///< of no key
  explicit KeyFilter(std::size_t keys);
  /// Reads what bytes() gave.
  static KeyFilter of_bytes(std::string_view stored);

  void add(const KeyHash& key) noexcept;
  bool may_hold(const KeyHash& key) const noexcept;
  std::string_view bytes() const noexcept { return bytes_; }

 private:
  std::size_t block_of(const KeyHash& key) const noexcept;

  std::string bytes_;
};

}  // namespace flowsell::metering
