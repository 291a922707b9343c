#include "metering/rate_limit.h"

#include <algorithm>

namespace flowsell::metering {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t kKeysMax = 100'000;

}  // namespace

RateLimit::Decision RateLimit::take(const IdBytes& caller, SteadyTime now,
                                    std::int64_t per_second) {
  if (per_second <= 0) per_second = per_second_;
  if (per_second <= 0) return {};
  const std::chrono::nanoseconds one = std::chrono::nanoseconds(1s) / per_second;
  const std::lock_guard lock(mutex_);
  if (full_at_.size() > kKeysMax)
    std::erase_if(full_at_, [now](const auto& entry) { return entry.second <= now; });
  SteadyTime& full_at = full_at_[caller];
  const SteadyTime after = std::max(full_at, now) + one;
  if (after > now + 1s)
    return {false, per_second, 0, std::chrono::ceil<std::chrono::seconds>(after - now - 1s)};
  full_at = after;
  return {true, per_second, (now + 1s - after) / one,
          std::chrono::ceil<std::chrono::seconds>(after - now)};
}

}  // namespace flowsell::metering
