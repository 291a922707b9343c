#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "store/database.h"

namespace flowsell::cluster {

/// A key that all replicas must have, for what one has sealed another must open.
struct SharedKey {
  std::string name;         ///< "master", "spool"
  std::int64_t period = 0;  ///< of now, where it changes with time
  /// What was sealed before is not needed any more.
  std::int64_t oldest_needed = 0;
  /// What every holder of the key computes for a period, and nobody else can; nullopt where it was
  /// forgotten.
  std::function<std::optional<std::string>(std::int64_t period)> value;
};

/// Compares this replica's keys with what the others, or earlier ones, have left of theirs, and
/// leaves its own for who comes next. Fails with kConflict when they differ. To be called again in
/// each period. Blocking.
Result<> check_keys(store::Database& shared, const std::vector<SharedKey>& keys);

}  // namespace flowsell::cluster
