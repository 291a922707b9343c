#include "operations.h"

namespace flowsell::outbox {
namespace {

constexpr std::size_t kRecoverBlock = 500;

Result<> apply_claims(store::Connection& db, std::span<store::WriteOp* const> ops) {
  std::vector<JobRef> refs;
  for (store::WriteOp* each : ops) {
    const auto& of_one = store::as<ClaimOp>(each).refs;
    refs.insert(refs.end(), of_one.begin(), of_one.end());
  }
  TRY(auto claimed, claim_jobs(db, refs));
  auto next = claimed.begin();
  for (store::WriteOp* each : ops) {
    auto& op = store::as<ClaimOp>(each);
    op.claimed.clear();
    for (std::size_t i = 0; i < op.refs.size(); ++i) {
      const auto& job = op.claimed.emplace_back(std::move(*next++));
      if (job) CHECK_OK(op.handler.on_claimed(db, *job, op.now));
    }
  }
  return {};
}

Result<> apply_promotions(store::Connection& db, std::span<store::WriteOp* const> ops) {
  std::vector<LaneOfGroup> lanes;
  for (store::WriteOp* each : ops) lanes.push_back(store::as<PromoteOp>(each).lane);
  TRY(const auto promoted, promote_lanes(db, lanes));
  for (std::size_t i = 0; i < ops.size(); ++i) store::as<PromoteOp>(ops[i]).promoted = promoted[i];
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
    for (const Job& job : jobs)
      CHECK_OK(op.handler_of(job.kind).recover(db, job, op.found, op.now));
    op.recovered = jobs.size();
    if (jobs.empty()) CHECK_OK(promote_orphans(db));
  }
  return {};
}

Result<> give_up_block(store::Connection& db, GiveUpOp& op) {
  TRY(const auto jobs, queued_jobs(db, op.after, kRecoverBlock));
  op.seen = jobs.size();
  op.given_up = 0;
  for (const Job& job : jobs) {
    op.last = job.id;
    TRY(const bool is_given_up, op.handler_of(job.kind).give_up(db, job, op.now));
    if (!is_given_up) continue;
    CHECK_OK(drop_queued_job(db, job.id));
    ++op.given_up;
  }
  // Whoever waited behind one that went is the head of its lane now.
  return jobs.empty() ? promote_orphans(db) : Result<>();
}

Result<> apply_giving_up(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) CHECK_OK(give_up_block(db, store::as<GiveUpOp>(each)));
  return {};
}

// After "accept" and before "settle": a job is claimed after it was inserted and before it ends.
constexpr store::WriteKind kClaimKind{"claim", 20, apply_claims};
constexpr store::WriteKind kUnclaimKind{"unclaim", 25, apply_unclaims};
constexpr store::WriteKind kPromoteKind{"promote", 60, apply_promotions};
constexpr store::WriteKind kRecoverKind{"recover", 1, apply_recovery};
constexpr store::WriteKind kGiveUpKind{"give_up", 1, apply_giving_up};

}  // namespace

ClaimOp::ClaimOp(JobHandler& h, std::vector<JobRef> r, Time t)
    : WriteOp(kClaimKind), handler(h), refs(std::move(r)), now(t) {}
PromoteOp::PromoteOp(const LaneOfGroup& l) : WriteOp(kPromoteKind), lane(l) {}
UnclaimOp::UnclaimOp(Job j) : WriteOp(kUnclaimKind), job(std::move(j)) {}
RecoverOp::RecoverOp(std::function<JobHandler&(JobKind)> h, FoundIn f, Time t)
    : WriteOp(kRecoverKind), handler_of(std::move(h)), found(f), now(t) {}
GiveUpOp::GiveUpOp(std::function<JobHandler&(JobKind)> h, const JobId& a, Time t)
    : WriteOp(kGiveUpKind), handler_of(std::move(h)), after(a), now(t) {}

}  // namespace flowsell::outbox
