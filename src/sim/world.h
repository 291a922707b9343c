#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "faults.h"
#include "message_log.h"
#include "recipients.h"
#include "sim/whatsapp_simulator.h"

namespace flowsell::sim {

/// What may be changed while the simulator runs. Atomics, so that a send reads them without a lock.
struct LiveSettings {
  std::atomic<bool> send_statuses{true};
  std::atomic<bool> batching{true};
  std::atomic<std::int64_t> sent_after_ms{0};
  std::atomic<std::int64_t> delivered_after_ms{0};
  std::atomic<std::int64_t> read_after_ms{0};
  std::atomic<std::int64_t> retry_after_ms{0};

  StatusDelays delays() const {
    return {std::chrono::milliseconds(sent_after_ms.load(std::memory_order_relaxed)),
            std::chrono::milliseconds(delivered_after_ms.load(std::memory_order_relaxed)),
            std::chrono::milliseconds(read_after_ms.load(std::memory_order_relaxed))};
  }
};

/// Counted since the last reset.
struct Stats {
  std::atomic<std::uint64_t> requests{0};       ///< to the Graph API
  std::atomic<std::uint64_t> accepted{0};       ///< messages taken
  std::atomic<std::uint64_t> rejected{0};       ///< requests answered with an error, or not at all
  std::atomic<std::uint64_t> reads{0};          ///< mark-as-read
  std::atomic<std::uint64_t> webhooks_sent{0};  ///< POSTs answered with 200
  std::atomic<std::uint64_t> webhooks_failed{0};   ///< attempts that were not
  std::atomic<std::uint64_t> webhooks_dropped{0};  ///< POSTs given up or lost by a fault
  std::atomic<std::uint64_t> updates_sent{0};      ///< statuses and changes inside webhooks_sent

  void clear() {
    for (auto* counter : {&requests, &accepted, &rejected, &reads, &webhooks_sent, &webhooks_failed,
                          &webhooks_dropped, &updates_sent}) {
      counter->store(0, std::memory_order_relaxed);
    }
  }
};

inline void count(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

/// All that the parts of one simulator share. Lives longer than they.
struct World {
  explicit World(SimulatorOptions simulator_options);
  /// The index of that business number; the numbers' size when there is none.
  std::size_t find_number(std::string_view phone_number_id) const noexcept;

  SimulatorOptions options;
  LiveSettings settings;
  Stats stats;
  Faults faults;
  MessageLog log;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_;
};

}  // namespace flowsell::sim
