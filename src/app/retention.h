#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <unordered_map>

#include "core/time.h"
#include "identity/settings.h"
#include "removed_counters.h"
#include "runtime/task.h"
#include "store/database.h"
#include "store/growing_table.h"
#include "team/settings_desk.h"
#include "telemetry/metrics.h"

namespace flowsell::app {

/// Keeps the windows that workspaces have chosen, where they are shorter than the server's: rows go
/// one by one, in small transactions; content that waits is given its new end. What went, whose
/// and of which kind, is counted in the same transactions, and put on the workspaces' records once
/// a day is over.
class Retention {
 public:
  Retention(store::Database& db, const identity::SettingsMemory& settings,
            team::RetentionLimits limits, IdSource& ids, metrics::Registry& metrics);

  // Parts of Maintenance's round. They end early when `stopping` becomes true.
  /// Gives content that waits the end that its workspace wants by now; before what is over is
  /// destroyed.
  Awaitable<void> set_ends(Time now, const std::atomic<bool>& stopping);
  /// Removes old rows, and reports.
  Awaitable<void> remove_rows(Time now, const std::atomic<bool>& stopping);

 private:
  /// What is done for a workspace.
  struct Done {
    Time records_until{};                       ///< all that is older was removed
    std::optional<std::int64_t> content_hours;  ///< what waits has this window
  };
  Awaitable<bool> trim(WorkspaceId workspace, Time until, Time now,
                       const std::atomic<bool>& stopping);
  Awaitable<bool> shorten(WorkspaceId workspace, std::chrono::hours window, Time now,
                          const std::atomic<bool>& stopping);
  Awaitable<void> report(Time now, const std::atomic<bool>& stopping);
  void forget_all_but(const std::vector<std::pair<WorkspaceId, identity::SettingsPtr>>& kept);

  store::Database& db_;
  const identity::SettingsMemory& settings_;
  const team::RetentionLimits limits_;
  IdSource& ids_;
  RemovedCounters removed_;
  std::unordered_map<WorkspaceId, Done> done_;
};

}  // namespace flowsell::app
