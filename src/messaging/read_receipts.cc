#include "messaging/read_receipts.h"

#include "telemetry/log.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using Verdict = metering::IdempotencyVerdict;

constexpr auto kCallTime = 15s;
constexpr auto kLease = 60s;

/// Takes an Idempotency-Key for a call that goes on after this commit, or ends the lease.
struct LeaseOp final : store::WriteOp {
  LeaseOp(metering::Idempotency& i, const metering::IdempotentCall& c, WorkspaceId w, MessageId m,
          Time t);
  metering::Idempotency& idempotency;
  const metering::IdempotentCall& call;
  WorkspaceId workspace;
  MessageId message;
  Time now;
  std::optional<bool> ended;  ///< set: the end, and whether the call was done
  Verdict verdict;            ///< result
};

Result<> apply_leases(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    auto& op = store::as<LeaseOp>(each);
    if (op.ended) {
      CHECK_OK(op.idempotency.end(db, op.workspace, op.call, *op.ended));
    } else {
      TRY(op.verdict, op.idempotency.take(db, op.workspace, op.call, op.message.bytes(),
                                          op.now + kLease, op.now));
    }
  }
  return {};
}
constexpr store::WriteKind kLeaseKind{"lease", 8, apply_leases};
LeaseOp::LeaseOp(metering::Idempotency& i, const metering::IdempotentCall& c, WorkspaceId w,
                 MessageId m, Time t)
    : WriteOp(kLeaseKind), idempotency(i), call(c), workspace(w), message(m), now(t) {}

Error provider_error(ErrorCode code, std::string detail, ProviderError error) {
  Error out{code, std::move(detail)};
  out.provider = std::move(error);
  return out;
}

}  // namespace

ReadReceipts::ReadReceipts(store::Database& db, const MessageReader& messages, http::Client& client,
                           Senders& senders, SendHandler& send, metering::Idempotency& idempotency,
                           const Clock& clock)
    : db_(db),
      messages_(messages),
      client_(client),
      senders_(senders),
      send_(send),
      idempotency_(idempotency),
      clock_(clock) {}

Task<bool> ReadReceipts::mark_read(identity::Caller caller, MessageId id, bool typing,
                                   std::optional<metering::IdempotentCall> call) {
  CO_TRY(const auto row, co_await messages_.find(caller.workspace, id));
  if (!row || row->mode != caller.mode)
    co_return fail(ErrorCode::kNotFound, "there is no such message");
  if (!row->inbound)
    co_return fail(ErrorCode::kConflict, "only a received message can be marked as read");
  const SenderPtr sender = senders_.find(row->sender);
  if (!sender)
    co_return fail(ErrorCode::kConflict, "the sender that received the message was removed");

  if (call) {
    LeaseOp take(idempotency_, *call, caller.workspace, id, clock_.now());
    CO_CHECK_OK(co_await db_.commit(take));
    switch (take.verdict.kind) {
      case Verdict::Kind::kFirst:
        break;
      case Verdict::Kind::kReplay:
        co_return true;
      default:
        co_return std::unexpected(metering::refusal_of(take.verdict, id.str()));
    }
  }
  const auto done = co_await call_provider(sender, row->provider_message_id, typing);
  if (call) {
    LeaseOp end(idempotency_, *call, caller.workspace, id, clock_.now());
    end.ended = done.has_value();
    if (!co_await db_.commit(end))
      log::warn("an idempotency lease could not be ended; it runs out by itself");
  }
  CO_CHECK_OK(done);
  co_return false;
}

Task<> ReadReceipts::call_provider(SenderPtr sender, std::string provider_message_id, bool typing) {
  CO_TRY(auto request,
         sender->adapter->compile_read(provider_message_id, typing, send_.route(*sender)));
  sender->adapter->authorize(request, sender->token);
  request.client = sender->id.bytes();
  const auto exchange = co_await client_.send(std::move(request), clock_.steady_now() + kCallTime);
  if (exchange.end != http::ExchangeEnd::kAnswered) {
    co_return fail(
        exchange.byte_sent ? ErrorCode::kProviderTimeout : ErrorCode::kProviderUnreachable,
        std::string("the provider gave no answer: ").append(http::exchange_end_name(exchange.end)));
  }
  if (exchange.status >= 200 && exchange.status < 300) co_return Result<>{};
  auto answer = sender->adapter->interpret(exchange);
  if (answer.kind == channel::Interpretation::Kind::kError) {
    co_return std::unexpected(provider_error(ErrorCode::kProviderRejected,
                                             "the provider refused to mark it as read",
                                             std::move(answer.error)));
  }
  co_return fail(ErrorCode::kProviderUnreachable, "the provider's answer can't be read");
}

}  // namespace flowsell::messaging
