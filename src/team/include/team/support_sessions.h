#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/event.h"
#include "core/id.h"
#include "core/page.h"
#include "identity/caller.h"
#include "metering/idempotency.h"
#include "runtime/task.h"
#include "store/database.h"
#include "team/by.h"

namespace flowsell::team {

/// What an operator wants in a workspace. Numbers are stored.
enum class SupportCategory : std::uint8_t {
  kOnboarding = 1,
  kPaymentSetup = 2,
  kDebugging = 3,
  kCustomerRequest = 4,
};
std::string_view category_name(SupportCategory category) noexcept;
std::optional<SupportCategory> category_named(std::string_view name) noexcept;

enum class SupportStatus : std::uint8_t {
  kAwaitingApproval,
  kActive,
  kEnded,    ///< by the operator or by the workspace
  kExpired,  ///< by time
};
std::string_view status_name(SupportStatus status) noexcept;

/// A time in which an operator may look into a workspace.
struct SupportSession {
  SupportSessionId id;
  WorkspaceId workspace;
  UserId user;  ///< the operator
  SupportCategory category = SupportCategory::kDebugging;
  std::string reason, ticket;
  identity::Scopes reads;   ///< what he may look at
  identity::Scopes writes;  ///< what he may do
  std::chrono::seconds span{};
  Time created_at{};
  std::string approved_by;          ///< id as shown; empty: nobody had to
  std::optional<Time> approved_at;  ///< nullopt: it waits
  Time expires_at{};                ///< of one that waits: when it can't be approved any more
  std::string ended_by;             ///< id as shown; empty: by time
  std::optional<Time> ended_at;

  SupportStatus status(Time now) const noexcept;
};

/// Lets operators into workspaces, for a time and a reason, where everybody there can see it.
/// Its rows are the workspace's: what ends one holds with its commit, since one process has the
/// workspace. Every step and every use is on the workspace's audit log. Thread-safe.
class SupportSessions {
 public:
  static constexpr std::chrono::minutes kSpanDefault{30};
  static constexpr std::chrono::minutes kSpanMax{240};
  /// How long the workspace has to approve one.
  static constexpr std::chrono::hours kApprovalMax{24};
  /// At once in a workspace; each sends its owners a mail.
  static constexpr std::size_t kOpenMax = 20;

  SupportSessions(store::Database& db, metering::Idempotency& idempotency, IdSource& ids,
                  const Clock& clock);

  struct Draft {
    WorkspaceId workspace;
    UserId user;
    SupportCategory category = SupportCategory::kDebugging;
    std::string reason, ticket;
    identity::Scopes reads, writes;
    std::chrono::seconds span = kSpanDefault;
    bool needs_approval = false;
    audit::Origin origin;
  };
  struct Opened {
    SupportSession session;
    bool replayed = false;
  };
  /// Fails with kConflict (too many are open) and the codes of an Idempotency-Key.
  Task<Opened> open(Draft draft, std::optional<metering::IdempotentCall> call);
  /// Read anew each time. Fails with kNotFound.
  Task<SupportSession> find(WorkspaceId workspace, SupportSessionId id) const;

  struct Query {
    WorkspaceId workspace;
    std::optional<SupportSessionId> after, before;
    std::size_t limit = 20;
  };
  /// Newest first, those that are over too.
  Task<Page<SupportSession, SupportSessionId>> list(Query query) const;

  /// Its time begins. Fails with kNotFound, kConflict (it does not wait).
  Task<SupportSession> approve(By by, SupportSessionId id);
  /// One that is over stays so. Fails with kNotFound.
  Task<SupportSession> end(WorkspaceId workspace, SupportSessionId id, audit::Actor by,
                           audit::Origin from);

  /// One request under a session.
  struct Use {
    WorkspaceId workspace;
    SupportSessionId id;
    UserId user;
    std::string name;       ///< of the act: "support_session.read"
    std::string operation;  ///< "GET /v1/messages/{}"
    std::string object;     ///< the id that its path names, or empty
    std::string asked;      ///< what its query asked for, as a JSON object; empty: nothing
    identity::Mode mode = identity::Mode::kTest;
    audit::Origin origin;
  };
  /// Puts it on record, before it is answered. Fails with kSupportSessionInactive: the session is
  /// over by now.
  Task<> record(Use use);

  /// Notes the end of those whose time is over; it holds before that.
  Task<> end_expired();

 private:
  Result<> append_act(store::Connection& db, const SupportSession& of, const audit::Actor& by,
                      const audit::Origin& from, std::string name) const;

  store::Database& db_;
  metering::Idempotency& idempotency_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace flowsell::team
