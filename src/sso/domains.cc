#include "sso/domains.h"

#include <algorithm>
#include <utility>

#include "acts.h"
#include "audit/audit_log.h"
#include "crypto/hash.h"
#include "kind.h"
#include "store/change.h"

namespace flowsell::sso {
namespace {

using store::Sql;

constexpr std::size_t kTokenLength = 32;

const Sql kClaim(
    "INSERT INTO sso_domain_claims (workspace_id, domain, token, created_at) VALUES (?1, ?2, ?3, "
    "?4) ON CONFLICT (workspace_id, domain) DO NOTHING");
#define DOMAIN_QUERY                                                                              \
  "SELECT c.workspace_id, c.domain, c.token, c.created_at, d.verified_at FROM sso_domain_claims " \
  "c LEFT JOIN sso_domains d ON d.domain = c.domain AND d.workspace_id = c.workspace_id "
const Sql kFind(DOMAIN_QUERY "WHERE c.workspace_id = ?1 AND c.domain = ?2");
const Sql kOfWorkspace(DOMAIN_QUERY "WHERE c.workspace_id = ?1 ORDER BY c.domain");
#undef DOMAIN_QUERY
// The table's key decides between two workspaces that come at once.
const Sql kVerify(
    "INSERT INTO sso_domains (domain, workspace_id, verified_at, looked_at) VALUES (?1, ?2, ?3, "
    "?3) ON CONFLICT (domain) DO NOTHING");
const Sql kOwner("SELECT workspace_id FROM sso_domains WHERE domain = ?1");
const Sql kDeleteClaim("DELETE FROM sso_domain_claims WHERE workspace_id = ?1 AND domain = ?2");
const Sql kDelete("DELETE FROM sso_domains WHERE workspace_id = ?1 AND domain = ?2");

Error no_domain() { return {ErrorCode::kNotFound, "the workspace claims no such domain"}; }

Domain domain_of(const store::Row& row) {
  Domain domain;
  domain.workspace = row.id<WorkspaceId>(0);
  domain.name = row.text(1);
  domain.token = row.text(2);
  domain.created_at = row.time(3);
  domain.verified_at = row.optional_time(4);
  return domain;
}

Result<std::optional<Domain>> find_domain(store::Connection& db, const WorkspaceId& workspace,
                                          const std::string& name) {
  std::optional<Domain> found;
  CHECK_OK(db.query(kFind, {workspace, name},
                    [&found](const store::Row& row) { found = domain_of(row); }));
  return found;
}

Result<std::vector<Domain>> list_domains(store::Connection& db, const WorkspaceId& workspace) {
  std::vector<Domain> all;
  CHECK_OK(db.query(kOfWorkspace, {workspace},
                    [&all](const store::Row& row) { all.push_back(domain_of(row)); }));
  return all;
}

Result<std::optional<WorkspaceId>> find_owner(store::Connection& db, const std::string& name) {
  std::optional<WorkspaceId> owner;
  CHECK_OK(db.query(kOwner, {name},
                    [&owner](const store::Row& row) { owner = row.id<WorkspaceId>(0); }));
  return owner;
}

struct Outcome {
  std::optional<Error> refused;
  std::optional<Domain> domain;
};

}  // namespace

Domains::Domains(store::Database& db, TxtLookup& dns, IdSource& ids, const Clock& clock)
    : db_(db), dns_(dns), ids_(ids), clock_(clock) {}

audit::Act Domains::act_of(const team::By& by, std::string name, const std::string& domain) const {
  return account_act(ids_, clock_.now(), by.caller.user, by.origin, std::move(name), domain);
}

Task<Domain> Domains::claim(team::By by, std::string text) {
  CO_TRY(const std::string name, check_domain(text));
  const WorkspaceId workspace = by.caller.workspace;
  const std::string token = crypto::random_base62(kTokenLength);
  auto body = [&](store::Connection& db) -> Result<Outcome> {
    TRY(const auto all, list_domains(db, workspace));
    const auto existing = std::ranges::find(all, name, &Domain::name);
    if (existing != all.end()) return Outcome{std::nullopt, *existing};
    if (all.size() >= kPerWorkspaceMax) {
      return Outcome{Error{ErrorCode::kConflict, "a workspace has at most " +
                                                     std::to_string(kPerWorkspaceMax) + " domains"},
                     std::nullopt};
    }
    CHECK_OK(db.write(kClaim, {workspace, name, token, clock_.now()}));
    CHECK_OK(audit::append(db, act_of(by, "sso_domain.claimed", name)));
    TRY(auto made, find_domain(db, workspace, name));
    return Outcome{std::nullopt, std::move(made)};
  };
  CO_TRY(auto outcome, co_await store::change(db_, kKind, std::move(body)));
  if (outcome.refused) co_return std::unexpected(*std::move(outcome.refused));
  if (!outcome.domain) co_return std::unexpected(no_domain());
  co_return *std::move(outcome.domain);
}

Task<Domain> Domains::look_up(WorkspaceId workspace, std::string text) {
  CO_TRY(Domain domain, co_await find(workspace, std::move(text)));
  if (domain.verified_at) co_return domain;
  CO_TRY(const auto texts, co_await dns_.find(domain.record_name()));
  if (std::ranges::find(texts, domain.record_text()) == texts.end()) {
    co_return fail(ErrorCode::kConflict,
                   "the record is not there, or not yet: it may take some time to be seen");
  }
  co_return domain;
}

Task<Domain> Domains::verify(team::By by, Domain domain) {
  const WorkspaceId workspace = by.caller.workspace;
  const Time now = clock_.now();
  auto body = [&](store::Connection& db) -> Result<Outcome> {
    // What was looked up holds for this claim: another token would need another record.
    TRY(const auto still, find_domain(db, workspace, domain.name));
    if (!still || still->token != domain.token) return Outcome{no_domain(), std::nullopt};
    TRY(const auto put, db.run(kVerify, {domain.name, workspace, now}));
    if (put == 0) {
      TRY(const auto owner, find_owner(db, domain.name));
      if (owner != workspace)
        return Outcome{Error{ErrorCode::kConflict, "another workspace has this domain"},
                       std::nullopt};
    } else {
      CHECK_OK(audit::append(db, act_of(by, "sso_domain.verified", domain.name)));
    }
    TRY(auto verified, find_domain(db, workspace, domain.name));
    return Outcome{std::nullopt, std::move(verified)};
  };
  CO_TRY(auto outcome, co_await store::change(db_, kKind, std::move(body)));
  if (outcome.refused) co_return std::unexpected(*std::move(outcome.refused));
  co_return *std::move(outcome.domain);
}

Task<> Domains::remove(team::By by, std::string text) {
  const std::string name = normal_domain(text).value_or("");
  const WorkspaceId workspace = by.caller.workspace;
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto deleted, db.run(kDeleteClaim, {workspace, name}));
    if (deleted == 0) return false;
    CHECK_OK(db.write(kDelete, {workspace, name}));
    CHECK_OK(audit::append(db, act_of(by, "sso_domain.removed", name)));
    return true;
  };
  CO_TRY(const bool was_there, co_await store::change(db_, kKind, std::move(body)));
  if (!was_there) co_return std::unexpected(no_domain());
  co_return Result<>{};
}

Task<std::vector<Domain>> Domains::list(WorkspaceId workspace) const {
  co_return co_await db_.read(
      [workspace](store::Connection& db) { return list_domains(db, workspace); });
}

Task<Domain> Domains::find(WorkspaceId workspace, std::string text) const {
  const std::string name = normal_domain(text).value_or("");
  CO_TRY(auto found, co_await db_.read(
                         [&](store::Connection& db) { return find_domain(db, workspace, name); }));
  if (!found) co_return std::unexpected(no_domain());
  co_return *std::move(found);
}

Task<std::optional<WorkspaceId>> Domains::owner_of(std::string name) const {
  co_return co_await db_.read([&name](store::Connection& db) { return find_owner(db, name); });
}

}  // namespace flowsell::sso
