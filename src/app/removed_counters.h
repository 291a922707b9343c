#pragma once

#include <array>
#include <string>

#include "team/retention_runs.h"
#include "telemetry/metrics.h"

namespace flowsell::app {

/// What retention has removed since the start, of all workspaces.
class RemovedCounters {
 public:
  explicit RemovedCounters(metrics::Registry& metrics) {
    for (std::size_t i = 0; i < counters_.size(); ++i) {
      const std::string name(team::removed_name(static_cast<team::Removed>(i)));
      counters_.at(i) =
          &metrics.counter("connect_retention_removed_total",
                           "What retention removed one by one, by kind.", "kind=\"" + name + "\"");
    }
  }
  void add(team::Removed kind, std::int64_t count) noexcept {
    counters_[static_cast<std::size_t>(kind)]->add(static_cast<std::uint64_t>(count));
  }

 private:
  std::array<metrics::Counter*, team::kRemovedKinds> counters_{};
};

}  // namespace flowsell::app
