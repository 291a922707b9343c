#include "retry_schedule.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace flowsell::mail {

std::chrono::milliseconds pause_after(int attempt, double unit_random) {
  using namespace std::chrono_literals;
  constexpr std::array<std::chrono::milliseconds, 6> kPauses = {15s, 1min, 5min, 15min, 30min, 1h};
  const int row = std::clamp(attempt, 1, static_cast<int>(kPauses.size())) - 1;
  const auto planned = static_cast<double>(kPauses.at(static_cast<std::size_t>(row)).count());
  return std::chrono::milliseconds(std::llround(planned * (0.8 + 0.4 * unit_random)));
}

}  // namespace flowsell::mail
