#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

namespace flowsell::sim {

/// What a send must know of its business number, one byte each: read without a lock.
class NumberStates {
 public:
  enum Bit : std::uint8_t {
    kUnregistered = 1,
    kTemplatesManaged = 2,  ///< its account has templates of its own: sends are checked by them
    kHighThroughput = 4,    ///< 1,000 messages a second
    kOnBizApp = 8,          ///< 20 a second
  };
  static constexpr std::size_t kNumbersMax = 65'536;

  bool has(std::size_t number, Bit bit) const noexcept {
    return (states_[number].load(std::memory_order_relaxed) & bit) != 0;
  }
  void set(std::size_t number, Bit bit, bool on) noexcept {
    if (on) {
      states_[number].fetch_or(bit, std::memory_order_relaxed);
    } else {
      states_[number].fetch_and(static_cast<std::uint8_t>(~bit), std::memory_order_relaxed);
    }
  }

 private:
  std::unique_ptr<std::array<std::atomic<std::uint8_t>, kNumbersMax>> owned_ =
      std::make_unique<std::array<std::atomic<std::uint8_t>, kNumbersMax>>();
  std::array<std::atomic<std::uint8_t>, kNumbersMax>& states_ = *owned_;
};

}  // namespace flowsell::sim
