#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flowsell {

/// A point in civil time, to the millisecond, UTC. What is stored and shown.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
/// A point on the clock that never jumps. Deadlines and pace use it; it is never stored.
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::int64_t to_unix_ms(Time t) { return t.time_since_epoch().count(); }
constexpr Time from_unix_ms(std::int64_t ms) { return Time(std::chrono::milliseconds(ms)); }

/// "2026-11-23T03:04:05.678Z" (RFC 3339, UTC, always three digits of fraction).
std::string format_time(Time t);
/// Reads RFC 3339 with any offset and 0 to 9 fraction digits (cut to ms). nullopt when it is not
/// that, or outside the years 1970 to 9999.
std::optional<Time> parse_time(std::string_view text);

/// Where the server reads both clocks, so that a test can set them. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual SteadyTime steady_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

/// A clock that stands still until a test moves it; both clocks move together.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : start_(start) {}
  Time now() const override { return start_ + std::chrono::milliseconds(passed_ms_.load()); }
  SteadyTime steady_now() const override {
    return SteadyTime(std::chrono::milliseconds(passed_ms_.load()));
  }
  void advance(std::chrono::milliseconds by) { passed_ms_ += by.count(); }

 private:
  Time start_;
  std::atomic<std::int64_t> passed_ms_{0};
};

}  // namespace flowsell
