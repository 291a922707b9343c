#include "sso/domain_watch.h"

#include <algorithm>
#include <utility>

#include "audit/audit_log.h"
#include "kind.h"
#include "store/change.h"

namespace flowsell::sso {
namespace {

using store::Sql;

const Sql kDue(
    "SELECT d.workspace_id, d.domain, c.token, c.created_at, d.verified_at, d.looked_at, d.misses "
    "FROM sso_domains d JOIN sso_domain_claims c ON c.workspace_id = d.workspace_id AND c.domain = "
    "d.domain WHERE d.looked_at <= ?1 AND d.domain > ?2 ORDER BY d.domain LIMIT ?3");
// Who comes second changes nothing: one look is counted once, wherever the workspace is by then.
const Sql kBegin(
    "UPDATE sso_domains SET looked_at = ?4 WHERE domain = ?1 AND workspace_id = ?2 AND looked_at = "
    "?3");
const Sql kEnd(
    "UPDATE sso_domains SET looked_at = ?4, misses = ?5 WHERE domain = ?1 AND workspace_id = ?2 "
    "AND looked_at = ?3");
const Sql kLapse(
    "DELETE FROM sso_domains WHERE domain = ?1 AND workspace_id = ?2 AND misses >= ?3");

DomainWatch::Due due_of(const store::Row& row) {
  DomainWatch::Due due;
  due.domain.workspace = row.id<WorkspaceId>(0);
  due.domain.name = row.text(1);
  due.domain.token = row.text(2);
  due.domain.created_at = row.time(3);
  due.domain.verified_at = row.time(4);
  due.looked_at = row.time(5);
  due.misses = static_cast<int>(row.integer(6));
  return due;
}

std::string sentence_of(const Domain& domain) {
  return "The domain " + domain.name + " is not proven any more: its TXT record " +
         domain.record_name() +
         " was missing at three looks, a day apart. Until it is proven again, nobody is taken for "
         "one of the workspace's people by an address there.";
}

}  // namespace

std::string json_of_lapse(const Domain& domain) {
  return audit::json_of({{"workspace_id", domain.workspace.str()},
                         {"verified_at", format_time(domain.verified_at.value_or(Time()))}});
}

Task<std::vector<DomainWatch::Due>> DomainWatch::due(std::string after) const {
  const Time latest = rooms_.clock.now() - kLookEvery;
  auto read = [&](store::Connection& db) -> Result<std::vector<Due>> {
    std::vector<Due> found;
    CHECK_OK(db.query(kDue, {latest, after, static_cast<std::int64_t>(kPage)},
                      [&found](const store::Row& row) { found.push_back(due_of(row)); }));
    return found;
  };
  co_return co_await rooms_.db.read(std::move(read));
}

Task<bool> DomainWatch::look(Due due) {
  const Domain& domain = due.domain;
  const Time now = rooms_.clock.now();
  auto begin = [&](store::Connection& db) {
    return db.run(kBegin, {domain.name, domain.workspace, due.looked_at, now});
  };
  CO_TRY(const auto begun, co_await store::change(rooms_.db, kKind, std::move(begin)));
  if (begun == 0) co_return false;
  const auto texts = co_await rooms_.dns.find(domain.record_name());
  const bool is_there = texts && std::ranges::find(*texts, domain.record_text()) != texts->end();
  int misses = due.misses;
  Time looked_at = now;
  if (!texts) {
    looked_at = now - kLookEvery + kAgainWhereNobodyAnswered;
  } else {
    misses = is_there ? 0 : misses + 1;
  }
  auto end = [&](store::Connection& db) {
    return db.run(kEnd, {domain.name, domain.workspace, now, looked_at, misses});
  };
  CO_TRY(const auto ended, co_await store::change(rooms_.db, kKind, std::move(end)));
  co_return ended == 1 && misses >= kMissesMax;
}

Task<bool> DomainWatch::lapse(Domain domain, std::vector<UserId> owners) {
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto deleted, db.run(kLapse, {domain.name, domain.workspace, kMissesMax}));
    if (deleted == 0) return false;
    for (const UserId& owner : owners) {
      TRY(const auto user, accounts::Accounts::find_in(db, owner));
      if (user) CHECK_OK(rooms_.accounts.put_notice_in(db, *user, sentence_of(domain), {}));
    }
    auto act = audit::new_act(rooms_.ids, rooms_.clock.now(), audit::system_scope(), {}, {},
                              std::string(kDomainLapsed), domain.name);
    act.before = json_of_lapse(domain);
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool lapsed, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (lapsed) rooms_.accounts.wake_postman();
  co_return lapsed;
}

}  // namespace flowsell::sso
