#include "team/policies.h"

#include <utility>

#include "audit/audit_log.h"
#include "store/change.h"
#include "team/acts.h"

namespace flowsell::team {
namespace {

using store::Sql;

constexpr store::WriteKind kKind{"policies", 9, store::apply_each<store::Change>};

const Sql kInsert(
    "INSERT INTO policy_acceptances (workspace_id, id, version, user_id, accepted_at, address) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
const Sql kList(
    "SELECT id, version, user_id, accepted_at FROM policy_acceptances WHERE workspace_id = ?1 "
    "ORDER BY id DESC");
const Sql kOfVersion(
    "SELECT id, version, user_id, accepted_at FROM policy_acceptances WHERE workspace_id = ?1 AND "
    "version = ?2");

PolicyAcceptance acceptance_of(const store::Row& row) {
  return {row.id<AcceptanceId>(0), std::string(row.text(1)), row.id<UserId>(2), row.time(3)};
}

Result<std::vector<PolicyAcceptance>> read_all(store::Connection& db, const Sql& sql,
                                               store::Params params) {
  std::vector<PolicyAcceptance> all;
  CHECK_OK(
      db.query(sql, params, [&all](const store::Row& row) { all.push_back(acceptance_of(row)); }));
  return all;
}

}  // namespace

Result<bool> has_accepted_policies(store::Connection& db, const WorkspaceId& workspace,
                                   std::string_view version) {
  TRY(const auto found, read_all(db, kOfVersion, {workspace, version}));
  return !found.empty();
}

Error policies_not_accepted(const std::string& version) {
  return {ErrorCode::kTermsNotAccepted, "before anything is live, an owner accepts version " +
                                            version +
                                            " of the provider's policies: kind provider_policies"};
}

Policies::Policies(store::Database& db, IdSource& ids, const Clock& clock, std::string version)
    : db_(db), ids_(ids), clock_(clock), version_(std::move(version)) {}

Task<> Policies::require(WorkspaceId workspace) const {
  if (version_.empty()) co_return Result<>{};
  CO_TRY(const bool accepted, co_await db_.read([this, workspace](store::Connection& db) {
    return has_accepted_policies(db, workspace, version_);
  }));
  if (!accepted) co_return std::unexpected(policies_not_accepted(version_));
  co_return Result<>{};
}

Task<Policies::Accepted> Policies::accept(By by, std::string version) {
  if (by.role != identity::Role::kOwner) {
    co_return fail(ErrorCode::kInsufficientScope,
                   "only an owner may accept the provider's policies for the workspace");
  }
  const WorkspaceId workspace = by.caller.workspace;
  const PolicyAcceptance fresh{ids_.next<IdKind::kAcceptance>(), std::move(version), by.caller.user,
                               clock_.now()};
  auto body = [&](store::Connection& db) -> Result<Accepted> {
    TRY(auto earlier, read_all(db, kOfVersion, {workspace, fresh.version}));
    if (!earlier.empty()) return Accepted{std::move(earlier.front()), false};
    CHECK_OK(db.write(kInsert, {workspace, fresh.id, fresh.version, fresh.user, fresh.accepted_at,
                                by.origin.address}));
    auto act = act_of(ids_, fresh.accepted_at, by, "provider_policies.accepted", fresh.id.str());
    act.after = audit::json_of({{"version", fresh.version}});
    CHECK_OK(audit::append(db, act));
    return Accepted{fresh, true};
  };
  co_return co_await store::change(db_, kKind, std::move(body));
}

Task<std::vector<PolicyAcceptance>> Policies::list(WorkspaceId workspace) const {
  co_return co_await db_.read(
      [workspace](store::Connection& db) { return read_all(db, kList, {workspace}); });
}

}  // namespace flowsell::team
