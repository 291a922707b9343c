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
  PromoteOp(const GroupId& g, Lane l);
  GroupId group;
  Lane lane;
  std::optional<JobRef> promoted;
};

/// Puts back a claimed job of which nothing was begun.
struct UnclaimOp final : store::WriteOp {
  explicit UnclaimOp(Job j);
  Job job;
};

/// Settles a block of what was claimed when the last process ended.
struct RecoverOp final : store::WriteOp {
  RecoverOp(std::function<JobHandler&(JobKind)> h, Time t);
  std::function<JobHandler&(JobKind)> handler_of;
  Time now;
  std::size_t recovered = 0;
};

}  // namespace flowsell::outbox
