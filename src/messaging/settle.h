#pragma once

#include <optional>
#include <string>

#include "channel/outcome.h"
#include "messaging/begun_messages.h"
#include "messaging/message_table.h"
#include "metering/metering.h"
#include "outbox/job_table.h"
#include "outbox/outbox.h"
#include "store/database.h"
#include "webhook/events.h"

namespace flowsell::messaging {

/// What usage counts for a step, once for a message: see ChangedMessage::is_first.
metering::Metric metric_of(MessageStatus status);

/// Commit 2: what an attempt's outcome leaves behind. Status, the provider's id, the event with its
/// deliveries, and the job: gone with its content, or back in the queue.
struct SettleOp final : store::WriteOp {
  SettleOp(webhook::Events& e, BegunMessages& b, const metering::Limits& l, const outbox::Job& j,
           Time t);
  webhook::Events& events;
  BegunMessages& all_begun;
  const metering::Limits& limits;
  const outbox::Job& job;
  Time now;
  std::optional<Time> retry_at;                    ///< set: the job goes back; nothing else changes
  MessageStatus status = MessageStatus::kUnknown;  ///< otherwise
  std::string provider_message_id;
  std::optional<MessageError> error;
  /// The message, where this is the end of the attempt that began with it: now it comes into the
  /// table. It leaves the begun ones with the commit.
  const Begun* begun = nullptr;
  webhook::EventDraft event;  ///< body filled in by the transaction
  webhook::EventPlan plan;
  /// The same in the provider's words, where somebody is told so.
  std::optional<webhook::EventDraft> original = {};
  webhook::EventPlan original_plan = {};
  bool promote = false;
  std::optional<outbox::JobRef> promoted;  ///< result
};

/// In a transaction: the message is unknown because its process died, or because it was unfinished
/// in a backup. The job is left to the caller. No endpoint slot is planned: deliveries are queued.
Result<> settle_unknown(store::Connection& db, webhook::Events& events,
                        const metering::Limits& limits, const outbox::Job& job,
                        outbox::FoundIn found, Time now);

/// Settles as unknown the begun messages that the last process left without an outcome.
struct RecoverBegunOp final : store::WriteOp {
  RecoverBegunOp(webhook::Events& e, const BegunMessages& b, const metering::Limits& l,
                 outbox::FoundIn f, Time t);
  webhook::Events& events;
  const BegunMessages& all_begun;
  const metering::Limits& limits;
  outbox::FoundIn found;
  Time now;
  std::size_t recovered = 0;  ///< result
};

}  // namespace flowsell::messaging
