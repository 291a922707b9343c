#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "accounts/accounts.h"
#include "accounts/user.h"
#include "attempts.h"
#include "audit/event.h"
#include "store/change.h"

/// What the journeys of accounts.cc, second_factor.cc, email_change.cc and vouched.cc share.
namespace flowsell::accounts {

inline constexpr AttemptLimit kPerAccount{10, std::chrono::minutes(15)};
inline constexpr AttemptLimit kPerNetwork{100, std::chrono::minutes(15)};
/// Hashes of passwords, the right ones too: each holds up everybody's sign-in for a moment.
inline constexpr AttemptLimit kHashesPerAccount{60, std::chrono::minutes(15)};
inline constexpr AttemptLimit kHashesPerNetwork{200, std::chrono::minutes(15)};
inline constexpr AttemptLimit kMailsPerAddress{5, std::chrono::hours(1)};
inline constexpr AttemptLimit kMailsPerNetwork{50, std::chrono::hours(1)};
inline constexpr AttemptLimit kInvitationsPerInviter{50, std::chrono::hours(24)};
inline constexpr AttemptLimit kInvitationsPerPlace{200, std::chrono::hours(24)};

inline constexpr store::WriteKind kKind{"account", 8, store::apply_each<store::Change>};

crypto::Digest hash_of(const Secret& token);
/// What all tries to sign in from one network are counted by.
crypto::Digest network_bucket(std::string_view address);

Error too_many(std::chrono::seconds wait);
Error invalid_token();
Error over_meanwhile();
/// Fails with a fault of the field "/email".
Result<std::string> checked_email(std::string_view text);

/// Something that a user does to his account, for its chain of the audit log.
audit::Act act_of(IdSource& ids, Time now, const UserId& of, const audit::Origin& from,
                  std::string name);

}  // namespace flowsell::accounts
