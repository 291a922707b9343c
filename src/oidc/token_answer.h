#pragma once

#include <string_view>

#include "core/error.h"
#include "core/sensitive.h"
#include "oidc/fault.h"

namespace flowsell::oidc {

constexpr std::size_t kTokenAnswerBytesMax = 64 * 1024;

struct TokenAnswer {
  Secret id_token;
  Secret access_token;
};

/// A successful answer of the token endpoint (Core 1.0, section 3.1.3.3). Fails with
/// kAnswerInvalid.
Result<TokenAnswer> parse_token_answer(std::string_view text);

/// What a refusal of the token endpoint means (RFC 6749, section 5.2): its `error` decides, and
/// where there is none the status.
Fault token_refusal(int status, std::string_view text);

/// The same of the `error` that a browser brings back (RFC 6749, section 4.1.2.1; Core 1.0, section
/// 3.1.2.6).
Fault authorization_refusal(std::string_view error) noexcept;

}  // namespace flowsell::oidc
