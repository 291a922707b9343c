#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "core/sensitive.h"
#include "crypto/hash.h"

namespace flowsell::accounts {

/// What lets one in without the authenticator: 120 random bits each, so a plain hash of them is
/// enough at rest (NIST SP 800-63B, 3.1.2.2, asks for 112).
inline constexpr std::size_t kRecoveryCodes = 10;

/// "abcdef-ghijkl-mnopqr-stuvwx", kRecoveryCodes of them.
std::vector<Secret> make_recovery_codes();
/// What is stored of one; bound to its user. nullopt: that is no such code, however it is spaced
/// and in whatever case.
std::optional<crypto::Digest> recovery_code_hash(const UserId& user, std::string_view code);

}  // namespace flowsell::accounts
