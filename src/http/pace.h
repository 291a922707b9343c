#pragma once

#include <chrono>
#include <cstddef>

#include "core/time.h"

namespace flowsell::http {

/// How long a body may take to move: so much for each block of it, whatever its size. A byte now
/// and then does not move the deadline, and time that we make the peer wait does not count.
class Pace {
 public:
  explicit Pace(std::chrono::milliseconds block_max) : most_(block_max), left_(block_max) {}

  /// Something is waited for from now on: until when at most.
  SteadyTime begin(SteadyTime now) noexcept {
    began_ = now;
    return now + left_;
  }
  /// It came.
  void moved(SteadyTime now, std::size_t bytes) noexcept {
    left_ -= now - began_;
    bytes_ += bytes;
    if (bytes_ < kBlockBytes) return;
    bytes_ = 0;
    left_ = most_;
  }

 private:
  static constexpr std::size_t kBlockBytes = 256 * 1024;
  SteadyTime::duration most_;
  SteadyTime::duration left_;
  SteadyTime began_{};
  std::size_t bytes_ = 0;  ///< of this block
};

}  // namespace flowsell::http
