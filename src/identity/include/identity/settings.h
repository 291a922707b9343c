#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/id.h"
#include "core/ip_range.h"
#include "identity/caller.h"
#include "store/database.h"

namespace flowsell::identity {

/// What the owners and admins of a workspace decide about it.
struct WorkspaceSettings {
  std::string time_zone = "UTC";  ///< for people: times in the API are UTC
  SenderId live_sender;           ///< of a send that names none; none: there is no such default
  SenderId test_sender;
  std::optional<std::int64_t> records_days;   ///< how long rows are kept; nullopt: as the server
  std::optional<std::int64_t> content_hours;  ///< the same of events' content
  std::vector<IpRange> ip_allow_list;   ///< where members and keys may call from; empty: everywhere
  bool sso_required = false;            ///< members sign in by the workspace's provider only
  bool support_needs_approval = false;  ///< support sessions begin once a member has agreed
  bool consent_required_for_marketing = false;

  const SenderId& default_sender(Mode mode) const noexcept {
    return mode == Mode::kLive ? live_sender : test_sender;
  }
};
using SettingsPtr = std::shared_ptr<const WorkspaceSettings>;

/// A workspace as it is stored: with its name, and how often its settings have changed.
struct StoredWorkspace {
  std::string name;
  WorkspaceSettings settings;
  std::int64_t revision = 0;
};

// The rows, inside of an operation of the room that changes them.
/// nullopt: there is no such workspace.
Result<std::optional<StoredWorkspace>> find_workspace(store::Connection& db,
                                                      const WorkspaceId& workspace);
Result<> store_workspace(store::Connection& db, const WorkspaceId& workspace,
                         const StoredWorkspace& stored);

/// The settings of all workspaces of a database, in the memory of the one process that writes to
/// it: what was changed holds for all replicas. Thread-safe.
class SettingsMemory {
 public:
  /// Blocking: for the start.
  Result<> load(store::Database& db);
  /// What is in force; never null.
  SettingsPtr of(const WorkspaceId& workspace) const;
  /// Whether the workspace's list lets that address in.
  bool takes(const WorkspaceId& workspace, std::string_view address) const;
  /// Whether the workspace requires consent for marketing.
  bool requires_consent(const WorkspaceId& workspace) const;
  /// Those that keep rows or content for less time than the server.
  std::vector<std::pair<WorkspaceId, SettingsPtr>> with_windows() const;
  /// How long events' content is kept, where the server keeps it for `server`.
  std::chrono::hours content_window(const WorkspaceId& workspace, std::chrono::hours server) const;
  /// To be called once a change was committed. An older one than the last is passed over.
  void put(const WorkspaceId& workspace, const StoredWorkspace& stored);

 private:
  struct Known {
    SettingsPtr settings;
    std::int64_t revision = 0;
  };
  mutable std::shared_mutex mutex_;
  std::unordered_map<WorkspaceId, Known> known_;  ///< those that ever changed any
  // How many workspaces have a list of addresses, or require consent: while none does, who asks
  // pays nothing.
  std::atomic<std::size_t> lists_{0};
  std::atomic<std::size_t> consents_{0};
};

}  // namespace flowsell::identity
