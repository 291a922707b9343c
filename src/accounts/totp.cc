#include "totp.h"

#include <fmt/format.h>

#include <array>

#include "core/encoding.h"
#include "crypto/hash.h"

namespace flowsell::accounts {
namespace {

constexpr std::int64_t kStepMs = 30'000;
constexpr std::uint32_t kCodes = 1'000'000;  // ten to the power of kTotpDigits
constexpr std::int64_t kSkewSteps = 1;
constexpr std::string_view kIssuer = "FlowSell Connect";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

}  // namespace

std::int64_t step_of(Time t) { return to_unix_ms(t) / kStepMs; }

std::string totp_code(const Secret& seed, std::int64_t step) {
  std::array<char, 8> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i)
    counter[counter.size() - 1 - i] = static_cast<char>(step >> (8 * i));
  const auto digest = crypto::hmac_sha1(seed.reveal(), {counter.data(), counter.size()});
  // RFC 4226, 5.3: the last four bits say where the 31 bits begin.
  const std::size_t at = digest.back() & 0x0FU;
  std::uint32_t bits = digest[at] & 0x7FU;
  for (std::size_t i = 1; i < 4; ++i) bits = bits << 8 | digest[at + i];
  return fmt::format("{:06}", bits % kCodes);
}

std::optional<std::int64_t> matching_step(const Secret& seed, std::string_view code, Time now,
                                          std::int64_t after) {
  std::optional<std::int64_t> found;
  const std::int64_t current = step_of(now);
  for (std::int64_t step = current - kSkewSteps; step <= current + kSkewSteps; ++step) {
    const bool matches = crypto::constant_time_equal(totp_code(seed, step), code);
    if (matches && step > after && !found) found = step;
  }
  return found;
}

std::string base32_text(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 5; count -= 5) out.push_back(kBase32[bits >> (count - 5) & 0x1FU]);
  }
  return out;
}

Secret otpauth_uri(const Secret& seed, std::string_view email) {
  const std::string issuer = percent_encode(kIssuer);
  return Secret(
      fmt::format("otpauth://totp/{}:{}?secret={}&issuer={}&algorithm=SHA1&digits=6&period=30",
                  issuer, percent_encode(email), base32_text(seed.reveal()), issuer));
}

}  // namespace flowsell::accounts
