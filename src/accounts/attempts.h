#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/hash.h"
#include "store/database.h"

namespace flowsell::accounts {

/// How many attempts a span of time has. They are counted before it is known how they end, so that
/// many at once don't pass together.
struct AttemptLimit {
  std::int64_t attempts;
  std::chrono::seconds span;
};

/// What attempts are counted by: an account and how well its caller is known, a network.
crypto::Digest attempt_bucket(std::initializer_list<std::string_view> parts);

/// Counts one. How long to wait where the span has no more; nullopt: go on.
Result<std::optional<std::chrono::seconds>> take_attempt(store::Connection& db,
                                                         const crypto::Digest& bucket,
                                                         const AttemptLimit& limit, Time now);
/// It ended well: as if it had not been.
Result<> give_back_attempt(store::Connection& db, const crypto::Digest& bucket);
Result<> forget_attempts(store::Connection& db, const crypto::Digest& bucket);
Result<std::int64_t> delete_old_attempts(store::Connection& db, Time since_before);

/// Refused sign-ins of addresses that nobody has: of a network, in a minute.
struct UnknownSignIns {
  std::string network;
  Time minute{};
  std::int64_t attempts = 0;
};
Result<> count_unknown(store::Connection& db, std::string_view network, Time now);
/// Some of those whose minute is over; they are gone then.
Result<std::vector<UnknownSignIns>> take_unknown(store::Connection& db, Time now);

}  // namespace flowsell::accounts
