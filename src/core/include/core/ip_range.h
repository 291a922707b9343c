#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace flowsell {

/// The addresses that share the first bits of one: "203.0.113.0/24", "2001:db8::/32", or a single
/// address.
class IpRange {
 public:
  /// nullopt: not an address, or bits are set behind the prefix, so that what was meant is not
  /// clear.
  static std::optional<IpRange> parse(std::string_view text);

  /// `address` as the server got it. An IPv4 address that came over IPv6 (RFC 4291, 2.5.5.2) is
  /// that IPv4 address. False for what is not an address.
  bool contains(std::string_view address) const;
  /// As parse() reads it, in its shortest form.
  std::string str() const;
  friend bool operator==(const IpRange&, const IpRange&) = default;

 private:
  std::array<std::uint8_t, 16> head_{};  ///< IPv4 addresses as IPv6 has them
  unsigned bits_ = 0;
};

/// True when one of the ranges has the address.
bool is_in(std::span<const IpRange> ranges, std::string_view address);

/// What one household or server has for certain: the /24 of an IPv4 address, the /64 of an IPv6
/// one. The text itself where it is no address.
std::string network_of(std::string_view address);

}  // namespace flowsell
