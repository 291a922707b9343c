#include "onboarding/sessions.h"

#include <utility>

#include "audit/event.h"
#include "ledger.h"
#include "link.h"
#include "session_table.h"
#include "store/change.h"
#include "team/acts.h"

namespace flowsell::onboarding {
namespace {

using Kind = metering::IdempotencyVerdict::Kind;

constexpr std::int64_t kTidiedAtOnce = 100;
constexpr store::WriteKind kDropKind{"onboarding_drop", 92, store::apply_each<store::Change>};

Error no_session() { return {ErrorCode::kNotFound, "there is no such onboarding session"}; }

void forget_secrets(Session& session) {
  session.consent = Consent::kNone;
  session.forget_grant();
  session.oauth_hash.clear();
}

Decision expire(Session& session, Time now) {
  if (is_over(session.state) || session.expires_at > now || session.is_busy(now))
    return Decision::nothing();
  session.state = State::kExpired;
  session.ended_at = session.expires_at;
  forget_secrets(session);
  return Decision::told("onboarding_session.expired");
}

Decision revoke_move(Session& session, Time now) {
  if (is_over(session.state_at(now))) return Decision::nothing();
  if (session.is_busy(now)) {
    return Decision::refuse(
        {ErrorCode::kConflict, "somebody's account is being connected by it at this moment"});
  }
  session.state = State::kRevoked;
  session.ended_at = now;
  forget_secrets(session);
  session.failure.reset();
  return Decision::told("onboarding_session.revoked");
}

}  // namespace

Task<Sessions::Created> Sessions::create(Draft draft, audit::Actor actor, audit::Origin from,
                                         std::string reason,
                                         std::optional<metering::IdempotentCall> call) {
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  Created created;
  created.link = Link::make(draft.workspace);
  Session& fresh = created.session;
  fresh.id = rooms_.ids.next<IdKind::kOnboardingSession>();
  fresh.workspace = draft.workspace;
  fresh.mode = draft.mode;
  fresh.way = draft.way;
  fresh.label = std::move(draft.label);
  fresh.return_url = std::move(draft.return_url);
  fresh.allows_coexistence = draft.allows_coexistence;
  fresh.token_hash = crypto::sha256(created.link.reveal());
  fresh.created_by = actor.id;
  fresh.created_at = fresh.updated_at = rooms_.clock.now();
  fresh.expires_at = fresh.created_at + draft.life;
  std::string personal;
  if (!reason.empty()) personal = audit::json_of({{"reason", reason}});
  const Mover by{std::move(actor), std::move(from)};
  CO_TRY(auto added,
         co_await ledger.add(fresh, by, std::move(personal), rooms_.idempotency, call, kOpenMax));
  if (added.is_full) {
    co_return fail(ErrorCode::kConflict, "a workspace has at most " + std::to_string(kOpenMax) +
                                             " onboarding sessions that are open");
  }
  if (added.verdict.kind == Kind::kFirst) co_return created;
  if (added.verdict.kind != Kind::kReplay) {
    co_return std::unexpected(
        metering::refusal_of(added.verdict, OnboardingSessionId(added.verdict.resource).str()));
  }
  if (!added.earlier) co_return std::unexpected(no_session());
  co_return Created{*std::move(added.earlier), Secret(), true};
}

Task<Session> Sessions::find(const identity::Caller& caller, OnboardingSessionId id) const {
  const Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  const auto workspace = caller.workspace;
  const auto mode = caller.mode;
  CO_TRY(auto found, co_await ledger.find(workspace, id));
  if (!found || found->mode != mode) co_return std::unexpected(no_session());
  co_return *std::move(found);
}

Task<SessionPage> Sessions::list(Query query) const {
  const Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  co_return co_await ledger.list(query);
}

Task<Session> Sessions::revoke(team::By by, OnboardingSessionId id) {
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  CO_TRY(auto known, co_await find(by.caller, id));
  const Mover mover{team::actor_of(by.caller), by.origin};
  co_return co_await ledger.move(std::move(known), mover, revoke_move);
}

Task<> Sessions::tidy() {
  Ledger ledger(rooms_.db, rooms_.events, rooms_.ids, rooms_.clock);
  const Time now = rooms_.clock.now();
  CO_TRY(auto expired, co_await rooms_.db.read([now](store::Connection& db) {
    return find_expired(db, now, kTidiedAtOnce);
  }));
  CO_CHECK_OK(co_await ledger.move_all(std::move(expired), Mover{}, expire));
  auto drop = [now](store::Connection& db) { return drop_ended(db, now - kKept, kTidiedAtOnce); };
  CO_TRY([[maybe_unused]] const auto dropped,
         co_await store::change(rooms_.db, kDropKind, std::move(drop)));
  co_return Result<>{};
}

}  // namespace flowsell::onboarding
