#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "outbox/job.h"
#include "outbox/pace.h"
#include "runtime/task.h"

namespace flowsell::outbox {

/// Both clocks, read once for one decision.
struct Now {
  SteadyTime steady;
  Time wall;
};

/// One sender or one endpoint: its pace, which of its lanes are in flight, and a bounded window
/// over its ready jobs. Memory only, no I/O, no lock: the caller holds `mutex` around every call.
class Group {
 public:
  static constexpr std::size_t kWindowMax = 1000;

  Group(JobKind job_kind, const GroupId& group_id, const GroupPolicy& group_policy);

  const JobKind kind;
  const GroupId id;
  std::mutex mutex;
  bool pump_posted = false;
  bool refilling = false;
  SteadyTime wake_armed_at = SteadyTime::max();
  std::set<std::shared_ptr<net::steady_timer>> wakes;  ///< that will pump it

  /// How a job that is about to be inserted should be: kClaimed (a slot is taken for it), kWaiting
  /// (behind one in flight), or kReady (the table decides between ready and waiting).
  JobState reserve(Lane lane, const Now& now);
  /// No more may begin now: its width is used up, or it pauses.
  bool is_full(const Now& now) const;
  /// Nothing was inserted after all. True: as for finished().
  bool release(Lane lane, JobState reserved);
  /// A queued job was inserted. True when its lane may have lost its head in the meantime and must
  /// be promoted.
  bool enqueued(const JobRef& ref, JobState reserved, JobState inserted);

  /// Takes slots for the jobs that may be claimed now.
  std::vector<JobRef> pick(const Now& now);
  /// The claim found the job ready no more: its slot is free again. True: as for finished().
  bool claim_missed(const JobRef& ref);
  void claim_failed(
      const JobRef& ref);  ///< the database did not take the claim: the job is as it was
  void claim_done() { --queued_; }

  /// True when a job was told to wait behind this one, whose settling did not see it: the lane must
  /// be promoted.
  bool finished(const JobRef& ref, const Disposition& how, const Now& now);
  void promoted(const JobRef& ref) { add_ready(ref); }

  bool wants_refill() const noexcept {
    return !window_complete_ && !refilling && window_.size() < kWindowMax / 4;
  }
  void begin_refill() { refilling = true, added_while_refilling_ = false; }
  /// `refs` are the first ready jobs of the table as they were when the refill began; fewer than
  /// asked means all.
  void end_refill(const std::vector<JobRef>& refs, bool all);

  /// When pick() may have something new to give, if nothing else happens before.
  std::optional<SteadyTime> wake_at(const Now& now) const;

  /// Rows in the table that are not claimed, those about to be inserted included.
  std::int64_t queued() const noexcept { return queued_; }
  void set_policy(const GroupPolicy& policy);
  void set_queued(std::int64_t n) { queued_ = n, window_complete_ = n == 0; }
  std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  std::size_t concurrency_now() const;
  void add_ready(const JobRef& ref);
  void take_slot(Lane lane, const Now& now);
  bool free_slot(Lane lane);
  void note_health(bool healthy, const Now& now);

  GroupPolicy policy_;
  Pace pace_;
  PairLimit pairs_;
  boost::unordered_flat_map<Lane, bool>
      busy_;  ///< lanes in flight; true: a job was inserted behind
  std::set<JobRef> window_;
  bool window_complete_ = true;  ///< every ready row of the table is in window_
  bool added_while_refilling_ = false;
  std::int64_t queued_ = 0;
  std::size_t in_flight_ = 0;
  int failures_ = 0;  ///< unhealthy ends in a row
  SteadyTime paused_until_{};
  SteadyTime last_block_{};
};

}  // namespace flowsell::outbox
