#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "core/time.h"
#include "json/writer.h"

namespace flowsell::sim {

/// What the page that plays a customer's phone shows: the last messages with their content, in
/// memory, and only while somebody looks. Thread-safe.
class PhoneScreen {
 public:
  struct Shown {
    std::string id;
    std::string phone_number_id;
    std::string person;
    std::string body;  ///< of the send, as JSON
    Time at;
  };

  /// Somebody looked within the last minute. One relaxed load where nobody ever did.
  bool is_watched() const noexcept {
    const auto until = watched_until_.load(std::memory_order_relaxed);
    return until != 0 && until > std::chrono::steady_clock::now().time_since_epoch().count();
  }
  void add(Shown message);
  /// Those after `position`, oldest first, as a JSON document; says that somebody looks.
  std::string list(std::uint64_t position);

 private:
  static constexpr std::size_t kKeptMax = 200;
  std::atomic<std::chrono::steady_clock::rep> watched_until_{0};
  std::mutex mutex_;
  std::deque<Shown> messages_;
  std::uint64_t first_ = 0;  ///< position of the oldest kept, less one
};

}  // namespace flowsell::sim
