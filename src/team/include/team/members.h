#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/id.h"
#include "core/sensitive.h"
#include "identity/permissions.h"
#include "runtime/task.h"
#include "store/database.h"
#include "team/by.h"

namespace flowsell::team {

struct Member {
  UserId user;
  identity::Role role = identity::Role::kViewer;
  Time joined_at{};
};

struct Invitation {
  InvitationId id;
  WorkspaceId workspace;
  std::string email;
  identity::Role role = identity::Role::kViewer;
  UserId invited_by;
  Time created_at{};
  Time expires_at{};
};

/// Who belongs to the workspaces of a database, and as what. Every change is on the workspace's
/// audit log. Thread-safe.
class Members {
 public:
  static constexpr std::chrono::hours kInvitationLife{24};
  static constexpr std::size_t kInvitationsMax = 100;

  Members(store::Database& db, IdSource& ids, const Clock& clock);

  /// nullopt: not a member. Read anew each time: a member who was removed is out at once.
  Task<std::optional<identity::Role>> role_of(WorkspaceId workspace, UserId user) const;
  /// In the order in which they joined.
  Task<std::vector<Member>> list(WorkspaceId workspace) const;
  /// Those with one of these roles.
  Task<std::vector<UserId>> with_roles(WorkspaceId workspace,
                                       std::vector<identity::Role> roles) const;

  /// The first owner of a new workspace.
  Task<> found(WorkspaceId workspace, UserId user, audit::Origin from);
  /// Somebody whom the workspace's identity provider vouches for. One who is a member already keeps
  /// his role.
  Task<Member> join(WorkspaceId workspace, UserId user, identity::Role role, std::string provider,
                    audit::Origin from);
  /// The same as found(), blocking; for start-up and tools.
  Result<> put_owner(const WorkspaceId& workspace, const UserId& user);

  /// Fails with kNotFound, kInsufficientScope (by's role does not reach so far), kConflict (the
  /// last owner).
  Task<Member> change_role(By by, UserId user, identity::Role role);
  /// The same; anybody may remove himself.
  Task<> remove(By by, UserId user);

  /// Puts on the workspace's record what is about to be done for it in tables that are not its own.
  Task<> record(By by, std::string act, std::string target, std::string after);

  struct Invited {
    Invitation invitation;
    Secret token;  ///< for the link; begins with the workspace's id
  };
  /// One that the address has already is replaced. Fails with kInsufficientScope and kConflict
  /// (too many).
  Task<Invited> invite(By by, std::string email, identity::Role role);
  /// Newest first, without those whose time is over.
  Task<std::vector<Invitation>> invitations(WorkspaceId workspace) const;
  /// Fails with kNotFound.
  Task<> withdraw(By by, InvitationId id);

  /// In a transaction: strangers' addresses don't outlive their invitations. How many went.
  static Result<std::int64_t> drop_old_invitations(store::Connection& db, Time now);

  /// The workspace that a token is for.
  static Result<WorkspaceId> workspace_of(const Secret& token);
  /// What a token stands for. Fails with kInvalidToken: wrong, used, too old, or not for that
  /// address.
  Task<Invitation> find_invitation(Secret token, std::string email) const;
  /// The user, whose address is `email`, is a member from now on, and the token is used up. One who
  /// is a member already keeps his role. Fails as find_invitation().
  Task<Member> accept(Secret token, UserId user, std::string email, audit::Origin from);

 private:
  /// One who is a member already keeps his role. `by_what`: what the record says of how he came.
  Result<Member> put_joined(store::Connection& db, const WorkspaceId& workspace,
                            const Member& fresh,
                            std::pair<std::string_view, std::string_view> by_what,
                            const audit::Origin& from);
  Result<> put_first(store::Connection& db, const WorkspaceId& workspace, const UserId& user,
                     const audit::Actor& by, const audit::Origin& from);

  store::Database& db_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace flowsell::team
