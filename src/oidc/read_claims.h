#pragma once

#include <optional>

#include "core/error.h"
#include "core/time.h"
#include "json/json.h"
#include "oidc/claims.h"

namespace flowsell::oidc {

/// A NumericDate (RFC 7519, section 2), fractions cut to milliseconds; nullopt when it is no number
/// from 1970 to 9999.
std::optional<Time> time_of(const json::Value& value);

/// Of an ID token whose checks are done. Fails with kTokenMalformed: `sub` is missing or not as
/// Claims says.
Result<Claims> read_claims(const json::Object& payload);

/// Fills in what the ID token did not tell from a userinfo answer (Core 1.0, section 5.3.2). Fails
/// with kAnswerInvalid, or kUserinfoSubject where it tells of another.
Result<> add_userinfo(std::string_view text, Claims& claims);

}  // namespace flowsell::oidc
