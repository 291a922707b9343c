#include "operations.h"

namespace flowsell::outbox {
namespace {

constexpr std::size_t kRecoverBlock = 500;

Result<> apply_claims(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    auto& op = store::as<ClaimOp>(each);
    op.claimed.assign(op.refs.size(), std::nullopt);
    for (std::size_t i = 0; i < op.refs.size(); ++i) {
      TRY(op.claimed[i], claim_job(db, op.refs[i]));
      if (op.claimed[i]) CHECK_OK(op.handler.on_claimed(db, *op.claimed[i], op.now));
    }
  }
  return {};
}

Result<> apply_promotions(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    auto& op = store::as<PromoteOp>(each);
    TRY(op.promoted, promote_lane(db, op.group, op.lane));
  }
  return {};
}

Result<> apply_unclaims(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<UnclaimOp>(each);
    CHECK_OK(requeue_job(db, op.job, op.job.due));
  }
  return {};
}

Result<> apply_recovery(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    auto& op = store::as<RecoverOp>(each);
    TRY(const auto jobs, claimed_jobs(db, kRecoverBlock));
    for (const Job& job : jobs) CHECK_OK(op.handler_of(job.kind).recover(db, job, op.now));
    op.recovered = jobs.size();
    if (jobs.empty()) CHECK_OK(promote_orphans(db));
  }
  return {};
}

// After "accept" and before "settle": a job is claimed after it was inserted and before it ends.
constexpr store::WriteKind kClaimKind{"claim", 20, apply_claims};
constexpr store::WriteKind kUnclaimKind{"unclaim", 25, apply_unclaims};
constexpr store::WriteKind kPromoteKind{"promote", 60, apply_promotions};
constexpr store::WriteKind kRecoverKind{"recover", 1, apply_recovery};

}  // namespace

ClaimOp::ClaimOp(JobHandler& h, std::vector<JobRef> r, Time t)
    : WriteOp(kClaimKind), handler(h), refs(std::move(r)), now(t) {}
PromoteOp::PromoteOp(const GroupId& g, Lane l) : WriteOp(kPromoteKind), group(g), lane(l) {}
UnclaimOp::UnclaimOp(Job j) : WriteOp(kUnclaimKind), job(std::move(j)) {}
RecoverOp::RecoverOp(std::function<JobHandler&(JobKind)> h, Time t)
    : WriteOp(kRecoverKind), handler_of(std::move(h)), now(t) {}

}  // namespace flowsell::outbox
