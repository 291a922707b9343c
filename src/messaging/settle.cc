#include "settle.h"

#include "messaging/render.h"

namespace flowsell::messaging {
namespace {

/// What every end of a job leaves behind: the step, where it is one the event (`tell` records it),
/// the count, and the job is gone. Returns the job that is next in its lane.
template <class Tell>
Result<std::optional<outbox::JobRef>> end_job(store::Connection& db, const outbox::Job& job,
                                              const StatusChange& change, bool promote,
                                              metering::Tally& tally, Tell tell) {
  TRY(const auto changed, change_status(db, job.workspace, MessageId(job.id), change));
  if (changed && changed->moved) CHECK_OK(tell(changed->row));
  if (changed && changed->is_first)
    tally.count({job.workspace, changed->row.mode}, metric_of(change.to));
  return outbox::finish_job(db, job, promote);
}

Result<> settle_one(store::Connection& db, SettleOp& op, metering::Tally& tally) {
  op.promoted.reset();
  op.plan.begin();
  if (op.retry_at) return outbox::requeue_job(db, op.job, *op.retry_at);
  const StatusChange change{op.status, op.now, op.provider_message_id,
                            op.error ? &*op.error : nullptr, op.known};
  const auto tell = [&db, &op](const MessageRow& row) {
    op.event.body = render_event_body(row);
    return op.events.record(db, op.event, op.plan);
  };
  TRY(op.promoted, end_job(db, op.job, change, op.promote, tally, tell));
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

metering::Metric metric_of(MessageStatus status) {
  switch (status) {
    case MessageStatus::kSent:
      return metering::Metric::kSent;
    case MessageStatus::kDelivered:
      return metering::Metric::kDelivered;
    case MessageStatus::kRead:
      return metering::Metric::kRead;
    case MessageStatus::kFailed:
      return metering::Metric::kFailed;
    default:
      return metering::Metric::kUnknown;
  }
}

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
  const StatusChange change{MessageStatus::kUnknown, now, {}, &error};
  metering::Tally tally(db, limits, now);
  const auto tell = [&](const MessageRow& row) -> Result<> {
    webhook::EventDraft event;
    event.workspace = job.workspace;
    event.mode = row.mode;
    event.type = event_of(change.to);
    event.at = now;
    event.subject = job.id;
    event.lane = job.lane;
    event.body = render_event_body(row);
    TRY(auto plan, events.plan_queued(event));
    return events.record(db, event, plan);
  };
  TRY([[maybe_unused]] const auto promoted,
      end_job(db, job, change, /*promote=*/true, tally, tell));
  return tally.finish();
}

}  // namespace flowsell::messaging
