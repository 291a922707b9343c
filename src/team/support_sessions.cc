#include "team/support_sessions.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "audit/audit_log.h"
#include "json/writer.h"
#include "store/change.h"
#include "team/acts.h"

// Literals, for Sql.
#define SUPPORT_COLUMNS                                                                    \
  "id, workspace_id, operator_id, category, reason, ticket, reads, writes, span_seconds, " \
  "created_at, approved_by, approved_at, expires_at, ended_by, ended_at"
#define SUPPORT_PAGE                                            \
  "SELECT " SUPPORT_COLUMNS                                     \
  " FROM support_sessions WHERE workspace_id = ?1 AND id < ?2 " \
  "AND id > ?3 ORDER BY id "

namespace flowsell::team {
namespace {

using Kind = metering::IdempotencyVerdict::Kind;
using store::Sql;

constexpr int kEndedAtOnce = 100;

constexpr store::WriteKind kKind{"support_session", 9, store::apply_each<store::Change>};

const Sql kInsert("INSERT INTO support_sessions (" SUPPORT_COLUMNS
                  ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)");
const Sql kFind("SELECT " SUPPORT_COLUMNS
                " FROM support_sessions WHERE workspace_id = ?1 AND id = ?2");
const Sql kDown(SUPPORT_PAGE "DESC LIMIT ?4");
const Sql kUp(SUPPORT_PAGE "ASC LIMIT ?4");
const Sql kOpen(
    "SELECT COUNT(*) FROM support_sessions WHERE workspace_id = ?1 AND ended_at IS NULL AND "
    "expires_at > ?2");
const Sql kApprove(
    "UPDATE support_sessions SET approved_by = ?3, approved_at = ?4, expires_at = ?5 WHERE "
    "workspace_id = ?1 AND id = ?2");
const Sql kEnd(
    "UPDATE support_sessions SET ended_by = ?3, ended_at = ?4 WHERE workspace_id = ?1 AND id = ?2");
const Sql kOver("SELECT " SUPPORT_COLUMNS
                " FROM support_sessions WHERE ended_at IS NULL AND expires_at <= ?1 ORDER BY "
                "expires_at LIMIT ?2");

struct CategoryName {
  SupportCategory category;
  std::string_view name;
};
constexpr std::array kCategories = {
    CategoryName{SupportCategory::kOnboarding, "onboarding"},
    CategoryName{SupportCategory::kPaymentSetup, "payment_setup"},
    CategoryName{SupportCategory::kDebugging, "debugging"},
    CategoryName{SupportCategory::kCustomerRequest, "customer_request"},
};

SupportSession session_of(const store::Row& row) {
  SupportSession session;
  session.id = row.id<SupportSessionId>(0);
  session.workspace = row.id<WorkspaceId>(1);
  session.user = row.id<UserId>(2);
  session.category = static_cast<SupportCategory>(row.integer(3));
  session.reason = row.text(4);
  session.ticket = row.text(5);
  session.reads = identity::Scopes::parse(row.text(6)).value_or(identity::Scopes());
  session.writes = identity::Scopes::parse(row.text(7)).value_or(identity::Scopes());
  session.span = std::chrono::seconds(row.integer(8));
  session.created_at = row.time(9);
  session.approved_by = row.text(10);
  session.approved_at = row.optional_time(11);
  session.expires_at = row.time(12);
  session.ended_by = row.text(13);
  session.ended_at = row.optional_time(14);
  return session;
}

Result<std::optional<SupportSession>> find_session(store::Connection& db,
                                                   const WorkspaceId& workspace,
                                                   const SupportSessionId& id) {
  std::optional<SupportSession> found;
  CHECK_OK(db.query(kFind, {workspace, id},
                    [&found](const store::Row& row) { found = session_of(row); }));
  return found;
}

Result<> insert(store::Connection& db, const SupportSession& s) {
  return db.write(kInsert,
                  {s.id, s.workspace, s.user, static_cast<int>(s.category), s.reason, s.ticket,
                   s.reads.str(), s.writes.str(), std::int64_t{s.span.count()}, s.created_at,
                   s.approved_by, s.approved_at, s.expires_at, s.ended_by, s.ended_at});
}

SupportSession session_of(const SupportSessions::Draft& draft, const SupportSessionId& id,
                          Time now) {
  SupportSession fresh;
  fresh.id = id;
  fresh.workspace = draft.workspace;
  fresh.user = draft.user;
  fresh.category = draft.category;
  fresh.reason = draft.reason;
  fresh.ticket = draft.ticket;
  fresh.reads = draft.reads;
  fresh.writes = draft.writes;
  fresh.span = draft.span;
  fresh.created_at = now;
  if (!draft.needs_approval) fresh.approved_at = now;
  fresh.expires_at = draft.needs_approval ? now + SupportSessions::kApprovalMax : now + draft.span;
  return fresh;
}

Error no_session() { return {ErrorCode::kNotFound, "there is no such support session"}; }

std::string json_of_session(const SupportSession& session) {
  return audit::json_of({{"operator_id", session.user.str()},
                         {"category", category_name(session.category)},
                         {"reads", session.reads.str()},
                         {"writes", session.writes.str()},
                         {"expires_at", format_time(session.expires_at)}});
}

/// Somebody wrote them freely: there may be names in them.
std::string words_of_session(const SupportSession& session) {
  json::Writer out;
  out.begin_object().key("reason").string(session.reason);
  out.optional_string("ticket", session.ticket).end_object();
  return std::move(out).take();
}

/// What became of a change: the session, or why not.
struct Changed {
  std::optional<Error> refused;
  SupportSession session;
};

}  // namespace

std::string_view category_name(SupportCategory category) noexcept {
  const auto found = std::ranges::find(kCategories, category, &CategoryName::category);
  return found == kCategories.end() ? "" : found->name;
}

std::optional<SupportCategory> category_named(std::string_view name) noexcept {
  const auto found = std::ranges::find(kCategories, name, &CategoryName::name);
  return found == kCategories.end() ? std::nullopt : std::optional(found->category);
}

std::string_view status_name(SupportStatus status) noexcept {
  switch (status) {
    case SupportStatus::kAwaitingApproval:
      return "awaiting_approval";
    case SupportStatus::kActive:
      return "active";
    case SupportStatus::kEnded:
      return "ended";
    case SupportStatus::kExpired:
      return "expired";
  }
  return "";
}

SupportStatus SupportSession::status(Time now) const noexcept {
  if (ended_at && !ended_by.empty()) return SupportStatus::kEnded;
  if (ended_at || expires_at <= now) return SupportStatus::kExpired;
  return approved_at ? SupportStatus::kActive : SupportStatus::kAwaitingApproval;
}

SupportSessions::SupportSessions(store::Database& db, metering::Idempotency& idempotency,
                                 IdSource& ids, const Clock& clock)
    : db_(db), idempotency_(idempotency), ids_(ids), clock_(clock) {}

Result<> SupportSessions::append_act(store::Connection& db, const SupportSession& of,
                                     const audit::Actor& by, const audit::Origin& from,
                                     std::string name) const {
  auto act = act_of(ids_, clock_.now(), of.workspace, by, from, std::move(name), of.id.str());
  act.after = json_of_session(of);
  act.personal = words_of_session(of);
  return audit::append(db, act);
}

Task<SupportSessions::Opened> SupportSessions::open(Draft draft,
                                                    std::optional<metering::IdempotentCall> call) {
  const Time now = clock_.now();
  const SupportSession fresh = session_of(draft, ids_.next<IdKind::kSupportSession>(), now);
  struct Outcome {
    metering::IdempotencyVerdict verdict;
    bool is_full = false;
    std::optional<SupportSession> earlier;
  };
  auto body = [&](store::Connection& db) -> Result<Outcome> {
    Outcome outcome;
    if (call) {
      TRY(outcome.verdict,
          idempotency_.take(db, fresh.workspace, *call, fresh.id.bytes(), Time{}, now));
      if (outcome.verdict.kind == Kind::kReplay) {
        TRY(outcome.earlier,
            find_session(db, fresh.workspace, SupportSessionId(outcome.verdict.resource)));
      }
      if (outcome.verdict.kind != Kind::kFirst) return outcome;
    }
    std::int64_t open = 0;
    CHECK_OK(db.query(kOpen, {fresh.workspace, now},
                      [&open](const store::Row& row) { open = row.integer(0); }));
    outcome.is_full = static_cast<std::size_t>(open) >= kOpenMax;
    if (outcome.is_full) {
      // A refusal keeps no key.
      if (call) CHECK_OK(idempotency_.end(db, fresh.workspace, *call, /*done=*/false));
      return outcome;
    }
    CHECK_OK(insert(db, fresh));
    CHECK_OK(
        append_act(db, fresh, {audit::ActorKind::kOperator, fresh.user.str()}, draft.origin,
                   fresh.approved_at ? "support_session.opened" : "support_session.requested"));
    return outcome;
  };
  CO_TRY(auto outcome, co_await store::change(db_, kKind, std::move(body)));
  if (outcome.is_full) {
    co_return fail(ErrorCode::kConflict, "a workspace has at most " + std::to_string(kOpenMax) +
                                             " support sessions at once");
  }
  if (outcome.verdict.kind == Kind::kFirst) co_return Opened{fresh, false};
  if (outcome.verdict.kind != Kind::kReplay) {
    co_return std::unexpected(
        metering::refusal_of(outcome.verdict, SupportSessionId(outcome.verdict.resource).str()));
  }
  if (!outcome.earlier) co_return std::unexpected(no_session());
  co_return Opened{*std::move(outcome.earlier), true};
}

Task<SupportSession> SupportSessions::find(WorkspaceId workspace, SupportSessionId id) const {
  CO_TRY(auto found, co_await db_.read([workspace, id](store::Connection& db) {
    return find_session(db, workspace, id);
  }));
  if (!found) co_return std::unexpected(no_session());
  co_return *std::move(found);
}

Task<Page<SupportSession, SupportSessionId>> SupportSessions::list(Query query) const {
  using SupportPage = Page<SupportSession, SupportSessionId>;
  auto read = [query](store::Connection& db) -> Result<SupportPage> {
    SupportPage page;
    page.upwards = query.before && !query.after;
    const auto range = IdRange<SupportSessionId>::of(query.after, query.before);
    CHECK_OK(db.query(
        page.upwards ? kUp : kDown,
        {query.workspace, range.below, range.above, static_cast<std::int64_t>(query.limit + 1)},
        [&page](const store::Row& row) { page.rows.push_back(session_of(row)); }));
    page.cut(query.limit, &SupportSession::id);
    return page;
  };
  co_return co_await db_.read(std::move(read));
}

Task<SupportSession> SupportSessions::approve(By by, SupportSessionId id) {
  const WorkspaceId workspace = by.caller.workspace;
  auto body = [&](store::Connection& db) -> Result<Changed> {
    const Time now = clock_.now();
    TRY(const auto before, find_session(db, workspace, id));
    if (!before) return Changed{no_session(), {}};
    if (before->status(now) != SupportStatus::kAwaitingApproval) {
      return Changed{Error{ErrorCode::kConflict,
                           "the support session does not wait for an "
                           "approval"},
                     {}};
    }
    Changed changed{std::nullopt, *before};
    const audit::Actor actor = actor_of(by.caller);
    changed.session.approved_by = actor.id;
    changed.session.approved_at = now;
    changed.session.expires_at = now + before->span;
    CHECK_OK(db.write(kApprove, {workspace, id, actor.id, now, changed.session.expires_at}));
    CHECK_OK(append_act(db, changed.session, actor, by.origin, "support_session.approved"));
    return changed;
  };
  CO_TRY(auto changed, co_await store::change(db_, kKind, std::move(body)));
  if (changed.refused) co_return std::unexpected(*std::move(changed.refused));
  co_return std::move(changed.session);
}

Task<SupportSession> SupportSessions::end(WorkspaceId workspace, SupportSessionId id,
                                          audit::Actor by, audit::Origin from) {
  auto body = [&](store::Connection& db) -> Result<Changed> {
    const Time now = clock_.now();
    TRY(const auto before, find_session(db, workspace, id));
    if (!before) return Changed{no_session(), {}};
    Changed changed{std::nullopt, *before};
    const auto status = before->status(now);
    if (status == SupportStatus::kEnded || status == SupportStatus::kExpired) return changed;
    changed.session.ended_by = by.id;
    changed.session.ended_at = now;
    CHECK_OK(db.write(kEnd, {workspace, id, by.id, now}));
    CHECK_OK(append_act(db, changed.session, by, from, "support_session.ended"));
    return changed;
  };
  CO_TRY(auto changed, co_await store::change(db_, kKind, std::move(body)));
  if (changed.refused) co_return std::unexpected(*std::move(changed.refused));
  co_return std::move(changed.session);
}

Task<> SupportSessions::record(Use use) {
  auto body = [&](store::Connection& db) -> Result<bool> {
    const Time now = clock_.now();
    TRY(const auto session, find_session(db, use.workspace, use.id));
    if (!session || session->status(now) != SupportStatus::kActive) return false;
    const audit::Actor actor{audit::ActorKind::kOperator, use.user.str()};
    auto act = act_of(ids_, now, use.workspace, actor, use.origin, use.name, use.id.str());
    json::Writer out;
    out.begin_object().key("operation").string(use.operation);
    out.optional_string("object", use.object);
    out.key("mode").string(identity::mode_name(use.mode)).end_object();
    act.after = std::move(out).take();
    if (!use.asked.empty()) act.personal = R"({"query":)" + use.asked + "}";
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool is_active, co_await store::change(db_, kKind, std::move(body)));
  if (!is_active) co_return fail(ErrorCode::kSupportSessionInactive, "the support session is over");
  co_return Result<>{};
}

Task<> SupportSessions::end_expired() {
  auto body = [&](store::Connection& db) -> Result<> {
    std::vector<SupportSession> over;
    CHECK_OK(db.query(kOver, {clock_.now(), kEndedAtOnce},
                      [&over](const store::Row& row) { over.push_back(session_of(row)); }));
    for (SupportSession& session : over) {
      session.ended_at = session.expires_at;
      CHECK_OK(db.write(kEnd, {session.workspace, session.id, "", session.expires_at}));
      CHECK_OK(append_act(db, session, {}, {}, "support_session.expired"));
    }
    return {};
  };
  co_return co_await store::change(db_, kKind, std::move(body));
}

}  // namespace flowsell::team
