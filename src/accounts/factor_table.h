#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "core/time.h"
#include "crypto/hash.h"
#include "store/database.h"

namespace flowsell::accounts {

struct StoredFactor {
  std::string sealed_seed;
  std::optional<Time> enabled_at;  ///< nullopt: begun, and no code has proven it yet
  std::int64_t last_step = 0;      ///< of the last code that was taken
};

/// Begins one, in place of another that was only begun. False: there is one that is enabled.
Result<bool> put_new_factor(store::Connection& db, const UserId& user, std::string_view sealed_seed,
                            Time now);
Result<std::optional<StoredFactor>> find_factor(store::Connection& db, const UserId& user);
/// With the code that proves it. False: there is none that was only begun.
Result<bool> enable_factor(store::Connection& db, const UserId& user, std::int64_t step, Time now);
/// One statement: of two that come at once with the same code one gets it. False: that step, or a
/// later one, was taken.
Result<bool> take_step(store::Connection& db, const UserId& user, std::int64_t step);
/// With its recovery codes. False: there was none.
Result<bool> delete_factor(store::Connection& db, const UserId& user);
/// Those that were begun and left.
Result<std::int64_t> delete_old_factors(store::Connection& db, Time begun_before);

/// In place of those that there are.
Result<> put_recovery_codes(store::Connection& db, const UserId& user,
                            std::span<const crypto::Digest> hashes);
/// False: it was none, or was used.
Result<bool> use_recovery_code(store::Connection& db, const UserId& user,
                               const crypto::Digest& hash);
Result<std::int64_t> count_recovery_codes(store::Connection& db, const UserId& user);
/// Hashes of those that are left, in their order.
Result<std::vector<std::string>> list_recovery_codes(store::Connection& db, const UserId& user);

}  // namespace flowsell::accounts
