#include "retry_schedule.h"

#include <algorithm>
#include <cmath>

namespace flowsell::webhook {

std::optional<std::chrono::milliseconds> RetrySchedule::after(
    int attempt, bool slow_down, std::optional<std::chrono::seconds> retry_after,
    double unit_random) const {
  using namespace std::chrono_literals;
  const auto next = static_cast<std::size_t>(std::max(attempt, 0));
  if (next >= delays.size()) return std::nullopt;
  std::chrono::milliseconds planned = delays[next];
  if (slow_down) planned = std::max<std::chrono::milliseconds>(planned, 60s);
  if (retry_after)
    planned = std::clamp<std::chrono::milliseconds>(*retry_after, planned, 2 * planned);
  // What was asked for is a least pause: then the spread is upwards only.
  const double spread =
      slow_down || retry_after ? 1.0 + 0.2 * unit_random : 0.8 + 0.4 * unit_random;
  return std::chrono::milliseconds(std::llround(static_cast<double>(planned.count()) * spread));
}

}  // namespace flowsell::webhook
