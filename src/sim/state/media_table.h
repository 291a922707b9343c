#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "core/time.h"
#include "graph_error.h"
#include "json/json.h"
#include "text_map.h"

namespace flowsell::sim {

/// Which media there are, and whose, as sends see it. An id that was never given here may be
/// another server's, and is taken. Thread-safe.
class MediaTable {
 public:
  void put(const std::string& id, std::string phone, std::int64_t until_seconds);
  void remove(std::string_view id);
  /// Fails where the message names media that are gone, or are another number's.
  Checked<> check(const json::Value& message, std::string_view phone, Time now) const;

 private:
  struct Entry {
    std::string phone;
    std::int64_t until_seconds = 0;
  };
  Checked<> check_id(std::string_view type, std::string_view id, std::string_view phone,
                     Time now) const;

  std::atomic<bool> is_empty_{true};
  mutable std::mutex mutex_;
  TextMap<Entry> entries_;
};

}  // namespace flowsell::sim
