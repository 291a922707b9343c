#include "connections/leased_keys.h"

#include <utility>

#include "telemetry/log.h"

namespace flowsell::connections {
namespace {

using namespace std::chrono_literals;
using Verdict = metering::IdempotencyVerdict;

/// Longer than any call to a provider may take.
constexpr auto kLease = 10min;

struct LeaseOp final : store::WriteOp {
  LeaseOp(metering::Idempotency& i, const metering::IdempotentCall& c, WorkspaceId w, IdBytes a,
          Time t);
  metering::Idempotency& idempotency;
  const metering::IdempotentCall& call;
  WorkspaceId workspace;
  IdBytes about;
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
      TRY(op.verdict,
          op.idempotency.take(db, op.workspace, op.call, op.about, op.now + kLease, op.now));
    }
  }
  return {};
}
constexpr store::WriteKind kLeaseKind{"lease", 8, apply_leases};
LeaseOp::LeaseOp(metering::Idempotency& i, const metering::IdempotentCall& c, WorkspaceId w,
                 IdBytes a, Time t)
    : WriteOp(kLeaseKind), idempotency(i), call(c), workspace(w), about(a), now(t) {}

}  // namespace

LeasedKeys::LeasedKeys(store::Database& db, metering::Idempotency& idempotency, const Clock& clock)
    : db_(db), idempotency_(idempotency), clock_(clock) {}

Task<std::optional<IdBytes>> LeasedKeys::take(WorkspaceId workspace,
                                              std::optional<metering::IdempotentCall> call,
                                              IdBytes about, std::string shown) {
  if (!call) co_return std::optional<IdBytes>();
  LeaseOp op(idempotency_, *call, workspace, about, clock_.now());
  CO_CHECK_OK(co_await db_.commit(op));
  switch (op.verdict.kind) {
    case Verdict::Kind::kFirst:
      co_return std::optional<IdBytes>();
    case Verdict::Kind::kReplay:
      co_return std::optional<IdBytes>(op.verdict.resource);
    default:
      co_return std::unexpected(metering::refusal_of(op.verdict, shown));
  }
}

Awaitable<void> LeasedKeys::end(WorkspaceId workspace, std::optional<metering::IdempotentCall> call,
                                IdBytes about, bool is_done) {
  if (!call) co_return;
  LeaseOp op(idempotency_, *call, workspace, about, clock_.now());
  op.ended = is_done;
  if (!co_await db_.commit(op))
    log::warn("an idempotency lease could not be ended; it runs out by itself");
}

}  // namespace flowsell::connections
