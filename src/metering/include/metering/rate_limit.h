#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "core/id.h"
#include "core/time.h"

namespace flowsell::metering {

/// Requests a second for each API key, and each user: a bucket of one second's requests, in memory.
/// Thread-safe.
class RateLimit {
 public:
  /// 0: no limit.
  explicit RateLimit(std::int64_t per_second) : per_second_(per_second) {}

  struct Decision {
    bool admitted = true;
    std::int64_t per_second = 0;    ///< the limit that counted; 0: none
    std::int64_t remaining = 0;     ///< requests that could follow at once
    std::chrono::seconds reset{1};  ///< until one more is admitted (refused) or the bucket is full
  };
  /// `caller`: the id of a key or a user. `per_second`: its own limit; 0: that of all.
  Decision take(const IdBytes& caller, SteadyTime now, std::int64_t per_second = 0);

 private:
  std::int64_t per_second_;
  std::mutex mutex_;
  struct Hash {
    std::size_t operator()(const IdBytes& id) const noexcept {
      return std::hash<ApiKeyId>{}(ApiKeyId(id));
    }
  };
  std::unordered_map<IdBytes, SteadyTime, Hash> full_at_;  ///< when each bucket is full again
};

}  // namespace flowsell::metering
