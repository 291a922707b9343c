#pragma once

#include <optional>
#include <vector>

#include "outbox/job_table.h"
#include "outbox/outbox.h"

namespace flowsell::outbox {

/// Claims a block of ready jobs.
struct ClaimOp final : store::WriteOp {
  ClaimOp(JobHandler& h, std::vector<JobRef> r, Time t);
  JobHandler& handler;
  std::vector<JobRef> refs;
  Time now;
  std::vector<std::optional<Job>> claimed;  ///< result: one for each of refs
};

/// Makes sure that a lane's head is ready.
struct PromoteOp final : store::WriteOp {
  explicit PromoteOp(const LaneOfGroup& l);
  LaneOfGroup lane;
  std::optional<JobRef> promoted;
};

/// Puts back a claimed job of which nothing was begun.
struct UnclaimOp final : store::WriteOp {
  explicit UnclaimOp(Job j);
  Job job;
};

/// Settles a block of what was claimed when the last process ended.
struct RecoverOp final : store::WriteOp {
  RecoverOp(std::function<JobHandler&(JobKind)> h, FoundIn f, Time t);
  std::function<JobHandler&(JobKind)> handler_of;
  FoundIn found;
  Time now;
  std::size_t recovered = 0;
};

/// Decides about a block of what was queued when a backup was made.
struct GiveUpOp final : store::WriteOp {
  GiveUpOp(std::function<JobHandler&(JobKind)> h, const JobId& a, Time t);
  std::function<JobHandler&(JobKind)> handler_of;
  JobId after;
  Time now;
  std::size_t seen = 0;      ///< result; 0: there are no more
  std::size_t given_up = 0;  ///< result
  JobId last{};              ///< result
};

}  // namespace flowsell::outbox
