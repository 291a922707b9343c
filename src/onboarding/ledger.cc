#include "ledger.h"

#include <utility>

#include "audit/audit_log.h"
#include "core/encoding.h"
#include "session_table.h"
#include "team/acts.h"

namespace flowsell::onboarding {
namespace {

using Kind = metering::IdempotencyVerdict::Kind;
using webhook::EventDraft;
using webhook::EventPlan;
using webhook::Events;

Error no_session() { return {ErrorCode::kNotFound, "there is no such onboarding session"}; }

/// Events of one session go to an endpoint in order.
outbox::Lane lane_of(const OnboardingSessionId& id) {
  return static_cast<outbox::Lane>(eight_bytes(id.bytes(), 8));
}

EventDraft draft_of(const Session& session, Time now, const IdBytes& subject) {
  EventDraft draft;
  draft.workspace = session.workspace;
  draft.mode = session.mode;
  draft.type = webhook::EventType::kOnboardingSessionUpdated;
  draft.at = now;
  draft.subject = subject;  // no two events are of the same
  draft.lane = lane_of(session.id);
  return draft;
}

audit::Act act_of(IdSource& ids, Time now, const Mover& by, const Session& session,
                  const Decision& decision) {
  auto act =
      team::act_of(ids, now, session.workspace, by.actor, by.from, decision.act, session.id.str());
  const std::string_view failure =
      session.failure ? failure_info(*session.failure).code : std::string_view();
  act.after = audit::json_of({{"state", state_name(session.state)},
                              {"way", way_name(session.way)},
                              {"mode", identity::mode_name(session.mode)},
                              {"failure", failure}});
  act.personal = decision.personal;
  return act;
}

/// Each of these operations, and the events of all.
template <class Op>
Result<> apply_told(store::Connection& db, std::span<store::WriteOp* const> ops) {
  CHECK_OK(store::apply_each<Op>(db, ops));
  return store::as<Op>(ops.front()).events.store_recorded(db);
}
template <class Op>
void end_told(std::span<store::WriteOp* const> ops, bool committed) noexcept {
  store::as<Op>(ops.front()).events.ended(committed);
}

/// A change, with what it needs to be told.
struct MoveOp final : store::WriteOp {
  MoveOp(Events& e, IdSource& i, const Mover& b, const Move& m, const Session& k, Time t);
  Result<> apply(store::Connection& db);

  Events& events;
  IdSource& ids;
  const Mover& by;
  const Move& move;
  const Session& known;
  Time now;
  EventDraft draft;
  EventPlan plan;
  // Results.
  std::optional<Session> session;
  Decision decision;
};

constexpr store::WriteKind kMoveKind{"onboarding", 44, apply_told<MoveOp>, end_told<MoveOp>};

MoveOp::MoveOp(Events& e, IdSource& i, const Mover& b, const Move& m, const Session& k, Time t)
    : WriteOp(kMoveKind),
      events(e),
      ids(i),
      by(b),
      move(m),
      known(k),
      now(t),
      draft(draft_of(k, t, i.next_bytes())),
      plan(e.plan(draft)) {}

Result<> MoveOp::apply(store::Connection& db) {
  plan.begin();
  decision = {};
  TRY(session, find_session(db, known.workspace, known.id));
  if (!session) return {};
  decision = move(*session, now);
  if (decision.refused || !decision.changes) return {};
  session->updated_at = now;
  CHECK_OK(update_session(db, *session));
  if (!decision.act.empty()) CHECK_OK(audit::append(db, act_of(ids, now, by, *session, decision)));
  if (!decision.is_told) return {};
  draft.body = render_fields(*session, now);
  return events.record(db, draft, plan);
}

/// A new one.
struct AddOp final : store::WriteOp {
  AddOp(Events& e, IdSource& i, metering::Idempotency& k, const Mover& b, const Session& f, Time t);
  Result<> apply(store::Connection& db);

  Events& events;
  IdSource& ids;
  metering::Idempotency& idempotency;
  const Mover& by;
  const Session& fresh;
  Time now;
  std::optional<metering::IdempotentCall> call;
  std::int64_t open_max = 0;
  std::string personal;
  EventDraft draft;
  EventPlan plan;
  Ledger::Added added;  ///< result
};

constexpr store::WriteKind kAddKind{"onboarding_add", 43, apply_told<AddOp>, end_told<AddOp>};

AddOp::AddOp(Events& e, IdSource& i, metering::Idempotency& k, const Mover& b, const Session& f,
             Time t)
    : WriteOp(kAddKind),
      events(e),
      ids(i),
      idempotency(k),
      by(b),
      fresh(f),
      now(t),
      draft(draft_of(f, t, i.next_bytes())),
      plan(e.plan(draft)) {}

Result<> AddOp::apply(store::Connection& db) {
  plan.begin();
  added = {};
  if (call) {
    TRY(added.verdict, idempotency.take(db, fresh.workspace, *call, fresh.id.bytes(), Time{}, now));
    if (added.verdict.kind == Kind::kReplay) {
      TRY(added.earlier,
          find_session(db, fresh.workspace, OnboardingSessionId(added.verdict.resource)));
    }
    if (added.verdict.kind != Kind::kFirst) return {};
  }
  TRY(const std::int64_t open, count_open(db, fresh.workspace, now));
  added.is_full = open >= open_max;
  // A refusal keeps no key.
  if (added.is_full)
    return call ? idempotency.end(db, fresh.workspace, *call, /*done=*/false) : Result<>{};
  CHECK_OK(insert_session(db, fresh));
  Decision decision = Decision::told("onboarding_session.created");
  decision.personal = personal;
  CHECK_OK(audit::append(db, act_of(ids, now, by, fresh, decision)));
  draft.body = render_fields(fresh, now);
  return events.record(db, draft, plan);
}

}  // namespace

Task<Ledger::Added> Ledger::add(Session fresh, Mover by, std::string personal,
                                metering::Idempotency& idempotency,
                                std::optional<metering::IdempotentCall> call,
                                std::int64_t open_max) {
  AddOp op(events_, ids_, idempotency, by, fresh, clock_.now());
  op.call = call;
  op.open_max = open_max;
  op.personal = std::move(personal);
  CO_CHECK_OK(co_await db_.commit(op));
  const bool is_new = op.added.verdict.kind == Kind::kFirst && !op.added.is_full;
  if (is_new) events_.launch(op.draft, std::move(op.plan), co_await net::this_coro::executor);
  co_return std::move(op.added);
}

Task<Session> Ledger::move(Session known, Mover by, Move move) {
  MoveOp op(events_, ids_, by, move, known, clock_.now());
  CO_CHECK_OK(co_await db_.commit(op));
  if (!op.session) co_return std::unexpected(no_session());
  if (op.decision.refused) co_return std::unexpected(*std::move(op.decision.refused));
  if (op.decision.changes && op.decision.is_told)
    events_.launch(op.draft, std::move(op.plan), co_await net::this_coro::executor);
  co_return *std::move(op.session);
}

Task<> Ledger::move_all(std::vector<Session> known, Mover by, Move move) {
  for (Session& each : known) {
    const auto moved = co_await this->move(std::move(each), by, move);
    if (!moved && moved.error().code != ErrorCode::kNotFound)
      co_return std::unexpected(moved.error());
  }
  co_return Result<>{};
}

Task<std::optional<Session>> Ledger::find(WorkspaceId workspace, OnboardingSessionId id) const {
  co_return co_await db_.read(
      [workspace, id](store::Connection& db) { return find_session(db, workspace, id); });
}

Task<std::optional<Session>> Ledger::find(WorkspaceId workspace, crypto::Digest token_hash) const {
  co_return co_await db_.read([workspace, token_hash](store::Connection& db) {
    return find_by_token(db, workspace, token_hash);
  });
}

Task<SessionPage> Ledger::list(Query query) const {
  co_return co_await db_.read([&query](store::Connection& db) { return list_sessions(db, query); });
}

}  // namespace flowsell::onboarding
