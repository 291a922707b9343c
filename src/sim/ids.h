#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flowsell::sim {

/// Which way a message went: the byte that Meta's ids carry.
enum class WamidKind : std::uint8_t { kOutbound = 0x11, kInbound = 0x12 };

/// An id as Meta forms it: "wamid." + base64 of a small record with the person's number and a
/// hexadecimal serial. Observed, not documented (reference/whatsapp.md, 1.1).
std::string make_wamid(std::string_view person, WamidKind kind, std::uint64_t serial);
/// The serial inside an id that make_wamid() made; nullopt for any other text.
std::optional<std::uint64_t> wamid_serial(std::string_view wamid);

/// A one-to-one scramble of 64 bits, and its way back: serials that look random and still name a
/// place in a list.
std::uint64_t scramble(std::uint64_t n) noexcept;
std::uint64_t unscramble(std::uint64_t n) noexcept;

/// Fast, not for secrets; one generator a thread.
std::uint64_t quick_random() noexcept;

/// 'A' and 22 characters of url-safe base64: fbtrace_id.
std::string make_trace_id();

/// The business-scoped user id that this simulator's world gives a number (digits):
/// "DE.13491208655302741918".
std::string user_id_of(std::string_view digits);

}  // namespace flowsell::sim
