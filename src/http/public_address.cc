// What the public internet routes to. Sources: IANA IPv4 and IPv6 Special-Purpose Address
// Registries, IANA IPv6 Global Unicast Address Space; RFC 6890 names the columns.
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>

#include "http/egress_guard.h"

namespace flowsell::http {

namespace {

using V4 = boost::asio::ip::address_v4;
using V6 = boost::asio::ip::address_v6;

struct V4Range {
  std::uint32_t base;
  unsigned bits;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24U | b << 16U | c << 8U | d;
}

constexpr std::array<V4Range, 15> kSpecialV4 = {{
    {v4(0, 0, 0, 0), 8},        // this network (RFC 791)
    {v4(10, 0, 0, 0), 8},       // private (RFC 1918)
    {v4(100, 64, 0, 0), 10},    // carrier-grade NAT (RFC 6598)
    {v4(127, 0, 0, 0), 8},      // loopback (RFC 1122)
    {v4(169, 254, 0, 0), 16},   // link-local, cloud metadata (RFC 3927)
    {v4(172, 16, 0, 0), 12},    // private (RFC 1918)
    {v4(192, 0, 0, 0), 24},     // protocol assignments (RFC 6890)
    {v4(192, 0, 2, 0), 24},     // documentation (RFC 5737)
    {v4(192, 88, 99, 0), 24},   // 6to4 relays, deprecated (RFC 7526)
    {v4(192, 168, 0, 0), 16},   // private (RFC 1918)
    {v4(198, 18, 0, 0), 15},    // benchmarking (RFC 2544)
    {v4(198, 51, 100, 0), 24},  // documentation (RFC 5737)
    {v4(203, 0, 113, 0), 24},   // documentation (RFC 5737)
    {v4(224, 0, 0, 0), 4},      // multicast (RFC 5771)
    {v4(240, 0, 0, 0), 4},      // reserved and broadcast (RFC 1112)
}};

struct V6Range {
  std::array<std::uint8_t, 8> base;
  unsigned bits;
};

/// Only 2000::/3 is global unicast. What is special inside it:
constexpr std::array<V6Range, 4> kSpecialV6 = {{
    {{0x20, 0x01, 0x00, 0x00},
     23},  // protocol assignments: Teredo, benchmarking, ORCHID (RFC 2928)
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation (RFC 3849)
    {{0x20, 0x02, 0x00, 0x00}, 16},  // 6to4: an IPv4 address inside (RFC 3056)
    {{0x3f, 0xff, 0x00, 0x00}, 20},  // documentation (RFC 9637)
}};
constexpr V6Range kGlobalV6 = {{0x20}, 3};

bool within(std::uint32_t address, const V4Range& range) {
  const std::uint32_t mask = ~std::uint32_t{0} << (32 - range.bits);
  return (address & mask) == range.base;
}

bool within(const V6::bytes_type& address, const V6Range& range) {
  const std::size_t whole = range.bits / 8;
  for (std::size_t i = 0; i < whole; ++i) {
    if (address[i] != range.base[i]) return false;
  }
  const unsigned rest = range.bits % 8;
  if (rest == 0) return true;
  const unsigned mask = (0xFFU << (8 - rest)) & 0xFFU;
  return (address[whole] & mask) == range.base[whole];
}

bool is_public_v4(const V4& address) {
  const std::uint32_t bits = address.to_uint();
  for (const V4Range& range : kSpecialV4) {
    if (within(bits, range)) return false;
  }
  return true;
}

bool is_public_v6(const V6& address) {
  if (address.is_v4_mapped()) {
    return is_public_v4(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address));
  }
  if (address.scope_id() != 0) return false;
  const V6::bytes_type bytes = address.to_bytes();
  if (!within(bytes, kGlobalV6))
    return false;  // NAT64, IPv4-compatible, ULA, link-local, SRv6, ...
  for (const V6Range& range : kSpecialV6) {
    if (within(bytes, range)) return false;
  }
  return true;
}

}  // namespace

bool is_public_address(const boost::asio::ip::address& address) {
  return address.is_v4() ? is_public_v4(address.to_v4()) : is_public_v6(address.to_v6());
}

}  // namespace flowsell::http
