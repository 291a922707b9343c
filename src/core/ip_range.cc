#include "core/ip_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace flowsell {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr unsigned kBits = 128;
/// Where an IPv4 address begins in the IPv6 form of one.
constexpr unsigned kIpv4Offset = 96;
constexpr std::array<std::uint8_t, 12> kIpv4Head = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct Address {
  Bytes bytes{};
  bool is_ipv4 = false;
};

std::optional<Address> parse_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> name{};
  if (text.size() >= name.size()) return std::nullopt;
  std::ranges::copy(text, name.begin());
  Address address;
  std::ranges::copy(kIpv4Head, address.bytes.begin());
  address.is_ipv4 = ::inet_pton(AF_INET, name.data(), address.bytes.data() + kIpv4Head.size()) == 1;
  if (!address.is_ipv4 && ::inet_pton(AF_INET6, name.data(), address.bytes.data()) != 1)
    return std::nullopt;
  return address;
}

bool is_ipv4(const Bytes& bytes) {
  return std::equal(kIpv4Head.begin(), kIpv4Head.end(), bytes.begin());
}

/// `bytes` with only its first bits.
Bytes cut(Bytes bytes, unsigned bits) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto first = static_cast<unsigned>(i * 8);
    if (first >= bits) {
      bytes[i] = 0;
    } else if (bits - first < 8) {
      bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff << (8 - (bits - first))));
    }
  }
  return bytes;
}

std::optional<unsigned> parse_bits(std::string_view text, unsigned max) {
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error != std::errc{} || end != text.data() + text.size() || bits > max) return std::nullopt;
  return bits;
}

std::string text_of(const Bytes& bytes) {
  std::array<char, INET6_ADDRSTRLEN> name{};
  const bool v4 = is_ipv4(bytes);
  ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? kIpv4Head.size() : 0), name.data(),
              name.size());
  return name.data();
}

}  // namespace

std::optional<IpRange> IpRange::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpRange range;
  range.bits_ = kBits;
  if (slash != std::string_view::npos) {
    const unsigned offset = address->is_ipv4 ? kIpv4Offset : 0;
    const auto bits = parse_bits(text.substr(slash + 1), kBits - offset);
    if (!bits) return std::nullopt;
    range.bits_ = offset + *bits;
  }
  range.head_ = cut(address->bytes, range.bits_);
  if (range.head_ != address->bytes) return std::nullopt;
  return range;
}

bool IpRange::contains(std::string_view address) const {
  const auto parsed = parse_address(address);
  return parsed && cut(parsed->bytes, bits_) == head_;
}

std::string IpRange::str() const {
  // A range of IPv6 may begin like an IPv4 address and be larger than all of them.
  const bool v4 = bits_ >= kIpv4Offset && is_ipv4(head_);
  const unsigned bits = v4 ? bits_ - kIpv4Offset : bits_;
  std::string text = text_of(head_);
  if (bits_ < kBits) text += "/" + std::to_string(bits);
  return text;
}

bool is_in(std::span<const IpRange> ranges, std::string_view address) {
  return std::ranges::any_of(ranges,
                             [address](const IpRange& range) { return range.contains(address); });
}

std::string network_of(std::string_view address) {
  constexpr unsigned kIpv4Network = 24;
  constexpr unsigned kIpv6Network = 64;
  const auto parsed = parse_address(address);
  if (!parsed) return std::string(address);
  const bool v4 = is_ipv4(parsed->bytes);
  return text_of(cut(parsed->bytes, v4 ? kIpv4Offset + kIpv4Network : kIpv6Network));
}

}  // namespace flowsell
