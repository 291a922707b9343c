#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "graph_error.h"
#include "json/json.h"
#include "text_map.h"

namespace flowsell::sim {

/// Flows whose status was ever set here, as sends see them; any other is published. Thread-safe.
class FlowTable {
 public:
  void put(const std::string& id, std::string account, std::string status);
  /// Takes a message of these flows: refuses 132068 where one is blocked or deprecated, 132069
  /// where one is throttled and ten messages of it went in an hour.
  Checked<> admit(std::string_view account, const std::vector<std::string>& flows, Time now);

 private:
  struct Entry {
    std::string account;
    std::string status;
    std::vector<Time> sent;  ///< in the last hour
  };
  std::atomic<bool> is_empty_{true};
  std::mutex mutex_;
  TextMap<Entry> entries_;
};

/// The flow that an interactive message names by its id; empty: none.
std::string_view flow_of_message(const json::Object& message);

}  // namespace flowsell::sim
