#include "ids.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "core/encoding.h"
#include "core/phone_number.h"
#include "core/random.h"

namespace flowsell::sim {
namespace {

constexpr std::string_view kPrefix = "wamid.";
constexpr std::uint64_t kMix1 = 0xBF58476D1CE4E5B9ULL;
constexpr std::uint64_t kMix2 = 0x94D049BB133111EBULL;

/// The number that undoes multiplication by an odd `a` modulo 2^64 (Newton's iteration doubles the
/// right bits).
constexpr std::uint64_t inverse_of(std::uint64_t a) {
  std::uint64_t x = a;
  for (int i = 0; i < 6; ++i) x *= 2 - a * x;
  return x;
}

constexpr std::uint64_t undo_shift(std::uint64_t value, int shift) {
  std::uint64_t result = value;
  for (int done = shift; done < 64; done += shift) result = value ^ (result >> shift);
  return result;
}

std::uint64_t random_seed() {
  std::array<std::uint8_t, 8> bytes{};
  fill_random(bytes);
  std::uint64_t seed = 0;
  for (const auto byte : bytes) seed = seed << 8 | byte;
  return seed;
}

struct Country {
  std::string_view code;
  std::string_view iso;
};
constexpr auto kCountries = std::to_array<Country>({
    {"1", "US"},
    {"27", "ZA"},
    {"31", "NL"},
    {"33", "FR"},
    {"34", "ES"},
    {"39", "IT"},
    {"44", "GB"},
    {"49", "DE"},
    {"52", "MX"},
    {"54", "AR"},
    {"55", "BR"},
    {"57", "CO"},
    {"61", "AU"},
    {"62", "ID"},
    {"65", "SG"},
    {"91", "IN"},
    {"234", "NG"},
    {"971", "AE"},
});

std::string_view iso_country(std::string_view digits) {
  const auto code = digits.substr(0, country_code_length(digits));
  for (const auto& country : kCountries) {
    if (country.code == code) return country.iso;
  }
  return "ZZ";
}

void append_hex(std::string& out, std::uint64_t value, int digits) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (int i = digits - 1; i >= 0; --i) out += kDigits[(value >> (4 * i)) & 0xF];
}

}  // namespace

std::uint64_t scramble(std::uint64_t n) noexcept {
  n = (n ^ (n >> 30)) * kMix1;
  n = (n ^ (n >> 27)) * kMix2;
  return n ^ (n >> 31);
}

std::uint64_t unscramble(std::uint64_t n) noexcept {
  n = undo_shift(n, 31) * inverse_of(kMix2);
  n = undo_shift(n, 27) * inverse_of(kMix1);
  return undo_shift(n, 30);
}

std::uint64_t quick_random() noexcept {
  thread_local std::uint64_t state = random_seed();
  state += 0x9E3779B97F4A7C15ULL;
  return scramble(state);
}

std::string make_wamid(std::string_view person, WamidKind kind, std::uint64_t serial) {
  std::string record;
  record.reserve(person.size() + 32);
  record += "\x1C\x18";
  record += static_cast<char>(person.size());
  record += person;
  record += std::string_view("\x15\x02\x00", 3);
  record += static_cast<char>(kind);
  record += '\x18';
  record += '\x12';
  append_hex(record, serial, 16);
  append_hex(record, serial % 251, 2);  // 18 digits as Meta's; the last two tell a mistyped id
  record += '\0';
  return std::string(kPrefix) + base64_encode(as_bytes(record));
}

std::optional<std::uint64_t> wamid_serial(std::string_view wamid) {
  if (!wamid.starts_with(kPrefix)) return std::nullopt;
  const auto record = base64_decode(wamid.substr(kPrefix.size()));
  if (!record || record->size() < 19) return std::nullopt;
  const auto hex = std::string_view(*record).substr(record->size() - 19, 18);
  std::uint64_t serial = 0;
  std::uint64_t check = 0;
  const auto head = std::from_chars(hex.data(), hex.data() + 16, serial, 16);
  const auto tail = std::from_chars(hex.data() + 16, hex.data() + 18, check, 16);
  if (head.ptr != hex.data() + 16 || tail.ptr != hex.data() + 18) return std::nullopt;
  return check == serial % 251 ? std::optional(serial) : std::nullopt;
}

std::string make_trace_id() {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string id = "A";
  std::uint64_t bits = 0;
  for (int i = 0; i < 22; ++i) {
    if (i % 10 == 0) bits = quick_random();
    id += kAlphabet[bits & 63];
    bits >>= 6;
  }
  return id;
}

std::string user_id_of(std::string_view digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return fmt::format("{}.{:020}", iso_country(digits), scramble(number));
}

}  // namespace flowsell::sim
