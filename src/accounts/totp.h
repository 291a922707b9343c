#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/sensitive.h"
#include "core/time.h"

namespace flowsell::accounts {

/// One-time passwords by time (RFC 6238), as every authenticator app makes them: HMAC-SHA-1, six
/// digits, a new one each 30 seconds. A seed is 20 bytes: what RFC 4226 (4, R6) recommends.
inline constexpr std::size_t kSeedBytes = 20;
inline constexpr std::size_t kTotpDigits = 6;

/// The number of the 30 seconds that `t` is in, since 1970.
std::int64_t step_of(Time t);
std::string totp_code(const Secret& seed, std::int64_t step);
/// The step that `code` is of: now's, or one before or behind it (clocks differ, and people type
/// slowly: RFC 6238, 5.2), and later than `after`. nullopt: of none.
std::optional<std::int64_t> matching_step(const Secret& seed, std::string_view code, Time now,
                                          std::int64_t after);

/// Base32 (RFC 4648, section 6) of a multiple of five bytes: capitals and digits, no padding.
std::string base32_text(std::string_view bytes);
/// What apps read from a picture: "otpauth://totp/...".
Secret otpauth_uri(const Secret& seed, std::string_view email);

}  // namespace flowsell::accounts
