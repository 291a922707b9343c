#include "messaging/accept.h"

#include <vector>

#include "consent/consents.h"
#include "consent/opt_outs.h"
#include "context.h"
#include "core/encoding.h"
#include "messaging/render.h"

namespace flowsell::messaging {
namespace {

using outbox::JobState;
using Verdict = metering::IdempotencyVerdict;

constexpr std::chrono::seconds kDefaultTtl{24 * 3600};

/// An event that is told only where an endpoint asks for it.
struct OptionalEvent {
  webhook::EventDraft draft;
  webhook::EventPlan plan;
};

/// Commit 1: the idempotency key, the quota and the message, begun or with its sealed job, together
/// or not at all.
struct AcceptOp final : store::WriteOp {
  AcceptOp(metering::SendKeys& k, BegunMessages& b, webhook::Events& e, metering::Quotas& q,
           Time t);
  metering::SendKeys& keys;
  BegunMessages& all_begun;
  webhook::Events& events;
  metering::Quotas& quotas;
  Time now;
  std::shared_ptr<MessageRow> row = std::make_shared<MessageRow>();
  outbox::Job job;
  JobState wanted = JobState::kReady;
  std::optional<metering::IdempotentCall> call;
  std::vector<OptionalEvent> told;
  std::optional<templates::ThrottledFlow> throttled;

  Verdict verdict;                       ///< result
  std::optional<Time> flow_full_until;   ///< result
  bool admitted = false;                 ///< result
  metering::Quota quota;                 ///< result
  JobState inserted = JobState::kReady;  ///< result
  Begun begun;                           ///< result, where it is
};

metering::QuotaKey quota_key_of(const AcceptOp& op) { return {op.row->workspace, op.row->mode}; }

Result<> accept_one(store::Connection& db, AcceptOp& op, metering::Tally& tally) {
  const auto quota_key = quota_key_of(op);
  op.verdict = {};
  op.admitted = false;
  op.flow_full_until.reset();
  for (OptionalEvent& event : op.told) event.plan.begin();
  TRY(bool room, tally.has_room(quota_key));
  if (op.throttled) {
    TRY(op.flow_full_until, templates::flow_full_until(db, *op.throttled, op.now));
    room &= !op.flow_full_until;
  }
  if (op.call) {
    // Without room the key must not be taken, but what it stands for is still answered.
    auto verdict = room ? op.keys.take(db, *op.call, op.row->id.bytes(), op.now)
                        : op.keys.look(db, *op.call, op.now);
    TRY(op.verdict, std::move(verdict));
    if (op.verdict.kind != Verdict::Kind::kFirst) return {};
  }
  if (op.flow_full_until) return {};
  TRY(op.admitted, tally.admit(quota_key));
  TRY(op.quota, tally.quota(quota_key));
  if (!op.admitted) return {};
  if (op.throttled) CHECK_OK(templates::count_flow_send(db, *op.throttled, op.row->id, op.now));
  tally.count(quota_key, metering::Metric::kAccepted);
  op.inserted = op.wanted;
  if (op.wanted == JobState::kClaimed) {
    TRY(op.begun, op.all_begun.add(db, op.row));
  }
  for (OptionalEvent& event : op.told) CHECK_OK(op.events.record(db, event.draft, event.plan));
  return {};
}

/// Those that were admitted and do not begin at once: their rows and jobs.
Result<> queue_others(store::Connection& db, std::span<store::WriteOp* const> ops) {
  std::vector<AcceptOp*> queued;
  std::vector<const MessageRow*> rows;
  std::vector<outbox::NewJob> jobs;
  for (store::WriteOp* each : ops) {
    auto& op = store::as<AcceptOp>(each);
    if (!op.admitted || op.wanted == JobState::kClaimed) continue;
    queued.push_back(&op);
    rows.push_back(op.row.get());
    jobs.push_back({op.job, op.wanted});
  }
  TRY([[maybe_unused]] const auto inserted, insert_messages(db, rows));
  TRY(const auto states, outbox::insert_jobs(db, jobs));
  for (std::size_t i = 0; i < queued.size(); ++i) queued[i]->inserted = states[i];
  return {};
}

Result<> apply_accepts(store::Connection& db, std::span<store::WriteOp* const> ops) {
  const auto& first = store::as<AcceptOp>(ops.front());
  metering::Tally tally(db, first.quotas, first.now);
  std::vector<metering::QuotaKey> quotas;
  for (store::WriteOp* each : ops) quotas.push_back(quota_key_of(store::as<AcceptOp>(each)));
  CHECK_OK(tally.open(std::move(quotas)));
  for (store::WriteOp* each : ops) CHECK_OK(accept_one(db, store::as<AcceptOp>(each), tally));
  CHECK_OK(queue_others(db, ops));
  CHECK_OK(first.all_begun.store_added(db));
  CHECK_OK(first.events.store_recorded(db));
  CHECK_OK(first.keys.store_taken(db));
  return tally.finish();
}

void end_accepts(std::span<store::WriteOp* const> ops, bool committed) noexcept {
  const auto& first = store::as<AcceptOp>(ops.front());
  first.all_begun.ended(committed);
  first.events.ended(committed);
  first.keys.ended(committed);
  first.quotas.ended(committed);
}

constexpr store::WriteKind kAcceptKind{"accept", 10, apply_accepts, end_accepts};

AcceptOp::AcceptOp(metering::SendKeys& k, BegunMessages& b, webhook::Events& e, metering::Quotas& q,
                   Time t)
    : WriteOp(kAcceptKind), keys(k), all_begun(b), events(e), quotas(q), now(t) {}

constexpr std::string_view kMarketing = "marketing";

/// What its sender, or its template's category, calls marketing, and a template whose sender does
/// not say what it is.
bool may_be_marketing(const channel::OutboundMessage& message, std::string_view category) {
  if (message.purpose == channel::Purpose::kMarketing || category == kMarketing) return true;
  return message.purpose == channel::Purpose::kUnstated &&
         std::holds_alternative<channel::Template>(message.body);
}

Error quota_exhausted(const metering::Quota& quota, Time now) {
  Error error{ErrorCode::kQuotaExhausted,
              "all " + std::to_string(quota.limit) + " requests of this period are used"};
  error.retry_after = std::chrono::ceil<std::chrono::seconds>(quota.period_end - now);
  return error;
}

}  // namespace

Accept::Accept(store::Database& db, connections::Senders& senders, SendHandler& send,
               outbox::Outbox& outbox, webhook::Events& events, metering::SendKeys& keys,
               BegunMessages& begun, const MessageReader& messages, const crypto::Key& contact_key,
               const identity::SettingsMemory& settings, IdSource& ids, const Clock& clock,
               metering::Quotas& quotas, templates::Templates& templates)
    : db_(db),
      senders_(senders),
      send_(send),
      outbox_(outbox),
      events_(events),
      keys_(keys),
      begun_(begun),
      messages_(messages),
      contact_key_(contact_key),
      settings_(settings),
      ids_(ids),
      clock_(clock),
      quotas_(quotas),
      templates_(templates) {}

ContactHash Accept::hash_of(const WorkspaceId& workspace, std::string_view contact) const {
  return contact_hash(contact_key_, workspace, contact);
}

/// Of a message that its sender, or its template, calls marketing: nobody gets it who has told the
/// provider to stop, nor, where the workspace requires consent, who has given none.
Task<> Accept::check_marketing(const identity::Caller& caller, const connections::Sender& sender,
                               const channel::OutboundMessage& message,
                               std::string_view category) const {
  const bool needs_consent = settings_.requires_consent(caller.workspace);
  if (message.purpose == channel::Purpose::kUnstated) {
    if (!needs_consent && category != kMarketing) co_return Result<>{};
    if (needs_consent)
      co_return fail_field(
          "/purpose", "required",
          "the workspace requires consent for marketing: a template says its purpose",
          "Send marketing, utility or authentication.");
  }
  struct Asked {
    bool has_opted_out = false;
    bool has_consent = true;
  };
  auto read = [needs_consent, workspace = caller.workspace, from = sender.id,
               hash = hash_of(caller.workspace, message.to.view())](
                  store::Connection& db) -> Result<Asked> {
    Asked asked;
    TRY(asked.has_opted_out, consent::has_opted_out(db, {workspace, from, hash}));
    if (needs_consent) {
      TRY(asked.has_consent, consent::has_consent(db, workspace, hash, consent::kMarketing));
    }
    return asked;
  };
  CO_TRY(const Asked asked, co_await db_.read(std::move(read)));
  if (asked.has_opted_out)
    co_return fail(ErrorCode::kRecipientOptedOut,
                   "the recipient told the provider to stop marketing from this sender");
  if (asked.has_consent) co_return Result<>{};
  co_return fail(ErrorCode::kConsentRequired,
                 "the workspace requires consent for marketing, and has none of this recipient");
}

Task<std::optional<ConversationWindow>> Accept::window_of(
    const connections::Sender& sender, const channel::OutboundMessage& message) const {
  auto read = [workspace = sender.workspace, from = sender.id,
               hash = hash_of(sender.workspace, message.to.view())](store::Connection& db) {
    return find_window(db, workspace, from, hash);
  };
  co_return co_await db_.read(std::move(read));
}

Task<Accept::Checked> Accept::check(identity::Caller caller, MessageId id,
                                    const channel::OutboundMessage& message) const {
  CO_TRY(auto sender, senders_.find(caller, message.from));
  CO_CHECK_OK(sender->adapter->check(message));
  templates::Templates::Allowed allowed;
  if (std::holds_alternative<channel::Template>(message.body) ||
      std::holds_alternative<channel::Interactive>(message.body)) {
    CO_TRY(allowed, co_await templates_.check_send(sender, message));
  }
  if (may_be_marketing(message, allowed.category))
    CO_CHECK_OK(co_await check_marketing(caller, *sender, message, allowed.category));
  auto context = context_without_lookup(id, message);
  if (!context) {
    const MessageOwner owner{caller.workspace, caller.mode, sender->id, clock_.now()};
    CO_TRY(context, co_await resolve_context(messages_, owner, id, references_of(message)));
  }
  // Compiled now: what can't be expressed is refused here, and a send at once reuses it.
  CO_TRY(auto request, sender->adapter->compile(message, *context, send_.route(*sender)));
  co_return Checked{std::move(sender), std::move(request), std::move(allowed.throttled)};
}

MessageRow Accept::make_row(const identity::Caller& caller, const MessageId& id,
                            const channel::OutboundMessage& message,
                            const connections::Sender& sender) const {
  MessageRow row;
  row.workspace = caller.workspace;
  row.id = id;
  row.mode = caller.mode;
  row.sender = sender.id;
  row.kind = channel::kind_name(message.body);
  row.contact = message.to.masked();
  row.contact_hash = hash_of(caller.workspace, message.to.view());
  row.client_ref = message.client_ref;
  row.metadata_json = message.metadata_json;
  row.created_at = clock_.now();
  return row;
}

Task<Accepted> Accept::accept(identity::Caller caller, MessageId id,
                              channel::OutboundMessage message, Content raw_body,
                              std::optional<metering::IdempotentCall> call) {
  CO_TRY(auto checked, co_await check(caller, id, message));
  const connections::SenderPtr sender = std::move(checked.sender);
  const Time now = clock_.now();

  AcceptOp op(keys_, begun_, events_, quotas_, now);
  MessageRow& row = *op.row;
  row = make_row(caller, id, message, *sender);
  op.call = call;
  op.throttled = std::move(checked.throttled);
  op.job = job_of(row);
  op.job.due = row.created_at;
  op.job.expires_at = row.created_at + message.ttl.value_or(kDefaultTtl);

  auto slot = outbox_.reserve(outbox::JobKind::kSend, op.job.group, op.job.lane);
  op.wanted = slot.state;
  // What is sent at once is never stored: after a crash its outcome is unknown, and it is not sent
  // again.
  if (slot.state != JobState::kClaimed) send_.seal(op.job, raw_body);
  std::vector<MessageStatus> steps = {MessageStatus::kAccepted};
  if (slot.state == JobState::kClaimed) steps.push_back(MessageStatus::kSending);
  for (const MessageStatus status : steps) {
    row.status = status;
    const auto type = event_of(status);
    if (!events_.wanted(caller.workspace, caller.mode, type)) continue;
    OptionalEvent event;
    event.draft.workspace = caller.workspace;
    event.draft.mode = caller.mode;
    event.draft.type = type;
    event.draft.at = row.created_at;
    event.draft.subject = id.bytes();
    event.draft.lane = op.job.lane;
    event.draft.body = render_event_body(row);
    event.plan = events_.plan(event.draft);
    op.told.push_back(std::move(event));
  }
  if (slot.state == JobState::kClaimed) row.sending_at = row.created_at;

  const auto committed = co_await db_.commit(op);
  if (!committed || !op.admitted) {
    outbox_.release(std::move(slot));
    if (!committed) co_return std::unexpected(committed.error());
    switch (op.verdict.kind) {
      case Verdict::Kind::kReplay:
        co_return co_await replay(caller.workspace, MessageId(op.verdict.resource));
      case Verdict::Kind::kFirst:
        if (op.flow_full_until)
          co_return std::unexpected(
              templates::flow_throttled(*op.throttled, *op.flow_full_until, now));
        co_return std::unexpected(quota_exhausted(op.quota, now));
      default:
        co_return std::unexpected(
            metering::refusal_of(op.verdict, MessageId(op.verdict.resource).str()));
    }
  }
  const auto executor = co_await net::this_coro::executor;
  for (OptionalEvent& event : op.told) events_.launch(event.draft, std::move(event.plan), executor);
  if (op.inserted == JobState::kClaimed) {
    auto attempt = send_.attempt_compiled(std::move(op.job), sender, std::move(checked.request),
                                          std::move(raw_body), std::move(op.begun));
    outbox_.start(std::move(slot), id.bytes(), executor, std::move(attempt));
  } else {
    outbox_.enqueued(std::move(slot), id.bytes(), op.job.due, op.inserted);
  }
  co_return Accepted{std::move(op.row), false, op.quota};
}

Task<Accepted> Accept::replay(WorkspaceId workspace, MessageId id) {
  CO_TRY(auto row, co_await messages_.find(workspace, id));
  if (!row)
    co_return fail(ErrorCode::kNotFound, "the message that this key made was deleted since");
  co_return Accepted{std::make_shared<MessageRow>(*std::move(row)), true, std::nullopt};
}

}  // namespace flowsell::messaging
