#pragma once

#include <optional>
#include <string>

#include "core/id.h"
#include "core/page.h"
#include "operators/operators.h"
#include "runtime/task.h"
#include "store/database.h"
#include "team/support_sessions.h"

namespace flowsell::operators {

/// That a support session was opened, as the installation knows it: how it stands is known to its
/// workspace (team/support_sessions.h).
struct Opening {
  SupportSessionId id;
  WorkspaceId workspace;
  UserId user;
  team::SupportCategory category = team::SupportCategory::kDebugging;
  std::string reason, ticket;
  Time created_at{};
};

/// Who opened what, and in which workspace a support session is. A session that is not noted here
/// lets nobody in. The database is the one that all replicas share. Thread-safe.
class Openings {
 public:
  Openings(store::Database& db, IdSource& ids, const Clock& clock);

  /// True: it was not noted before. On the operators' chain too.
  Task<bool> note(By by, Opening opening);
  /// Somebody of the staff has ended it.
  Task<> note_end(By by, SupportSessionId id);
  Task<std::optional<Opening>> find(SupportSessionId id) const;

  struct Query {
    std::optional<UserId> user;  ///< whose; nullopt: of all
    std::optional<SupportSessionId> after, before;
    std::size_t limit = 20;
  };
  /// Newest first.
  Task<Page<Opening, SupportSessionId>> list(Query query) const;

 private:
  store::Database& db_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace flowsell::operators
