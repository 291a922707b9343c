#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/id.h"
#include "core/sensitive.h"
#include "core/time.h"
#include "store/database.h"

namespace flowsell::accounts {

/// What a link in a mail lets one do. Numbers are stored.
enum class TokenPurpose : std::uint8_t { kVerifyEmail = 1, kResetPassword = 2, kChangeEmail = 3 };

struct EmailToken {
  TokenPurpose purpose;
  UserId user;
  std::string email;  ///< the address that the link went to
  Time expires_at{};
};

/// Stores its hash. Earlier ones stay good: else whoever asks for another takes away what its owner
/// is about to use.
Result<> put_email_token(store::Connection& db, const Secret& token, const EmailToken& of);
/// What a token stands for, without using it up.
Result<std::optional<EmailToken>> find_email_token(store::Connection& db, const Secret& token,
                                                   TokenPurpose purpose, Time now);
/// The token is used up. nullopt: it was wrong, or used, or is too old.
Result<std::optional<EmailToken>> use_email_token(store::Connection& db, const Secret& token,
                                                  TokenPurpose purpose, Time now);
Result<> delete_email_tokens(store::Connection& db, const UserId& user);
/// Those of one purpose.
Result<> delete_email_tokens(store::Connection& db, const UserId& user, TokenPurpose purpose);
Result<std::int64_t> delete_old_email_tokens(store::Connection& db, Time now);

}  // namespace flowsell::accounts
