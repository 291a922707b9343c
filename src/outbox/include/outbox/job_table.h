#pragma once

#include <optional>
#include <span>
#include <vector>

#include "outbox/job.h"
#include "store/database.h"

namespace flowsell::outbox {

/// The outbox's tables, for use inside other rooms' transactions: a message and its job commit
/// together.
///
/// Queued jobs and claimed ones lie apart. Claimed ones are few: their table stays small and is
/// found whole after a crash. A room that begins a job in the moment in which it comes to be may
/// keep that elsewhere (JobHandler::recover_begun): then the job is here only once it waits. Queued
/// ones are ready (the head of their lane) or wait behind another: the index of ready jobs holds
/// heads only, so a lane with a thousand jobs, or one that waits for a retry, hides nobody.
std::span<const store::Migration> migrations();

/// A job that comes to be. Its state: kClaimed as asked (by a room that keeps no slots); otherwise
/// kWaiting when asked or when its lane holds a queued job, else kReady.
struct NewJob {
  const Job& job;  ///< outlives the call
  JobState wanted = JobState::kReady;
};
/// Inserts jobs in their order; returns the state that each got.
Result<std::vector<JobState>> insert_jobs(store::Connection& db, std::span<const NewJob> jobs);
Result<JobState> insert_job(store::Connection& db, const Job& job, JobState wanted);

/// Removes a claimed job that has ended. Its lane is not looked at: see promote_lanes().
Result<> end_job(store::Connection& db, const JobId& id);
/// end_job(), and promote_lane().
Result<> finish_job(store::Connection& db, const Job& job);

/// Puts a claimed job back as the head of its lane, due at `due`, with its content as it now is
/// sealed.
Result<> requeue_job(store::Connection& db, const Job& job, Time due);

struct LaneOfGroup {
  GroupId group;
  Lane lane;
  friend auto operator<=>(const LaneOfGroup&, const LaneOfGroup&) = default;
};
/// Makes each lane's first job ready when it waits; nothing when the head is ready already. Returns
/// what became ready, of each lane; of one that is named twice, once.
Result<std::vector<std::optional<JobRef>>> promote_lanes(store::Connection& db,
                                                         std::span<const LaneOfGroup> lanes);
Result<std::optional<JobRef>> promote_lane(store::Connection& db, const LaneOfGroup& lane);
/// The same of the lanes of operations that end jobs (`job`), into their `promoted`. After all that
/// goes back to its lane in the transaction has: a lane has one head.
template <class Op>
Result<> promote_next(store::Connection& db, const std::vector<Op*>& ops) {
  std::vector<LaneOfGroup> lanes;
  lanes.reserve(ops.size());
  for (const Op* op : ops) lanes.push_back({op->job.group, op->job.lane});
  TRY(const auto promoted, promote_lanes(db, lanes));
  for (std::size_t i = 0; i < ops.size(); ++i) ops[i]->promoted = promoted[i];
  return {};
}

/// True while the job is queued or claimed.
Result<bool> has_job(store::Connection& db, const JobId& id);

/// The lowest id of a job that is queued or claimed.
Result<std::optional<JobId>> oldest_job(store::Connection& db);

/// Makes the first job of every lane ready, for a start after a crash: the job that others were
/// told to wait behind may have ended while nobody lived to wake them. Only while no job is
/// claimed.
Result<> promote_orphans(store::Connection& db);

/// Claims ready jobs and counts the attempt; nullopt for one that is not ready (any more), or due
/// later than its ref says.
Result<std::vector<std::optional<Job>>> claim_jobs(store::Connection& db,
                                                   std::span<const JobRef> refs);

/// Ready jobs of a group in order of their time.
Result<std::vector<JobRef>> ready_jobs(store::Connection& db, const GroupId& group,
                                       std::size_t limit);

/// Jobs that were claimed when the process ended.
Result<std::vector<Job>> claimed_jobs(store::Connection& db, std::size_t limit);

/// Queued jobs, ready and waiting ones, in the order of their ids, behind `after`.
Result<std::vector<Job>> queued_jobs(store::Connection& db, const JobId& after, std::size_t limit);

/// Removes a queued job. Whoever waited behind it is not woken: see promote_orphans().
Result<> drop_queued_job(store::Connection& db, const JobId& id);

struct QueuedGroup {
  JobKind kind;
  GroupId group;
  std::int64_t queued;
};
Result<std::vector<QueuedGroup>> queued_groups(store::Connection& db);

}  // namespace flowsell::outbox
