#include "settle.h"

#include "messaging/render.h"

namespace flowsell::messaging {
namespace {

metering::Metric metric_of(MessageStatus status) {
  switch (status) {
    case MessageStatus::kSent:
      return metering::Metric::kSent;
    case MessageStatus::kFailed:
      return metering::Metric::kFailed;
    default:
      return metering::Metric::kUnknown;
  }
}

Result<> settle_one(store::Connection& db, SettleOp& op, metering::Tally& tally) {
  op.promoted.reset();
  op.plan.begin();
  if (op.retry_at) return outbox::requeue_job(db, op.job, *op.retry_at);
  const StatusChange change{op.status, op.now, op.provider_message_id,
                            op.error ? &*op.error : nullptr, op.known};
  TRY(const auto changed, change_status(db, op.job.workspace, MessageId(op.job.id), change));
  if (changed && changed->moved) {
    op.event.body = render_event_body(changed->row);
    CHECK_OK(op.events.record(db, op.event, op.plan));
    tally.count({op.job.workspace, changed->row.mode}, metric_of(op.status));
  }
  TRY(op.promoted, outbox::finish_job(db, op.job, op.promote));
  return {};
}

Result<> apply_settles(store::Connection& db, std::span<store::WriteOp* const> ops) {
  const auto& first = store::as<SettleOp>(ops.front());
  metering::Tally tally(db, first.limits, first.now);
  for (store::WriteOp* each : ops) CHECK_OK(settle_one(db, store::as<SettleOp>(each), tally));
  return tally.finish();
}

constexpr store::WriteKind kSettleKind{"settle", 30, apply_settles};

}  // namespace

SettleOp::SettleOp(webhook::Events& e, const metering::Limits& l, const outbox::Job& j, Time t)
    : WriteOp(kSettleKind), events(e), limits(l), job(j), now(t) {}

std::optional<MessageError> stored_error(const channel::Outcome& outcome) {
  using Kind = channel::Outcome::Kind;
  if (outcome.kind == Kind::kUnknown) return MessageError{std::string(outcome.reason), 0, 0, {}};
  if (outcome.kind != Kind::kFailed) return std::nullopt;
  if (!outcome.error) return MessageError{std::string(outcome.reason), 0, 0, {}};
  return MessageError{outcome.error->reason, outcome.error->code, outcome.error->subcode,
                      outcome.error->trace_id};
}

Result<> settle_unknown(store::Connection& db, webhook::Events& events,
                        const metering::Limits& limits, const outbox::Job& job, Time now) {
  const MessageError error{"process_ended", 0, 0, {}};
  metering::Tally tally(db, limits, now);
  TRY(auto changed, change_status(db, job.workspace, MessageId(job.id),
                                  {MessageStatus::kUnknown, now, {}, &error}));
  if (changed && changed->moved) {
    webhook::EventDraft event;
    event.workspace = job.workspace;
    event.mode = changed->row.mode;
    event.type = event_of(MessageStatus::kUnknown);
    event.at = now;
    event.subject = job.id;
    event.lane = job.lane;
    event.body = render_event_body(changed->row);
    TRY(auto plan, events.plan_queued(event));
    CHECK_OK(events.record(db, event, plan));
    tally.count({job.workspace, changed->row.mode}, metering::Metric::kUnknown);
  }
  TRY([[maybe_unused]] const auto promoted, outbox::finish_job(db, job, true));
  return tally.finish();
}

}  // namespace flowsell::messaging
