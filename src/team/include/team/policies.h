#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "core/time.h"
#include "runtime/task.h"
#include "store/database.h"
#include "team/by.h"

namespace flowsell::team {

/// That an owner has accepted the provider's policies for the workspace.
struct PolicyAcceptance {
  AcceptanceId id;
  std::string version;
  UserId user;
  Time accepted_at{};
};

/// In the caller's snapshot.
Result<bool> has_accepted_policies(store::Connection& db, const WorkspaceId& workspace,
                                   std::string_view version);

/// Records of the provider's policies, as a workspace has accepted them. Thread-safe.
class Policies {
 public:
  Policies(store::Database& db, IdSource& ids, const Clock& clock);

  struct Accepted {
    PolicyAcceptance acceptance;
    bool is_new = false;  ///< false: somebody had accepted that version before
  };
  /// Fails with kInsufficientScope: only an owner may.
  Task<Accepted> accept(By by, std::string version);
  /// Newest first.
  Task<std::vector<PolicyAcceptance>> list(WorkspaceId workspace) const;

 private:
  store::Database& db_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace flowsell::team
