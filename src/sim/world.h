#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faults.h"
#include "message_log.h"
#include "recipients.h"
#include "sim/whatsapp_simulator.h"
#include "state/app_table.h"
#include "state/flow_table.h"
#include "state/limits.h"
#include "state/media_table.h"
#include "state/number_states.h"
#include "state/phone_screen.h"
#include "state/token_table.h"
#include "state/virtual_clock.h"
#include "state/windows.h"
#include "text_map.h"

namespace flowsell::sim {

/// What may be changed while the simulator runs. Atomics, so that a send reads them without a lock.
struct LiveSettings {
  std::atomic<bool> send_statuses{true};
  std::atomic<bool> batching{true};
  std::atomic<bool> limits{false};          ///< Meta's limits on sends hold
  std::atomic<bool> service_window{false};  ///< non-templates outside of it fail with 131047
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

/// What becomes of the next file that is uploaded.
struct UploadFault {
  std::uint64_t after_bytes = 0;
  bool is_refusal = false;  ///< else the connection is cut
};
class NextUploadFault {
 public:
  void set(std::optional<UploadFault> fault) {
    const std::lock_guard lock(mutex_);
    fault_ = fault;
  }
  std::optional<UploadFault> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(fault_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::optional<UploadFault> fault_;
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
  static constexpr std::size_t kNoNumber = SIZE_MAX;
  /// The index of that business number; kNoNumber when there is none. Thread-safe.
  std::size_t find_number(std::string_view phone_number_id) const noexcept;
  /// Adds a number while the simulator runs; kNoNumber when there is no room for more. Thread-safe.
  std::size_t add_number(SimNumber number);
  /// A place from which webhooks about a whole account are told: it has no number of its own.
  std::size_t place_of_account(std::string_view waba_id);

  VirtualClock clock;
  SimulatorOptions options;  ///< its `numbers` grow, in place: references into them stay good
  LiveSettings settings;
  AppTable apps;
  TokenTable tokens;
  NumberStates numbers;
  Windows windows;
  PhoneScreen screen;
  MediaTable media;
  FlowTable flows;
  NextUploadFault upload_fault;
  Limits limits;
  Stats stats;
  Faults faults;
  MessageLog log;

 private:
  TextMap<std::size_t> index_;  ///< the numbers of the start, by phone number id; never changes
  mutable std::shared_mutex mutex_;
  TextMap<std::size_t> later_;           ///< the numbers that were added
  TextMap<std::size_t> account_places_;  ///< by account id
};

}  // namespace flowsell::sim
