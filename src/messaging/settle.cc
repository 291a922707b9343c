#include "settle.h"

#include "context.h"
#include "message_error.h"
#include "messaging/render.h"

namespace flowsell::messaging {
namespace {

/// What every end of an attempt leaves behind: where its step is one the event (`tell` records it),
/// and the count.
template <class Tell>
Result<> leave_behind(const ChangedMessage& changed, const StatusChange& change,
                      metering::Tally& tally, Tell tell) {
  if (changed.moved) CHECK_OK(tell(changed.row));
  if (changed.is_first)
    tally.count({changed.row.workspace, changed.row.mode}, metric_of(change.to));
  return {};
}

/// The attempt that began with the message goes on as a job that waits.
Result<> requeue_begun(store::Connection& db, const SettleOp& op) {
  // False where a status that overtook the attempt's end has put it there.
  TRY([[maybe_unused]] const bool is_new, insert_message(db, *op.begun->row));
  return outbox::requeue_job(db, op.job, *op.retry_at);
}

StatusChange change_of(const SettleOp& op) {
  return {op.status, op.now, op.provider_message_id, op.error ? &*op.error : nullptr};
}

Result<> requeue(store::Connection& db, const SettleOp& op) {
  return op.begun != nullptr ? requeue_begun(db, op)
                             : outbox::requeue_job(db, op.job, *op.retry_at);
}

/// `changed`: the message with its step made.
Result<> tell_end(store::Connection& db, SettleOp& op, const ChangedMessage& changed,
                  metering::Tally& tally) {
  const auto tell = [&db, &op](const MessageRow& row) -> Result<> {
    op.event.body_is_derived = op.event.type == webhook::EventType::kMessageSent;
    if (!op.event.body_is_derived || !op.plan.empty()) op.event.body = render_event_body(row);
    CHECK_OK(op.events.record(db, op.event, op.plan));
    return op.original ? op.events.record(db, *op.original, op.original_plan) : Result<>{};
  };
  return leave_behind(changed, change_of(op), tally, tell);
}

/// The steps of all that have ended: of those that a message began with, and of those that were
/// claimed from the queue.
struct Steps {
  std::vector<BegunChange> begun;
  std::vector<MessageStep> claimed;
};

Steps steps_of(std::span<store::WriteOp* const> ops) {
  Steps steps;
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<SettleOp>(each);
    if (op.retry_at) continue;
    if (op.begun != nullptr) {
      steps.begun.push_back({*op.begun->row, change_of(op)});
    } else {
      steps.claimed.push_back({op.job.workspace, MessageId(op.job.id), change_of(op)});
    }
  }
  return steps;
}

Result<> apply_settles(store::Connection& db, std::span<store::WriteOp* const> ops) {
  const auto& first = store::as<SettleOp>(ops.front());
  const Steps steps = steps_of(ops);
  TRY(const auto inserted, insert_changed(db, steps.begun));
  TRY(const auto changed, change_statuses(db, steps.claimed));

  metering::Tally tally(db, first.limits, first.now);
  auto next_inserted = inserted.begin();
  auto next_changed = changed.begin();
  std::vector<SettleOp*> promoting;
  for (store::WriteOp* each : ops) {
    auto& op = store::as<SettleOp>(each);
    op.promoted.reset();
    op.plan.begin();
    op.original_plan.begin();
    if (op.retry_at) {
      CHECK_OK(requeue(db, op));
    } else if (op.begun != nullptr) {
      CHECK_OK(tell_end(db, op, *next_inserted++, tally));
    } else {
      if (const auto& of_claimed = *next_changed++; of_claimed)
        CHECK_OK(tell_end(db, op, *of_claimed, tally));
      CHECK_OK(outbox::end_job(db, op.job.id));
    }
    if (!op.retry_at && op.promote) promoting.push_back(&op);
  }
  CHECK_OK(outbox::promote_next(db, promoting));
  CHECK_OK(first.events.store_recorded(db));
  return tally.finish();
}

void end_settles(std::span<store::WriteOp* const> ops, bool committed) noexcept {
  store::as<SettleOp>(ops.front()).events.ended(committed);
  if (!committed) return;
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<SettleOp>(each);
    if (op.begun != nullptr) op.all_begun.end(*op.begun);
  }
}

constexpr store::WriteKind kSettleKind{"settle", 30, apply_settles, end_settles};

/// True when the message was left without an outcome, and no job of the outbox stands for it.
Result<bool> was_open(store::Connection& db, const MessageRow& left) {
  // False where its outcome, a job that goes on, or a status that overtook both has put it there.
  TRY(const bool is_new, insert_message(db, left));
  if (is_new) return true;
  TRY(const auto row, find_message(db, left.workspace, left.id));
  if (!row || row->status != MessageStatus::kSending) return false;
  TRY(const bool goes_on, outbox::has_job(db, left.id.bytes()));
  return !goes_on;
}

Result<> recover_begun(store::Connection& db, RecoverBegunOp& op) {
  op.recovered = 0;
  TRY(const auto left, op.all_begun.left(db));
  for (const MessageRow& row : left) {
    TRY(const bool is_open, was_open(db, row));
    if (!is_open) continue;
    const outbox::Job job = job_of(row);
    CHECK_OK(settle_unknown(db, op.events, op.limits, job, op.found, op.now));
    CHECK_OK(outbox::finish_job(db, job));
    ++op.recovered;
  }
  return op.all_begun.clear_left(db);
}

Result<> apply_recover_begun(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) CHECK_OK(recover_begun(db, store::as<RecoverBegunOp>(each)));
  return {};
}

constexpr store::WriteKind kRecoverBegunKind{"recover_begun", 1, apply_recover_begun};

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

SettleOp::SettleOp(webhook::Events& e, BegunMessages& b, const metering::Limits& l,
                   const outbox::Job& j, Time t)
    : WriteOp(kSettleKind), events(e), all_begun(b), limits(l), job(j), now(t) {}

RecoverBegunOp::RecoverBegunOp(webhook::Events& e, const BegunMessages& b,
                               const metering::Limits& l, outbox::FoundIn f, Time t)
    : WriteOp(kRecoverBegunKind), events(e), all_begun(b), limits(l), found(f), now(t) {}

Result<> settle_unknown(store::Connection& db, webhook::Events& events,
                        const metering::Limits& limits, const outbox::Job& job,
                        outbox::FoundIn found, Time now) {
  const MessageError error =
      own_error(found == outbox::FoundIn::kBackup ? "restored_from_backup" : "process_ended");
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
    auto plan = events.plan_queued(event);
    return events.record(db, event, plan);
  };
  TRY(const auto changed, change_status(db, job.workspace, MessageId(job.id), change));
  if (changed) CHECK_OK(leave_behind(*changed, change, tally, tell));
  return tally.finish();
}

}  // namespace flowsell::messaging
