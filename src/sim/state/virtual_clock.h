#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/time.h"

namespace flowsell::sim {

/// The simulator's time: the real one, moved ahead by as much as tests asked for. Expiries,
/// reviews, windows and retries go by it. Never moves back. Thread-safe.
class VirtualClock final : public Clock {
 public:
  Time now() const override { return SystemClock().now() + offset(); }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now() + offset(); }
  /// The real moment at which steady_now() is `at`, if nobody moves the clock until then.
  SteadyTime real(SteadyTime at) const { return at == SteadyTime::max() ? at : at - offset(); }
  std::chrono::milliseconds offset() const {
    return std::chrono::milliseconds(offset_ms_.load(std::memory_order_relaxed));
  }
  void advance(std::chrono::milliseconds by) { offset_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> offset_ms_{0};
};

}  // namespace flowsell::sim
