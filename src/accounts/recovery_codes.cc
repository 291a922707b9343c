#include "recovery_codes.h"

#include <array>
#include <cstdint>

#include "core/encoding.h"
#include "core/packing.h"
#include "core/random.h"
#include "totp.h"

namespace flowsell::accounts {
namespace {

constexpr std::size_t kBytes = 15;
constexpr std::size_t kLetters = 24;  // of kBytes in base32
constexpr std::size_t kGroup = 6;

bool is_base32(char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); }

Secret make_one() {
  std::array<std::uint8_t, kBytes> bytes{};
  fill_random(bytes);
  std::string text;
  for (const char c : base32_text(as_text(bytes))) {
    if (text.size() % (kGroup + 1) == kGroup) text.push_back('-');
    text.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return Secret(std::move(text));
}

}  // namespace

std::vector<Secret> make_recovery_codes() {
  std::vector<Secret> codes;
  while (codes.size() < kRecoveryCodes) codes.push_back(make_one());
  return codes;
}

std::optional<crypto::Digest> recovery_code_hash(const UserId& user, std::string_view code) {
  std::string letters;
  for (const char c : code) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (is_base32(lower)) letters.push_back(lower);
    if (!is_base32(lower) && c != '-' && c != ' ') return std::nullopt;
  }
  if (letters.size() != kLetters) return std::nullopt;
  std::string hashed;
  pack_text(hashed, user.blob());
  pack_text(hashed, letters);
  return crypto::sha256(hashed);
}

}  // namespace flowsell::accounts
