#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "identity/workspaces.h"
#include "runtime/task.h"
#include "store/database.h"
#include "team/by.h"

namespace flowsell::team {

/// How long the server itself keeps things: a workspace may ask for less, never for more.
struct RetentionLimits {
  std::chrono::days records{0};  ///< 0: for ever
  std::chrono::hours content{24};
};

/// Reads and changes the settings of workspaces. Every change is on the workspace's audit log, and
/// holds from the moment that it is stored: nobody else has the settings in memory. Thread-safe.
class SettingsDesk {
 public:
  static constexpr std::int64_t kRecordsDaysMin = 10;  ///< as of the server's own setting
  static constexpr std::int64_t kRecordsDaysMax = 36'500;

  SettingsDesk(store::Database& db, identity::Workspaces& workspaces, RetentionLimits limits,
               IdSource& ids, const Clock& clock);

  /// Fails with kNotFound.
  Task<identity::StoredWorkspace> find(WorkspaceId workspace) const;

  /// Changes what it is given; may be called more than once.
  using Edit = std::function<void(identity::StoredWorkspace&)>;
  /// Fails with kInvalidRequest (a time zone that does not exist, a window beyond the server's, a
  /// list that would keep out who makes it) and kNotFound.
  Task<identity::StoredWorkspace> change(By by, Edit edit);

  const RetentionLimits& limits() const noexcept { return limits_; }

 private:
  std::optional<Error> fault_of(const identity::WorkspaceSettings& before,
                                const identity::WorkspaceSettings& after, const By& by) const;

  store::Database& db_;
  identity::Workspaces& workspaces_;
  const RetentionLimits limits_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace flowsell::team
