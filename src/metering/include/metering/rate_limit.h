#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "core/id.h"
#include "core/time.h"

namespace flowsell::metering {

/// Requests a second for each API key, each user or each network: a bucket of one second's requests
/// (or of another window's), in memory. Thread-safe.
class RateLimit {
 public:
  /// 0: no limit.
  explicit RateLimit(std::int64_t per_window, std::chrono::seconds window = std::chrono::seconds(1))
      : per_window_(per_window), window_(window) {}

  struct Decision {
    bool admitted = true;
    std::int64_t per_window = 0;    ///< the limit that counted; 0: none
    std::int64_t remaining = 0;     ///< requests that could follow at once
    std::chrono::seconds reset{1};  ///< until one more is admitted (refused) or the bucket is full
  };
  /// `caller`: the id of a key or a user, or what stands for a network. `per_window`: its own
  /// limit; 0: that of all.
  Decision take(const IdBytes& caller, SteadyTime now, std::int64_t per_window = 0);

 private:
  const std::int64_t per_window_;
  const std::chrono::seconds window_;
  std::mutex mutex_;
  struct Hash {
    std::size_t operator()(const IdBytes& id) const noexcept {
      return std::hash<ApiKeyId>{}(ApiKeyId(id));
    }
  };
  std::unordered_map<IdBytes, SteadyTime, Hash> full_at_;  ///< when each bucket is full again
};

}  // namespace flowsell::metering
