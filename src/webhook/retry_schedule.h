#pragma once

#include <chrono>
#include <optional>
#include <vector>

namespace flowsell::webhook {

/// When a delivery is tried again. `delays` are the pauses before attempt 1, 2, ... (the first is
/// 0).
struct RetrySchedule {
  std::vector<std::chrono::seconds> delays;

  /// The pause after attempt number `attempt` (from 1) failed, 20 % more or less; nullopt: it was
  /// the last. A Retry-After is obeyed between one and two times the planned pause; after a
  /// time-out or 429, 502, 504
  /// (`slow_down`) the pause is a minute at least. Both are least pauses: up to 20 % more, never
  /// less. Source: webhooks.md.
  std::optional<std::chrono::milliseconds> after(int attempt, bool slow_down,
                                                 std::optional<std::chrono::seconds> retry_after,
                                                 double unit_random) const;
};

}  // namespace flowsell::webhook
