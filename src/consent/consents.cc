#include "consent/consents.h"

#include <utility>

#include "audit/audit_log.h"
#include "consent_table.h"
#include "json/writer.h"
#include "store/change.h"
#include "team/acts.h"

namespace flowsell::consent {
namespace {

using Kind = metering::IdempotencyVerdict::Kind;

constexpr store::WriteKind kKind{"consents", 9, store::apply_each<store::Change>};

Error no_consent() { return {ErrorCode::kNotFound, "there is no such consent"}; }

/// What became of recording one.
struct Outcome {
  metering::IdempotencyVerdict verdict;
  std::optional<Consent> earlier;  ///< the contact's live one, or what the first call recorded
};

/// What the workspace writes of a person may be about him: it can be erased.
std::string personal_of(const Consent& consent) {
  return audit::json_of({{"recipient", consent.contact.masked}, {"source", consent.source}});
}

}  // namespace

Consents::Consents(store::Database& db, metering::Idempotency& idempotency, IdSource& ids,
                   const Clock& clock)
    : db_(db), idempotency_(idempotency), ids_(ids), clock_(clock) {}

Task<Consents::Recorded> Consents::record(team::By by, Draft draft,
                                          std::optional<metering::IdempotentCall> call) {
  const WorkspaceId workspace = by.caller.workspace;
  const Time now = clock_.now();
  Consent fresh;
  fresh.id = ids_.next<IdKind::kConsent>();
  fresh.contact = std::move(draft.contact);
  fresh.purpose = std::move(draft.purpose);
  fresh.source = std::move(draft.source);
  fresh.obtained_at = draft.obtained_at;
  fresh.recorded_by = team::actor_of(by.caller).id;
  auto body = [&](store::Connection& db) -> Result<Outcome> {
    Outcome outcome;
    TRY(outcome.earlier, find_live(db, workspace, fresh.contact, fresh.purpose));
    if (call) {
      // A replay shows what the first call did, whatever became of it.
      const ConsentId resource = outcome.earlier ? outcome.earlier->id : fresh.id;
      TRY(outcome.verdict, idempotency_.take(db, workspace, *call, resource.bytes(), Time{}, now));
      if (outcome.verdict.kind == Kind::kReplay) {
        TRY(outcome.earlier, find_consent(db, workspace, ConsentId(outcome.verdict.resource)));
      }
      if (outcome.verdict.kind != Kind::kFirst) return outcome;
    }
    if (outcome.earlier) return outcome;
    CHECK_OK(insert_consent(db, workspace, fresh));
    auto act = team::act_of(ids_, now, by, "consent.recorded", fresh.id.str());
    act.after = audit::json_of(
        {{"purpose", fresh.purpose}, {"obtained_at", format_time(fresh.obtained_at)}});
    act.personal = personal_of(fresh);
    CHECK_OK(audit::append(db, act));
    return outcome;
  };
  CO_TRY(auto outcome, co_await store::change(db_, kKind, std::move(body)));
  const bool is_replay = outcome.verdict.kind == Kind::kReplay;
  if (outcome.verdict.kind != Kind::kFirst && !is_replay)
    co_return std::unexpected(
        metering::refusal_of(outcome.verdict, ConsentId(outcome.verdict.resource).str()));
  if (outcome.earlier) co_return Recorded{*std::move(outcome.earlier), false, is_replay};
  if (is_replay) co_return std::unexpected(no_consent());
  co_return Recorded{std::move(fresh), true, false};
}

Task<Consent> Consents::withdraw(team::By by, ConsentId id) {
  const WorkspaceId workspace = by.caller.workspace;
  const Time now = clock_.now();
  auto body = [&](store::Connection& db) -> Result<std::optional<Consent>> {
    TRY(auto consent, find_consent(db, workspace, id));
    if (!consent || consent->withdrawn_at) return consent;
    CHECK_OK(withdraw_consent(db, workspace, id, now));
    consent->withdrawn_at = now;
    auto act = team::act_of(ids_, now, by, "consent.withdrawn", id.str());
    act.after = audit::json_of({{"purpose", consent->purpose}});
    act.personal = audit::json_of({{"recipient", consent->contact.masked}});
    CHECK_OK(audit::append(db, act));
    return consent;
  };
  CO_TRY(auto consent, co_await store::change(db_, kKind, std::move(body)));
  if (!consent) co_return std::unexpected(no_consent());
  co_return *std::move(consent);
}

Task<Consent> Consents::find(WorkspaceId workspace, ConsentId id) const {
  CO_TRY(auto consent, co_await db_.read([workspace, id](store::Connection& db) {
    return find_consent(db, workspace, id);
  }));
  if (!consent) co_return std::unexpected(no_consent());
  co_return *std::move(consent);
}

Task<ConsentPage> Consents::list(Query query) const {
  co_return co_await db_.read([&query](store::Connection& db) { return list_consents(db, query); });
}

}  // namespace flowsell::consent
