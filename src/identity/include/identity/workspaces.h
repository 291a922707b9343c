#pragma once

#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/id.h"
#include "crypto/key_ring.h"
#include "identity/settings.h"
#include "store/database.h"

namespace flowsell::identity {

/// Tables of this room: workspaces, workspace_settings, api_keys.
std::span<const store::Migration> migrations();

/// Workspaces and the key that each has for its secrets. Thread-safe.
class Workspaces {
 public:
  /// `former`: what wrapped workspaces' keys before `ring` did, where there was any such. All
  /// outlive it.
  Workspaces(store::Database& db, const crypto::KeyRing& ring, IdSource& ids, const Clock& clock,
             const crypto::KeyRing* former = nullptr);

  /// Blocking: for start-up and tools.
  Result<WorkspaceId> create(std::string name);
  /// The same for a request, under an id of new_id().
  Task<> make(WorkspaceId id, std::string name);
  WorkspaceId new_id() { return ids_.next<IdKind::kWorkspace>(); }
  /// Fails with kNotFound.
  Task<std::string> name_of(WorkspaceId workspace) const;
  /// All, the oldest first. Blocking.
  Result<std::vector<WorkspaceId>> list() const;

  /// Seals a secret of the workspace (a provider's token, a signing secret) for its row; `bound_to`
  /// names the row.
  Result<std::string> seal(const WorkspaceId& workspace, std::string_view bound_to,
                           const Secret& secret);
  Result<Secret> unseal(const WorkspaceId& workspace, std::string_view bound_to,
                        std::string_view sealed);
  /// What is in force in each; Cell loads it, and who changes it keeps it up to date.
  SettingsMemory& settings() noexcept { return settings_; }
  const SettingsMemory& settings() const noexcept { return settings_; }

  /// In a transaction: destroys the workspace's key, so that all that was sealed under it is
  /// unreadable for ever, and its name. The id stays: records speak of it. Nothing may be sealed in
  /// the workspace by then; forget() follows the commit.
  static Result<> destroy(store::Connection& db, const WorkspaceId& workspace);
  void forget(const WorkspaceId& workspace);
  /// Reads the workspaces' wrapped keys into memory, so that seal() and unseal() can be called;
  /// wraps those anew that are under the former ring. Fails with kInternal where one opens under
  /// neither. Blocking.
  Result<> load_keys();

 private:
  Result<> rewrap(std::unordered_map<WorkspaceId, std::string>& wrapped);
  void remember(const WorkspaceId& workspace, std::string wrapped);
  Result<crypto::Key> key_of(const WorkspaceId& workspace);

  store::Database& db_;
  const crypto::KeyRing& ring_;
  const crypto::KeyRing* const former_;
  IdSource& ids_;
  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<WorkspaceId, std::string> wrapped_;  ///< as the database has them
  SettingsMemory settings_;
};

}  // namespace flowsell::identity
