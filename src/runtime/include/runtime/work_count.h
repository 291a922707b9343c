#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace flowsell::runtime {

/// Counts work that runs by itself, so that its owner's stop() can wait for the last of it.
/// Thread-safe.
class WorkCount {
 public:
  void begin() noexcept { running_.fetch_add(1, std::memory_order_relaxed); }
  void end() {
    if (running_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const std::lock_guard lock(mutex_);
    idle_.notify_all();
  }
  /// False when something still runs at the end of `grace`. Blocking.
  bool wait_idle(std::chrono::milliseconds grace) {
    std::unique_lock lock(mutex_);
    return idle_.wait_for(lock, grace,
                          [this] { return running_.load(std::memory_order_acquire) == 0; });
  }

 private:
  std::atomic<std::int64_t> running_{0};
  std::mutex mutex_;
  std::condition_variable idle_;
};

}  // namespace flowsell::runtime
