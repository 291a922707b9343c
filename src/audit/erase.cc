#include <algorithm>
#include <limits>

#include "audit/audit_log.h"

namespace flowsell::audit {
namespace {

using store::Param;
using store::Sql;

/// Places, not rows: of one step, which holds up the writer for some ten milliseconds.
constexpr std::int64_t kPlacesAtOnce = 5'000;
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

const Sql kNext(
    "SELECT seq FROM audit_personal WHERE scope = ?1 AND seq > ?2 ORDER BY seq LIMIT 1");
const Sql kEraseAll("DELETE FROM audit_personal WHERE scope = ?1 AND seq >= ?2 AND seq <= ?3");
// Address and user agent are the actor's alone. The rest may be of either.
const Sql kEraseOne(
    "DELETE FROM audit_personal WHERE scope = ?1 AND seq >= ?2 AND seq <= ?3 AND ("
    "seq IN (SELECT seq FROM audit_events WHERE scope = ?1 AND seq >= ?2 AND seq <= ?3 "
    "AND actor_id = ?4) OR "
    "(part = 2 AND seq IN (SELECT seq FROM audit_events WHERE scope = ?1 AND seq >= ?2 "
    "AND seq <= ?3 AND target = ?4)))");

const Sql kEraseOld(
    "DELETE FROM audit_personal WHERE scope = ?1 AND seq >= ?2 AND seq <= ?3 AND seq IN (SELECT "
    "seq FROM audit_events WHERE scope = ?1 AND seq >= ?2 AND seq <= ?3 AND at < ?4)");

Result<std::optional<std::int64_t>> next_place(store::Connection& db, std::string_view scope,
                                               std::int64_t behind) {
  std::optional<std::int64_t> next;
  CHECK_OK(db.query(kNext, {Param::blob(scope), behind},
                    [&next](const store::Row& row) { next = row.integer(0); }));
  return next;
}

}  // namespace

Result<ErasureStep> erase_personal(store::Connection& db, const Erasure& what,
                                   std::int64_t behind) {
  ErasureStep step{.behind = behind};
  TRY(const auto first, next_place(db, what.scope, behind));
  if (!first) return step;
  // No row of ours has such a place; one of a stranger's must not make a sum that is too large.
  const std::int64_t last = *first + std::min(kPlacesAtOnce, kHighest - *first);
  const Param scope = Param::blob(what.scope);
  if (what.subject.empty()) {
    TRY(step.erased, db.run(kEraseAll, {scope, *first, last}));
  } else {
    TRY(step.erased, db.run(kEraseOne, {scope, *first, last, what.subject}));
  }
  step.behind = last;
  TRY(const auto next, next_place(db, what.scope, step.behind));
  step.more = next.has_value();
  return step;
}

Result<ErasureStep> erase_personal_before(store::Connection& db, std::string_view scope, Time until,
                                          std::int64_t behind) {
  ErasureStep step{.behind = behind};
  TRY(const auto first, next_place(db, scope, behind));
  if (!first) return step;
  step.behind = *first + std::min(kPlacesAtOnce, kHighest - *first);
  TRY(step.erased, db.run(kEraseOld, {Param::blob(scope), *first, step.behind, until}));
  // A chain goes by time: where nothing was old, nothing behind it is.
  TRY(const auto next, next_place(db, scope, step.behind));
  step.more = next.has_value() && step.erased > 0;
  return step;
}

}  // namespace flowsell::audit
