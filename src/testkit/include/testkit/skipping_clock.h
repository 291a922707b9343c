#pragma once

#include <atomic>
#include <chrono>

#include "core/time.h"

namespace flowsell::testkit {

/// The real clocks plus what the test has skipped. For parts whose deadlines end in real timers,
/// where a clock that stands still would make every deadline one of the past. Thread-safe.
class SkippingClock final : public Clock {
 public:
  Time now() const override { return real_.now() + std::chrono::milliseconds(skipped_ms_.load()); }
  SteadyTime steady_now() const override {
    return real_.steady_now() + std::chrono::milliseconds(skipped_ms_.load());
  }
  void skip(std::chrono::milliseconds by) { skipped_ms_ += by.count(); }

 private:
  SystemClock real_;
  std::atomic<std::int64_t> skipped_ms_{0};
};

}  // namespace flowsell::testkit
