#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "runtime/task.h"
#include "runtime/work_count.h"

namespace flowsell::runtime {

/// Work that comes again after a pause, until it is stopped. start(), wake() and stop() from any
/// thread; rounds run on the executor, one after the other.
class Rounds {
 public:
  enum class First : std::uint8_t { kAtOnce, kAfterThePause };

  /// `name`, a literal, is for the log should a round throw. What `round` uses outlives the last
  /// one: see wait().
  Rounds(const net::any_io_executor& executor, std::string_view name, std::chrono::seconds pause,
         First first, std::function<Awaitable<void>()> round);

  void start();
  /// The next round comes at once, or right behind the one that runs.
  void wake();
  /// Of a round: how long the pause behind it is, this once.
  void pause_once(std::chrono::seconds pause) noexcept { next_pause_ = pause; }
  /// No round begins any more; may be called again.
  void stop();
  /// For a round that is long: whether it should end.
  const std::atomic<bool>& is_stopping() const noexcept { return is_stopping_; }
  /// After stop(): false when a round still runs at the end of `grace`. Blocking.
  bool wait(std::chrono::milliseconds grace) { return working_.wait_idle(grace); }

 private:
  Awaitable<void> run();

  const std::string_view name_;
  const std::chrono::seconds pause_;
  const First first_;
  const std::function<Awaitable<void>()> round_;
  net::steady_timer timer_;
  std::chrono::seconds next_pause_{};
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_woken_{false};
  WorkCount working_;
};

}  // namespace flowsell::runtime
