#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "core/id.h"
#include "core/time.h"

namespace flowsell::metering {

/// Requests a second for each API key: a bucket of one second's requests, in memory. Thread-safe.
class RateLimit {
 public:
  /// 0: no limit.
  explicit RateLimit(std::int64_t per_second) : per_second_(per_second) {}

  struct Decision {
    bool admitted = true;
    std::int64_t remaining = 0;     ///< requests that could follow at once
    std::chrono::seconds reset{1};  ///< until one more is admitted (refused) or the bucket is full
  };
  Decision take(const ApiKeyId& key, SteadyTime now);
  std::int64_t per_second() const noexcept { return per_second_; }

 private:
  std::int64_t per_second_;
  std::mutex mutex_;
  std::unordered_map<ApiKeyId, SteadyTime> full_at_;  ///< when each bucket is full again
};

}  // namespace flowsell::metering
