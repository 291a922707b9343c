#include <utility>
#include <vector>

#include "audit/audit_log.h"
#include "erasure.h"
#include "hold_table.h"
#include "privacy/desk.h"
#include "request_table.h"
#include "store/change.h"

namespace flowsell::privacy {
namespace {

constexpr std::int64_t kWaiting =
    bit(State::kReceived) | bit(State::kInReview) | bit(State::kApproved);

constexpr store::WriteKind kKind{"legal_hold", 95, store::apply_each<store::Change>};

/// Of an account also on its own record.
std::vector<audit::Act> acts_of(const LegalHold& hold, audit::Act act, audit::Act also) {
  std::vector<audit::Act> acts;
  also.after = audit::json_of({{"subject", subject_name(hold.subject)}});
  if (!hold.user.is_none()) acts.push_back(std::move(act));
  acts.push_back(std::move(also));
  return acts;
}

bool is_on_itself(const LegalHold& hold, const DataRequest& request) {
  return hold.subject == request.subject;
}

}  // namespace

Task<LegalHold> Desk::put_hold(Holding wanted) {
  LegalHold hold = std::move(wanted.hold);
  CO_CHECK_OK(check_reason(hold.reason));
  hold.id = wanted.also.id;
  hold.put_by = wanted.by.id;
  hold.created_at = rooms_.clock.now();
  const Time now = hold.created_at;
  wanted.also.target = hold.id.str();
  auto body = [&](store::Connection& db) -> Result<> {
    if (hold.subject == Subject::kAccount) {
      TRY(const std::string email, email_of(db, hold.user));
      if (email.empty()) return fail(ErrorCode::kNotFound, "there is no such account");
    }
    TRY(const bool is_new, insert_hold(db, hold));
    if (!is_new) return fail(ErrorCode::kConflict, "it is held already");
    std::vector<audit::Act> acts =
        acts_of(hold,
                audit::new_act(rooms_.ids, now, hold.user.blob(), wanted.by, wanted.from,
                               "legal_hold.put", hold.id.str()),
                wanted.also);
    TRY(const auto open, open_deletions_under(db, hold));
    for (const DataRequest& request : open) {
      const Move move{kWaiting, State::kOnHold, Step::kNone, hold.reason, std::nullopt};
      TRY(const bool is_moved, move_request(db, request.id, move));
      if (is_moved)
        acts.push_back(
            act_about(rooms_.ids, now, request, "data_request.held", wanted.by, wanted.from));
      // It may have begun in this moment, so it is read anew.
      TRY(const auto now_it_is, find_request(db, request.id));
      if (is_on_itself(hold, request) && now_it_is && now_it_is->state == State::kRunning)
        return fail(ErrorCode::kConflict, "its deletion runs: " + request.id.str());
    }
    return audit::append(db, acts);
  };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
  rooms_.work_waits();
  co_return hold;
}

Task<> Desk::lift_hold(AuditEventId id, audit::Actor by, audit::Origin from, audit::Act also) {
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<> {
    TRY(const auto hold, find_hold(db, id));
    if (!hold) return fail(ErrorCode::kNotFound, "there is no such hold");
    CHECK_OK(delete_hold(db, id));
    std::vector<audit::Act> acts = acts_of(
        *hold,
        audit::new_act(rooms_.ids, now, hold->user.blob(), by, from, "legal_hold.lifted", id.str()),
        also);
    TRY(const auto open, open_deletions_under(db, *hold));
    for (const DataRequest& request : open) {
      TRY(const auto still, hold_over(db, request));
      if (still) continue;
      const Move move{bit(State::kOnHold), State::kInReview, Step::kNone, {}, std::nullopt};
      TRY(const bool is_moved, move_request(db, request.id, move));
      if (is_moved)
        acts.push_back(act_about(rooms_.ids, now, request, "data_request.released", by, from));
    }
    return audit::append(db, acts);
  };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
  rooms_.work_waits();
  co_return Result<>{};
}

Task<HoldPage> Desk::list_holds(HoldQuery query) const {
  co_return co_await rooms_.db.read(
      [&query](store::Connection& db) { return privacy::list_holds(db, query); });
}

}  // namespace flowsell::privacy
