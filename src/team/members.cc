#include "team/members.h"

#include <algorithm>
#include <utility>

#include "audit/audit_log.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "store/change.h"
#include "team/acts.h"

namespace flowsell::team {
namespace {

using identity::Role;
using store::Param;
using store::Sql;

constexpr std::string_view kWorkspacePrefix = "ws_";
constexpr std::size_t kWorkspaceLength = 29;

constexpr store::WriteKind kKind{"team", 9, store::apply_each<store::Change>};

const Sql kRole("SELECT role FROM members WHERE workspace_id = ?1 AND user_id = ?2");
const Sql kOwners("SELECT user_id FROM members WHERE workspace_id = ?1 AND role = 1");
const Sql kList(
    "SELECT user_id, role, joined_at FROM members WHERE workspace_id = ?1 ORDER BY joined_at, "
    "user_id");
const Sql kFind(
    "SELECT user_id, role, joined_at FROM members WHERE workspace_id = ?1 AND user_id = ?2");
const Sql kInsert(
    "INSERT INTO members (workspace_id, user_id, role, joined_at) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (workspace_id, user_id) DO NOTHING");
const Sql kSetRole("UPDATE members SET role = ?3 WHERE workspace_id = ?1 AND user_id = ?2");
const Sql kDelete("DELETE FROM members WHERE workspace_id = ?1 AND user_id = ?2");

#define INVITATION_COLUMNS \
  "id, workspace_id, email, role, invited_by, created_at, expires_at, token_hash"
const Sql kInvitations("SELECT " INVITATION_COLUMNS
                       " FROM invitations WHERE workspace_id = ?1 ORDER BY id DESC");
#undef INVITATION_COLUMNS
const Sql kInvite(
    "INSERT INTO invitations (workspace_id, id, email, role, token_hash, invited_by, created_at, "
    "expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
const Sql kDeleteByEmail("DELETE FROM invitations WHERE workspace_id = ?1 AND email = ?2");
const Sql kDeleteOld("DELETE FROM invitations WHERE workspace_id = ?1 AND expires_at <= ?2");
const Sql kDropOld("DELETE FROM invitations WHERE expires_at <= ?1");
const Sql kDeleteInvitation("DELETE FROM invitations WHERE workspace_id = ?1 AND id = ?2");

struct StoredInvitation {
  Invitation invitation;
  std::string token_hash;
};

Result<std::vector<StoredInvitation>> read_invitations(store::Connection& db,
                                                       const WorkspaceId& workspace) {
  std::vector<StoredInvitation> all;
  CHECK_OK(db.query(kInvitations, {workspace}, [&all](const store::Row& row) {
    all.push_back({{row.id<InvitationId>(0), row.id<WorkspaceId>(1), std::string(row.text(2)),
                    static_cast<Role>(row.integer(3)), row.id<UserId>(4), row.time(5), row.time(6)},
                   std::string(row.text(7))});
  }));
  return all;
}

/// Every one is compared, so that the time taken tells nothing.
Result<std::optional<Invitation>> match(store::Connection& db, const WorkspaceId& workspace,
                                        const Secret& token, std::string_view email, Time now) {
  TRY(const auto all, read_invitations(db, workspace));
  const auto hash = crypto::sha256(token.reveal());
  std::optional<Invitation> found;
  for (const StoredInvitation& each : all) {
    const bool is_it = crypto::constant_time_equal(each.token_hash, as_text(hash));
    if (is_it && each.invitation.expires_at > now && each.invitation.email == email)
      found = each.invitation;
  }
  return found;
}

Member member_of(const store::Row& row) {
  return {row.id<UserId>(0), static_cast<Role>(row.integer(1)), row.time(2)};
}

Result<std::optional<Member>> find_member(store::Connection& db, const WorkspaceId& workspace,
                                          const UserId& user) {
  std::optional<Member> found;
  CHECK_OK(db.query(kFind, {workspace, user},
                    [&found](const store::Row& row) { found = member_of(row); }));
  return found;
}

/// One whose account is about to be gone is none for whom another may go.
Result<bool> is_last_owner(store::Connection& db, const WorkspaceId& workspace,
                           const Member& member) {
  if (member.role != Role::kOwner) return false;
  std::vector<UserId> owners;
  CHECK_OK(db.query(kOwners, {workspace},
                    [&](const store::Row& row) { owners.push_back(row.id<UserId>(0)); }));
  for (const UserId& owner : owners) {
    if (owner == member.user) continue;
    TRY(const bool is_closed, audit::is_closed(db, owner));
    if (!is_closed) return false;
  }
  return true;
}

Error too_low() {
  return {ErrorCode::kInsufficientScope, "only an owner may change owners, or make one"};
}
Error no_member() { return {ErrorCode::kNotFound, "the workspace has no such member"}; }
Error last_owner() {
  return {ErrorCode::kConflict, "the workspace's last owner can't leave, or become anything else"};
}
Error invalid_token() { return {ErrorCode::kInvalidToken, "the token is wrong, used or too old"}; }

/// What became of a change: the member, or why not.
struct Changed {
  std::optional<Error> refused;
  Member member;
};

}  // namespace

Members::Members(store::Database& db, IdSource& ids, const Clock& clock)
    : db_(db), ids_(ids), clock_(clock) {}

Task<std::optional<Role>> Members::role_of(WorkspaceId workspace, UserId user) const {
  auto read = [workspace, user](store::Connection& db) -> Result<std::optional<Role>> {
    std::optional<Role> role;
    CHECK_OK(db.query(kRole, {workspace, user}, [&role](const store::Row& row) {
      role = static_cast<Role>(row.integer(0));
    }));
    return role;
  };
  co_return co_await db_.read(std::move(read));
}

Task<std::vector<UserId>> Members::with_roles(WorkspaceId workspace,
                                              std::vector<Role> roles) const {
  CO_TRY(const auto members, co_await list(workspace));
  std::vector<UserId> users;
  for (const Member& member : members) {
    if (std::ranges::find(roles, member.role) != roles.end()) users.push_back(member.user);
  }
  co_return users;
}

Task<std::vector<Member>> Members::list(WorkspaceId workspace) const {
  auto read = [workspace](store::Connection& db) -> Result<std::vector<Member>> {
    std::vector<Member> all;
    CHECK_OK(db.query(kList, {workspace},
                      [&all](const store::Row& row) { all.push_back(member_of(row)); }));
    return all;
  };
  co_return co_await db_.read(std::move(read));
}

Result<> Members::put_first(store::Connection& db, const WorkspaceId& workspace, const UserId& user,
                            const audit::Actor& by, const audit::Origin& from) {
  TRY(const auto before, find_member(db, workspace, user));
  if (before) return {};
  const Time now = clock_.now();
  CHECK_OK(db.write(kInsert, {workspace, user, static_cast<int>(Role::kOwner), now}));
  auto act = act_of(ids_, now, workspace, by, from, "workspace.created", workspace.str());
  act.after = audit::json_of({{"owner", user.str()}});
  return audit::append(db, act);
}

Task<> Members::found(WorkspaceId workspace, UserId user, audit::Origin from) {
  auto body = [&](store::Connection& db) {
    return put_first(db, workspace, user, {audit::ActorKind::kUser, user.str()}, from);
  };
  co_return co_await store::change(db_, kKind, std::move(body));
}

Result<Member> Members::put_joined(store::Connection& db, const WorkspaceId& workspace,
                                   const Member& fresh,
                                   std::pair<std::string_view, std::string_view> by_what,
                                   const audit::Origin& from) {
  TRY(const auto before, find_member(db, workspace, fresh.user));
  if (before) return *before;
  CHECK_OK(
      db.write(kInsert, {workspace, fresh.user, static_cast<int>(fresh.role), fresh.joined_at}));
  auto act = act_of(ids_, fresh.joined_at, workspace, {audit::ActorKind::kUser, fresh.user.str()},
                    from, "member.joined", fresh.user.str());
  act.after = audit::json_of({{"role", identity::role_name(fresh.role)}, by_what});
  CHECK_OK(audit::append(db, act));
  return fresh;
}

Task<Member> Members::join(WorkspaceId workspace, UserId user, Role role, std::string provider,
                           audit::Origin from) {
  const Time now = clock_.now();
  auto body = [&](store::Connection& db) -> Result<Member> {
    return put_joined(db, workspace, {user, role, now}, {"provider", provider}, from);
  };
  co_return co_await store::change(db_, kKind, std::move(body));
}

Result<> Members::put_owner(const WorkspaceId& workspace, const UserId& user) {
  auto body = [&](store::Connection& db) { return put_first(db, workspace, user, {}, {}); };
  return store::change_now(db_, kKind, std::move(body));
}

Task<Member> Members::change_role(By by, UserId user, Role role) {
  const WorkspaceId workspace = by.caller.workspace;
  auto body = [&](store::Connection& db) -> Result<Changed> {
    TRY(const auto before, find_member(db, workspace, user));
    if (!before) return Changed{no_member(), {}};
    if (!may_manage(by.role, before->role) || !may_manage(by.role, role))
      return Changed{too_low(), {}};
    if (role == before->role) return Changed{std::nullopt, *before};
    TRY(const bool is_last, is_last_owner(db, workspace, *before));
    if (is_last) return Changed{last_owner(), {}};
    CHECK_OK(db.write(kSetRole, {workspace, user, static_cast<int>(role)}));
    auto act = act_of(ids_, clock_.now(), by, "member.role_changed", user.str());
    act.before = audit::json_of({{"role", identity::role_name(before->role)}});
    act.after = audit::json_of({{"role", identity::role_name(role)}});
    CHECK_OK(audit::append(db, act));
    return Changed{std::nullopt, {user, role, before->joined_at}};
  };
  CO_TRY(auto changed, co_await store::change(db_, kKind, std::move(body)));
  if (changed.refused) co_return std::unexpected(*std::move(changed.refused));
  co_return changed.member;
}

Task<> Members::remove(By by, UserId user) {
  const WorkspaceId workspace = by.caller.workspace;
  auto body = [&](store::Connection& db) -> Result<Changed> {
    TRY(const auto before, find_member(db, workspace, user));
    if (!before) return Changed{no_member(), {}};
    if (user != by.caller.user && !may_manage(by.role, before->role)) return Changed{too_low(), {}};
    TRY(const bool is_last, is_last_owner(db, workspace, *before));
    if (is_last) return Changed{last_owner(), {}};
    CHECK_OK(db.write(kDelete, {workspace, user}));
    auto act = act_of(ids_, clock_.now(), by, "member.removed", user.str());
    act.before = audit::json_of({{"role", identity::role_name(before->role)}});
    CHECK_OK(audit::append(db, act));
    return Changed{std::nullopt, *before};
  };
  CO_TRY(auto changed, co_await store::change(db_, kKind, std::move(body)));
  if (changed.refused) co_return std::unexpected(*std::move(changed.refused));
  co_return Result<>{};
}

Task<> Members::record(By by, std::string name, std::string target, std::string after) {
  auto body = [&](store::Connection& db) {
    auto act = act_of(ids_, clock_.now(), by, name, target);
    act.after = after;
    return audit::append(db, act);
  };
  co_return co_await store::change(db_, kKind, std::move(body));
}

// --- invitations ---

Task<Members::Invited> Members::invite(By by, std::string email, Role role) {
  if (!may_manage(by.role, role)) co_return std::unexpected(too_low());
  Invited made;
  const Time now = clock_.now();
  made.invitation = {ids_.next<IdKind::kInvitation>(),
                     by.caller.workspace,
                     std::move(email),
                     role,
                     by.caller.user,
                     now,
                     now + kInvitationLife};
  made.token = Secret(by.caller.workspace.str() + std::string(crypto::random_token().reveal()));
  const Invitation& fresh = made.invitation;
  const auto hash = crypto::sha256(made.token.reveal());
  auto body = [&](store::Connection& db) -> Result<bool> {
    CHECK_OK(db.write(kDeleteOld, {fresh.workspace, now}));
    CHECK_OK(db.write(kDeleteByEmail, {fresh.workspace, fresh.email}));
    TRY(const auto others, read_invitations(db, fresh.workspace));
    if (others.size() >= kInvitationsMax) return false;
    CHECK_OK(
        db.write(kInvite, {fresh.workspace, fresh.id, fresh.email, static_cast<int>(role),
                           Param::blob(as_text(hash)), fresh.invited_by, now, fresh.expires_at}));
    auto act = act_of(ids_, now, by, "invitation.created", fresh.id.str());
    act.after = audit::json_of({{"role", identity::role_name(role)}});
    act.personal = audit::json_of({{"email", fresh.email}});
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool is_made, co_await store::change(db_, kKind, std::move(body)));
  if (!is_made) {
    co_return fail(
        ErrorCode::kConflict,
        "a workspace has at most " + std::to_string(kInvitationsMax) + " invitations that wait");
  }
  co_return made;
}

Task<std::vector<Invitation>> Members::invitations(WorkspaceId workspace) const {
  CO_TRY(const auto stored, co_await db_.read([workspace](store::Connection& db) {
    return read_invitations(db, workspace);
  }));
  std::vector<Invitation> all;
  for (const StoredInvitation& each : stored) {
    if (each.invitation.expires_at > clock_.now()) all.push_back(each.invitation);
  }
  co_return all;
}

Task<> Members::withdraw(By by, InvitationId id) {
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto all, read_invitations(db, by.caller.workspace));
    const auto found =
        std::ranges::find(all, id, [](const StoredInvitation& each) { return each.invitation.id; });
    if (found == all.end()) return false;
    CHECK_OK(db.write(kDeleteInvitation, {by.caller.workspace, id}));
    auto act = act_of(ids_, clock_.now(), by, "invitation.withdrawn", id.str());
    act.before = audit::json_of({{"role", identity::role_name(found->invitation.role)}});
    act.personal = audit::json_of({{"email", found->invitation.email}});
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool withdrawn, co_await store::change(db_, kKind, std::move(body)));
  if (!withdrawn) co_return fail(ErrorCode::kNotFound, "there is no such invitation");
  co_return Result<>{};
}

Result<std::int64_t> Members::drop_old_invitations(store::Connection& db, Time now) {
  return db.run(kDropOld, {now});
}

Result<WorkspaceId> Members::workspace_of(const Secret& token) {
  const auto text = token.reveal();
  if (!text.starts_with(kWorkspacePrefix) || text.size() != kWorkspaceLength + crypto::kTokenLength)
    return std::unexpected(invalid_token());
  const auto id = WorkspaceId::parse(text.substr(0, kWorkspaceLength));
  return id ? Result<WorkspaceId>(*id) : std::unexpected(invalid_token());
}

Task<Invitation> Members::find_invitation(Secret token, std::string email) const {
  CO_TRY(const auto workspace, workspace_of(token));
  const Time now = clock_.now();
  CO_TRY(auto found, co_await db_.read([&](store::Connection& db) {
    return match(db, workspace, token, email, now);
  }));
  if (!found) co_return std::unexpected(invalid_token());
  co_return *std::move(found);
}

Task<Member> Members::accept(Secret token, UserId user, std::string email, audit::Origin from) {
  CO_TRY(const auto workspace, workspace_of(token));
  const Time now = clock_.now();
  auto body = [&](store::Connection& db) -> Result<std::optional<Member>> {
    TRY(const auto invitation, match(db, workspace, token, email, now));
    if (!invitation) return std::nullopt;
    CHECK_OK(db.write(kDeleteInvitation, {workspace, invitation->id}));
    const std::string id = invitation->id.str();
    return put_joined(db, workspace, {user, invitation->role, now}, {"invitation_id", id}, from);
  };
  CO_TRY(auto member, co_await store::change(db_, kKind, std::move(body)));
  if (!member) co_return std::unexpected(invalid_token());
  co_return *member;
}

}  // namespace flowsell::team
