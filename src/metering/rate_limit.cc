#include "metering/rate_limit.h"

#include <algorithm>

namespace flowsell::metering {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t kKeysMax = 100'000;

}  // namespace

RateLimit::Decision RateLimit::take(const IdBytes& caller, SteadyTime now,
                                    std::int64_t per_window) {
  if (per_window <= 0) per_window = per_window_;
  if (per_window <= 0) return {};
  const std::chrono::nanoseconds one = std::chrono::nanoseconds(window_) / per_window;
  const std::lock_guard lock(mutex_);
  if (full_at_.size() > kKeysMax)
    std::erase_if(full_at_, [now](const auto& entry) { return entry.second <= now; });
  SteadyTime& full_at = full_at_[caller];
  const SteadyTime after = std::max(full_at, now) + one;
  if (after > now + window_)
    return {false, per_window, 0, std::chrono::ceil<std::chrono::seconds>(after - now - window_)};
  full_at = after;
  return {true, per_window, (now + window_ - after) / one,
          std::chrono::ceil<std::chrono::seconds>(after - now)};
}

}  // namespace flowsell::metering
