#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/time.h"

namespace flowsell::sim {

/// When each customer last wrote to each number: the customer-service windows; and the free entry
/// points of those who came by an ad. In memory. Thread-safe.
class Windows {
 public:
  /// The customer wrote. `by_ad`: from an ad or post that leads to WhatsApp.
  void open(std::size_t number, std::string_view person, Time at, bool by_ad = false);
  /// Within 24 hours of the customer's last message.
  bool is_open(std::size_t number, std::string_view person, Time now) const;
  /// The business writes: until when all is free, because it answers within 24 hours to somebody
  /// who came by an ad (then for 72 hours). One relaxed load where nobody did.
  std::optional<Time> free_until(std::size_t number, std::string_view person, Time now);
  void clear();

 private:
  struct Contact {
    Time last{};
    Time by_ad{};  ///< 0: never, or answered
    Time free_until{};
  };
  static constexpr std::size_t kShards = 64;
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Contact> contacts;
  };
  static std::string key_of(std::size_t number, std::string_view person);
  std::atomic<bool> any_by_ad_{false};
  std::array<Shard, kShards> shards_;
};

}  // namespace flowsell::sim
