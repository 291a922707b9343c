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

/// kTermsNotAccepted, and what to do.
Error policies_not_accepted(const std::string& version);

/// Records of the provider's policies, as a workspace has accepted them. Thread-safe.
class Policies {
 public:
  /// `version`: what require() asks for; empty: nothing.
  Policies(store::Database& db, IdSource& ids, const Clock& clock, std::string version = {});

  /// Before something live that no live key vouches for. Fails with kTermsNotAccepted.
  Task<> require(WorkspaceId workspace) const;

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
  const std::string version_;
};

}  // namespace flowsell::team
