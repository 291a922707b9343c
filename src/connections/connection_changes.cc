#include "connections/connection_changes.h"

#include <utility>

#include "audit/audit_log.h"
#include "json/writer.h"
#include "telemetry/log.h"

namespace flowsell::connections {
namespace {

using metering::IdempotencyVerdict;

constexpr std::string_view kNothing = "{}";

struct ChangeOp final : store::WriteOp {
  ChangeOp(webhook::Events& e, metering::Idempotency& i, Senders& s, IdSource& d,
           ConnectionChanges::Change& c, Time t);
  webhook::Events& events;
  metering::Idempotency& idempotency;
  Senders& senders;
  IdSource& ids;
  ConnectionChanges::Change& change;
  Time now;
  webhook::EventDraft event;
  webhook::EventPlan plan;
  // Results.
  IdempotencyVerdict verdict;
  std::optional<Error> refused;
  ConnectionRecord record;
  bool is_written = false;
};

// --- what goes on record ---

std::string text_of(const StepRow& step) {
  std::string text(step_state_name(step.state));
  if (!step.code.empty()) text += ":" + step.code;
  return text;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Each as a record shows it. Notes are told by their change alone: they may be about somebody.
Fields fields_of(const ConnectionRecord& r) {
  Fields fields = {
      {"status", std::string(connection_status_name(r.status))},
      {"reason", r.reason},
      {"account_id", r.account},
      {"business_name", r.business_name},
      {"name", r.label},
      {"connected_via", std::string(connected_via_name(r.via))},
      {"owner_business_id", r.owner_business_id},
      {"currency", r.currency},
      {"payment_setup_status", std::string(payment_status_name(r.payment))},
      {"token_expires_at", r.token_expires_at ? format_time(*r.token_expires_at) : ""}};
  for (const StepRow& step : r.steps) fields.emplace_back("step_" + step.name, text_of(step));
  for (const Funding& each : r.funding)
    fields.emplace_back("funding_from_" + format_time(each.effective_from),
                        std::string(funding_mode_name(each.mode)));
  return fields;
}

std::string json_of_missing(const Fields& all, const Fields& known) {
  json::Writer out;
  out.begin_object();
  for (const auto& each : all) {
    const bool is_known = std::ranges::find(known, each) != known.end();
    if (!is_known && !each.second.empty()) out.any_key(each.first).string(each.second);
  }
  out.end_object();
  return std::move(out).take();
}

audit::Act act_of(const ChangeOp& op, const ConnectionRecord* before) {
  auto act = audit::new_act(op.ids, op.now, op.change.workspace.blob(), op.change.by.actor,
                            op.change.by.origin, op.change.act, op.change.id.str());
  const Fields was = before == nullptr ? Fields() : fields_of(*before);
  Fields is = fields_of(op.record);
  const bool has_new_token = before == nullptr || before->sealed_token != op.record.sealed_token;
  if (has_new_token)
    is.emplace_back("token", op.record.sealed_token.empty() ? "destroyed" : "stored");
  if (before != nullptr && before->admin_notes != op.record.admin_notes)
    is.emplace_back("admin_notes", "changed");
  is.insert(is.end(), op.change.noted.begin(), op.change.noted.end());
  if (!op.change.by.reason.empty()) is.emplace_back("reason_given", op.change.by.reason);
  if (before != nullptr) act.before = json_of_missing(was, is);
  act.after = json_of_missing(is, was);
  return act;
}

// --- the transaction ---

/// What customers are not shown changes nothing for them.
bool is_told(const ConnectionRecord& before, const ConnectionRecord& after, Time now) {
  return render(before, now, ConnectionView::kMembers) !=
         render(after, now, ConnectionView::kMembers);
}

Result<> record_change(store::Connection& db, ChangeOp& op, const ConnectionRecord* before,
                       std::vector<audit::Act>& acts) {
  if (before != nullptr && *before == op.record) {
    if (op.change.is_act) acts.push_back(act_of(op, before));
    return {};
  }
  const bool is_news = before == nullptr || is_told(*before, op.record, op.now);
  if (is_news) op.record.updated_at = op.now;
  CHECK_OK(store_connection(db, op.record, before));
  op.is_written = true;
  auto act = act_of(op, before);
  // That a token was looked at, and was good, changes nothing that a record shows.
  if (op.change.is_act || act.before != kNothing || act.after != kNothing)
    acts.push_back(std::move(act));
  if (!is_news) return {};
  const std::string shown = render(op.record, op.now, ConnectionView::kMembers);
  op.event.body = shown.substr(1, shown.size() - 2);
  return op.events.record(db, op.event, op.plan);
}

Result<> apply_one(store::Connection& db, ChangeOp& op, std::vector<audit::Act>& acts) {
  op.plan.begin();
  op.verdict = {};
  op.refused.reset();
  op.is_written = false;
  op.record = {};
  const auto& change = op.change;
  if (change.call) {
    TRY(op.verdict,
        op.idempotency.take(db, change.workspace, *change.call, change.id.bytes(), Time{}, op.now));
  }
  TRY(auto before, find_connection(db, change.workspace, change.id));
  if (before) op.record = *before;
  if (op.verdict.kind != IdempotencyVerdict::Kind::kFirst) return {};
  if (!before && !change.is_new) {
    op.refused = Error{ErrorCode::kNotFound, "there is no such connection"};
  } else {
    op.record.workspace = change.workspace;
    op.record.mode = before ? before->mode : change.mode;
    op.record.id = change.id;
    if (!before) op.record.created_at = op.now;
    TRY(op.refused, change.edit(db, op.record));
  }
  if (!op.refused) return record_change(db, op, before ? &*before : nullptr, acts);
  // A refusal keeps no key.
  return change.call ? op.idempotency.end(db, change.workspace, *change.call, /*done=*/false)
                     : Result<>{};
}

Result<> apply_changes(store::Connection& db, std::span<store::WriteOp* const> ops) {
  std::vector<audit::Act> acts;
  for (store::WriteOp* each : ops) CHECK_OK(apply_one(db, store::as<ChangeOp>(each), acts));
  CHECK_OK(store::as<ChangeOp>(ops.front()).events.store_recorded(db));
  return audit::append(db, acts);
}

void publish(ChangeOp& op) {
  ConnectionPtr connection;
  if (op.record.status != ConnectionStatus::kDisconnected) {
    auto opened = op.senders.connections().opened(op.record);
    if (!opened) {
      log::error("a connection's token does not open", {{"connection_id", op.record.id.str()}});
      return;
    }
    connection = std::make_shared<const Connection>(*std::move(opened));
  }
  op.senders.refresh(op.record.id, connection);
  if (op.change.senders == nullptr || !connection) return;
  for (Sender each : *op.change.senders) {
    each.is_removed = each.has_let_go;
    each.token = each.is_removed ? Secret() : connection->token;
    each.account = connection->account;
    op.senders.publish(std::make_shared<const Sender>(std::move(each)));
  }
}

void end_changes(std::span<store::WriteOp* const> ops, bool committed) noexcept {
  store::as<ChangeOp>(ops.front()).events.ended(committed);
  if (!committed) return;
  for (store::WriteOp* each : ops) {
    auto& op = store::as<ChangeOp>(each);
    const bool has_senders = op.change.senders != nullptr && !op.change.senders->empty();
    if (op.is_written || (has_senders && !op.refused)) publish(op);
  }
}

constexpr store::WriteKind kChangeKind{"connection", 44, apply_changes, end_changes};
ChangeOp::ChangeOp(webhook::Events& e, metering::Idempotency& i, Senders& s, IdSource& d,
                   ConnectionChanges::Change& c, Time t)
    : WriteOp(kChangeKind), events(e), idempotency(i), senders(s), ids(d), change(c), now(t) {}

}  // namespace

ConnectionStatus status_of(const ConnectionRecord& record) noexcept {
  if (record.disconnected_at) return ConnectionStatus::kDisconnected;
  if (!record.reason.empty() && record.reason != "token_expiring")
    return ConnectionStatus::kActionRequired;
  const bool is_ready = record.via == ConnectedVia::kSetUp || record.is_onboarded();
  return is_ready ? ConnectionStatus::kActive : ConnectionStatus::kPending;
}

ConnectionChanges::ConnectionChanges(store::Database& db, Senders& senders, webhook::Events& events,
                                     metering::Idempotency& idempotency, IdSource& ids,
                                     const Clock& clock)
    : db_(db),
      senders_(senders),
      events_(events),
      idempotency_(idempotency),
      ids_(ids),
      clock_(clock) {}

Task<ConnectionChanges::Changed> ConnectionChanges::apply(Change change) {
  ChangeOp op(events_, idempotency_, senders_, ids_, change, clock_.now());
  op.event.workspace = change.workspace;
  op.event.mode = change.mode;
  op.event.type = webhook::EventType::kConnectionUpdated;
  op.event.at = op.now;
  op.event.subject = change.id.bytes();
  op.event.lane = std::hash<ConnectionId>{}(change.id);
  op.plan = events_.plan(op.event);
  CO_CHECK_OK(co_await db_.commit(op));
  events_.launch(op.event, std::move(op.plan), co_await net::this_coro::executor);
  if (op.verdict.kind != IdempotencyVerdict::Kind::kFirst &&
      op.verdict.kind != IdempotencyVerdict::Kind::kReplay) {
    co_return std::unexpected(metering::refusal_of(op.verdict, change.id.str()));
  }
  if (op.refused) co_return std::unexpected(*std::move(op.refused));
  co_return Changed{std::move(op.record), op.verdict.kind == IdempotencyVerdict::Kind::kReplay};
}

}  // namespace flowsell::connections
