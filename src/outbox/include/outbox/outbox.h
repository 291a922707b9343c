#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/time.h"
#include "outbox/job.h"
#include "outbox/job_table.h"
#include "runtime/io_pool.h"
#include "runtime/task.h"
#include "runtime/work_count.h"
#include "store/database.h"
#include "telemetry/metrics.h"

namespace flowsell::outbox {

class Group;

/// What a start finds in the tables.
enum class FoundIn : std::uint8_t {
  kOwnData,  ///< what this database's last process left
  kBackup,   ///< what was there when a backup was made; it may have been done since
};

/// What a room does with its kind of job. Called on the pool's threads; on_claimed(), recover()
/// and give_up() inside a transaction, on the committer's.
class JobHandler {
 public:
  virtual ~JobHandler() = default;
  virtual GroupPolicy policy(const GroupId& group) = 0;
  /// Marks in the room's own tables that an attempt begins, in the transaction that claims the job.
  virtual Result<> on_claimed(store::Connection& db, const Job& job, Time now) = 0;
  /// One attempt, to its stored end. Must not throw.
  virtual Awaitable<Disposition> attempt(Job job) = 0;
  /// The process ended while the job was claimed: decide and store what becomes of it, row
  /// included.
  virtual Result<> recover(store::Connection& db, Job job, FoundIn found, Time now) = 0;
  /// The same for attempts that the room began without a row in the outbox's tables; their number.
  /// Blocking; before any recover().
  virtual Result<std::size_t> recover_begun(FoundIn /*found*/) { return 0; }
  /// The job was queued in a backup. True: it may not be done (again), and what that means is
  /// stored; its row goes. False: it stays in the queue. It may be asked for the same job more than
  /// once.
  virtual Result<bool> give_up(store::Connection& db, const Job& job, Time now) = 0;
};

/// A place in the outbox for a job that is about to be inserted. Give it back by exactly one of
/// start(), enqueued(), release().
struct Slot {
  std::shared_ptr<Group>
      group;  ///< shared with the outbox: a slot may outlive the group's last look-up
  Lane lane = 0;
  JobState state = JobState::kReady;
  bool is_full = false;  ///< the group's width is used up, or it pauses
};

/// The durable queue through which every asynchronous send leaves. Its table holds the truth; in
/// memory it has, for each group, a bounded window over the ready jobs. Thread-safe. No polling:
/// commits, ends and timers wake it.
class Outbox {
 public:
  Outbox(store::Database& db, const Clock& clock, runtime::IoPool& pool,
         metrics::Registry& metrics);
  ~Outbox();

  /// Before recover().
  void set_handler(JobKind kind, JobHandler& handler);
  /// Settles what was claimed when the last process ended, and learns which groups have work. In a
  /// backup that was restored it settles what was queued too. Blocking; before start(). In bounded
  /// transactions: where one fails, or the process ends, it is called again.
  Result<> recover(FoundIn found = FoundIn::kOwnData);
  void start();

  Slot reserve(JobKind kind, const GroupId& group, Lane lane);
  /// The job was inserted as claimed, or the room keeps that itself: runs the attempt on the
  /// caller's executor, and takes its end.
  void start(Slot slot, JobId id, const net::any_io_executor& executor,
             Awaitable<Disposition> attempt);
  /// The job was inserted in `state` (ready or waiting).
  void enqueued(Slot slot, JobId id, Time due, JobState state);
  /// Nothing was inserted.
  void release(Slot slot);
  /// What the group's handler says of it is another policy now: it holds from the next job on.
  void renew_policy(const GroupId& group);
  /// Between them a job is on its way into the table after its slot was taken: stop() waits.
  void begin_insertion() noexcept { working_.begin(); }
  void end_insertion() { working_.end(); }

  /// Ask right before a job's settling is committed: must its transaction look for the lane's next
  /// job?
  bool has_queue(const GroupId& group) const;
  /// Whether this process still has the right to what it has claimed. Asked on every thread, right
  /// before a first byte. Before start(); without it, it always has.
  void set_lease(std::function<bool()> holds_lease) { holds_lease_ = std::move(holds_lease); }
  /// Ask right before an attempt's first byte: where it may not begin any more it is put back. A
  /// process that was stopped for longer than its lease must not send what another has by now
  /// (DESIGN 4.7).
  bool may_begin() const { return !stopping() && (!holds_lease_ || holds_lease_()); }
  /// When such an attempt comes again: at once, for the next process or owner to make, or after a
  /// moment in which this one may get its lease back.
  Time comes_again(Time due) const;
  bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }

  /// From now on nothing is claimed, and attempts that have not sent a byte are put back. What is
  /// still accepted is queued.
  void close() noexcept { stopping_.store(true, std::memory_order_release); }
  /// What becomes of the open attempts need not be stored any more, where the database does not
  /// take it at once.
  void abandon() noexcept { abandoned_.store(true, std::memory_order_release); }
  bool is_abandoned() const noexcept { return abandoned_.load(std::memory_order_acquire); }
  /// After close(): waits up to `grace` until nothing of the outbox runs any more. False: something
  /// still does. Blocking.
  bool wait_idle(std::chrono::milliseconds grace);
  /// Both.
  void stop(std::chrono::milliseconds grace);

  std::int64_t queued() const;
  std::int64_t in_flight() const noexcept { return in_flight_.load(); }

 private:
  Result<> settle_claimed(FoundIn found);
  Result<> settle_queued();
  Result<> learn_groups();
  std::shared_ptr<Group> group_of(JobKind kind, const GroupId& id);
  std::shared_ptr<Group> find_group(const GroupId& id) const;
  net::any_io_executor home_of(const Group& group) const;
  void post_pump(const std::shared_ptr<Group>& group);
  void pump(const std::shared_ptr<Group>& group);
  void arm_wake(const std::shared_ptr<Group>& group, SteadyTime at);
  void cancel_wakes();
  Awaitable<void> claim(std::shared_ptr<Group> group, std::vector<JobRef> refs);
  Awaitable<void> refill(std::shared_ptr<Group> group);
  void start_promotion(const std::shared_ptr<Group>& group, Lane lane);
  Awaitable<void> promote(std::shared_ptr<Group> group, Lane lane);
  Awaitable<void> drive(std::shared_ptr<Group> group, JobRef ref, Awaitable<Disposition> attempt);
  Awaitable<void> unclaim(std::shared_ptr<Group> group, Job job);
  /// Tries until it is stored, or a try has failed and `is_over`: then false.
  Awaitable<bool> commit_until(store::WriteOp& op, const std::atomic<bool>& is_over);
  JobHandler& handler(JobKind kind) const;

  store::Database& db_;
  const Clock& clock_;
  runtime::IoPool& pool_;
  JobHandler* handlers_[2] = {nullptr, nullptr};
  mutable std::shared_mutex groups_mutex_;
  struct GroupIdHash {
    std::size_t operator()(const GroupId& id) const noexcept {
      return std::hash<MessageId>{}(MessageId(id));
    }
  };
  std::unordered_map<GroupId, std::shared_ptr<Group>, GroupIdHash> groups_;
  std::function<bool()> holds_lease_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<std::int64_t> in_flight_{0};
  runtime::WorkCount working_;  ///< coroutines of ours that run
  metrics::Counter& claims_;
};

}  // namespace flowsell::outbox
