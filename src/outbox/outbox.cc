#include "outbox/outbox.h"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <mutex>

#include "group.h"
#include "operations.h"
#include "runtime/spawn.h"
#include "telemetry/log.h"

namespace flowsell::outbox {
namespace {

using namespace std::chrono_literals;

constexpr auto kStoreRetry = 1s;
/// Of an attempt that may not begin: a lease that is lost is given up, or won back, within seconds.
constexpr auto kLeasePause = 250ms;

}  // namespace

Outbox::Outbox(store::Database& db, const Clock& clock, runtime::IoPool& pool,
               metrics::Registry& metrics)
    : db_(db),
      clock_(clock),
      pool_(pool),
      claims_(metrics.counter("connect_outbox_claims_total", "Queued jobs that were claimed.")) {}

Outbox::~Outbox() = default;

void Outbox::set_handler(JobKind kind, JobHandler& job_handler) {
  handlers_[static_cast<std::size_t>(kind) - 1] = &job_handler;
}

JobHandler& Outbox::handler(JobKind kind) const {
  return *handlers_[static_cast<std::size_t>(kind) - 1];
}

Result<> Outbox::recover(FoundIn found) {
  CHECK_OK(settle_claimed(found));
  if (found == FoundIn::kBackup) CHECK_OK(settle_queued());
  return learn_groups();
}

Result<> Outbox::settle_claimed(FoundIn found) {
  std::size_t total = 0;
  // Deliveries first: an event that tells of a message's end is behind those before it.
  for (const JobKind kind : {JobKind::kDelivery, JobKind::kSend}) {
    JobHandler* const each = handlers_[static_cast<std::size_t>(kind) - 1];
    if (each == nullptr) continue;
    TRY(const std::size_t begun, each->recover_begun(found));
    total += begun;
  }
  while (true) {
    RecoverOp op([this](JobKind kind) -> JobHandler& { return handler(kind); }, found,
                 clock_.now());
    CHECK_OK(db_.commit_now(op));
    total += op.recovered;
    if (op.recovered == 0) break;
  }
  if (total > 0)
    log::warn("attempts were open when the last process ended, or the backup was made",
              {{"jobs", std::uint64_t{total}}});
  return {};
}

Result<> Outbox::settle_queued() {
  std::size_t given_up = 0;
  std::size_t kept = 0;
  JobId last{};
  while (true) {
    GiveUpOp op([this](JobKind kind) -> JobHandler& { return handler(kind); }, last, clock_.now());
    CHECK_OK(db_.commit_now(op));
    if (op.seen == 0) break;
    given_up += op.given_up;
    kept += op.seen - op.given_up;
    last = op.last;
  }
  log::warn("jobs that waited when the backup was made may have been done since",
            {{"given_up", std::uint64_t{given_up}}, {"left_in_queue", std::uint64_t{kept}}});
  return {};
}

Result<> Outbox::learn_groups() {
  Result<std::vector<QueuedGroup>> queued = std::vector<QueuedGroup>{};
  CHECK_OK(db_.read_now([&queued](store::Connection& db) { queued = queued_groups(db); }));
  if (!queued) return std::unexpected(std::move(queued).error());
  for (const QueuedGroup& each : *queued) {
    const auto group = group_of(each.kind, each.group);
    const std::lock_guard lock(group->mutex);
    group->set_queued(each.queued);
  }
  return {};
}

void Outbox::start() {
  const std::shared_lock lock(groups_mutex_);
  for (const auto& [id, group] : groups_) post_pump(group);
}

std::shared_ptr<Group> Outbox::find_group(const GroupId& id) const {
  const std::shared_lock lock(groups_mutex_);
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : found->second;
}

std::shared_ptr<Group> Outbox::group_of(JobKind kind, const GroupId& id) {
  if (auto group = find_group(id)) return group;
  const GroupPolicy policy = handler(kind).policy(id);
  const std::unique_lock lock(groups_mutex_);
  auto& group = groups_[id];
  if (!group) group = std::make_shared<Group>(kind, id, policy);
  return group;
}

void Outbox::renew_policy(const GroupId& id) {
  const auto group = find_group(id);
  if (!group) return;
  const GroupPolicy policy = handler(group->kind).policy(id);
  const std::lock_guard lock(group->mutex);
  group->set_policy(policy);
}

net::any_io_executor Outbox::home_of(const Group& group) const {
  return pool_.context(GroupIdHash{}(group.id) % pool_.size()).get_executor();
}

Slot Outbox::reserve(JobKind kind, const GroupId& id, Lane lane) {
  Slot slot{group_of(kind, id), lane, JobState::kReady};
  const Now now{clock_.steady_now(), clock_.now()};
  const std::lock_guard lock(slot.group->mutex);
  // While the server stops nothing new is begun; what is accepted until the listener closes is
  // queued.
  if (stopping()) {
    slot.group->set_queued(slot.group->queued() + 1);
    return slot;
  }
  slot.state = slot.group->reserve(lane, now);
  slot.is_full = slot.group->is_full(now);
  return slot;
}

void Outbox::start(Slot slot, JobId id, const net::any_io_executor& executor,
                   Awaitable<Disposition> attempt) {
  working_.begin();
  ++in_flight_;
  JobRef ref{id, slot.lane, {}};
  runtime::spawn_logged(executor, drive(std::move(slot.group), ref, std::move(attempt)),
                        "outbox attempt");
}

void Outbox::enqueued(Slot slot, JobId id, Time due, JobState state) {
  const auto group = std::move(slot.group);
  bool lost_head = false;
  {
    const std::lock_guard lock(group->mutex);
    lost_head = group->enqueued({id, slot.lane, due}, slot.state, state);
  }
  if (lost_head) {
    start_promotion(group, slot.lane);
  } else if (state == JobState::kReady) {
    post_pump(group);
  }
}

Time Outbox::comes_again(Time due) const {
  return stopping() ? due : std::max(due, clock_.now() + kLeasePause);
}

void Outbox::release(Slot slot) {
  const auto group = std::move(slot.group);
  bool lost_head = false;
  {
    const std::lock_guard lock(group->mutex);
    lost_head = group->release(slot.lane, slot.state);
    if (group->queued() == 0) return;
  }
  if (lost_head) start_promotion(group, slot.lane);
  post_pump(group);
}

void Outbox::start_promotion(const std::shared_ptr<Group>& group, Lane lane) {
  if (stopping()) return;  // the next process looks for lanes without a head
  working_.begin();
  runtime::spawn_logged(home_of(*group), promote(group, lane), "outbox promote");
}

bool Outbox::has_queue(const GroupId& id) const {
  const auto group = find_group(id);
  if (!group) return false;
  const std::lock_guard lock(group->mutex);
  return group->queued() > 0;
}

void Outbox::post_pump(const std::shared_ptr<Group>& group) {
  {
    const std::lock_guard lock(group->mutex);
    if (group->pump_posted || stopping()) return;
    group->pump_posted = true;
  }
  working_.begin();
  net::post(home_of(*group), [this, group] {
    pump(group);
    working_.end();
  });
}

void Outbox::pump(const std::shared_ptr<Group>& group) {
  const Now now{clock_.steady_now(), clock_.now()};
  std::vector<JobRef> picked;
  std::optional<SteadyTime> wake;
  bool needs_refill = false;
  {
    const std::lock_guard lock(group->mutex);
    group->pump_posted = false;
    if (stopping()) return;
    picked = group->pick(now);
    needs_refill = group->wants_refill();
    if (needs_refill) group->begin_refill();
    wake = group->wake_at(now);
    if (wake && *wake >= group->wake_armed_at) wake.reset();
    if (wake) group->wake_armed_at = *wake;
  }
  if (needs_refill) {
    working_.begin();
    runtime::spawn_logged(home_of(*group), refill(group), "outbox refill");
  }
  if (!picked.empty()) {
    working_.begin();
    in_flight_ += static_cast<std::int64_t>(picked.size());
    runtime::spawn_logged(home_of(*group), claim(group, std::move(picked)), "outbox claim");
  }
  if (wake) arm_wake(group, *wake);
}

void Outbox::arm_wake(const std::shared_ptr<Group>& group, SteadyTime at) {
  // A timer of its own for each wake: rarer than once in 100 ms for a group, and an earlier one
  // just wakes in vain.
  auto timer = std::make_shared<net::steady_timer>(home_of(*group));
  timer->expires_at(at);
  {
    const std::lock_guard lock(group->mutex);
    if (stopping()) return;
    group->wakes.insert(timer);
  }
  working_.begin();
  timer->async_wait([this, group, timer, at](const boost::system::error_code& error) {
    {
      const std::lock_guard lock(group->mutex);
      group->wakes.erase(timer);
      if (group->wake_armed_at == at) group->wake_armed_at = SteadyTime::max();
    }
    if (!error) pump(group);
    working_.end();
  });
}

void Outbox::cancel_wakes() {
  const std::shared_lock lock(groups_mutex_);
  for (const auto& [id, group] : groups_) {
    const std::lock_guard group_lock(group->mutex);
    for (const auto& timer : group->wakes)
      net::post(timer->get_executor(), [timer] { timer->cancel(); });
  }
}

Awaitable<void> Outbox::refill(std::shared_ptr<Group> group) {
  auto read = [id = group->id](store::Connection& db) {
    return ready_jobs(db, id, Group::kWindowMax);
  };
  const auto refs = co_await db_.read(std::move(read));
  {
    const std::lock_guard lock(group->mutex);
    if (refs) {
      group->end_refill(*refs, refs->size() < Group::kWindowMax);
    } else {
      group->refilling = false;
      group->wake_armed_at = SteadyTime::max();
    }
  }
  if (refs && !refs->empty()) post_pump(group);
  if (!refs) arm_wake(group, clock_.steady_now() + kStoreRetry);
  working_.end();
}

Awaitable<bool> Outbox::commit_until(store::WriteOp& op, const std::atomic<bool>& is_over) {
  while (true) {
    const auto committed = co_await db_.commit(op);
    if (committed || is_over) co_return committed.has_value();
    log::warn("a change of the queue could not be stored; it is tried again",
              {{"operation", op.kind().name}, {"code", error_info(committed.error().code).code}});
    net::steady_timer pause(co_await net::this_coro::executor, kStoreRetry);
    co_await pause.async_wait(use_result);
  }
}

Awaitable<void> Outbox::promote(std::shared_ptr<Group> group, Lane lane) {
  PromoteOp op({group->id, lane});
  co_await commit_until(op, stopping_);
  if (op.promoted) {
    {
      const std::lock_guard lock(group->mutex);
      group->promoted(*op.promoted);
    }
    post_pump(group);
  }
  working_.end();
}

Awaitable<void> Outbox::claim(std::shared_ptr<Group> group, std::vector<JobRef> refs) {
  ClaimOp op(handler(group->kind), std::move(refs), clock_.now());
  const auto committed = co_await db_.commit(op);
  const auto executor = co_await net::this_coro::executor;
  for (std::size_t i = 0; i < op.refs.size(); ++i) {
    if (committed && op.claimed[i]) {
      claims_.add();
      {
        const std::lock_guard lock(group->mutex);
        group->claim_done();
      }
      working_.begin();
      auto work = stopping()
                      ? unclaim(group, *std::move(op.claimed[i]))
                      : drive(group, op.refs[i], op.handler.attempt(*std::move(op.claimed[i])));
      runtime::spawn_logged(executor, std::move(work), "outbox attempt");
      continue;
    }
    --in_flight_;
    bool lost_head = false;
    {
      const std::lock_guard lock(group->mutex);
      if (committed) {
        lost_head = group->claim_missed(op.refs[i]);
      } else {
        group->claim_failed(op.refs[i]);
      }
    }
    if (lost_head) start_promotion(group, op.refs[i].lane);
  }
  if (committed) {
    post_pump(group);
  } else {
    arm_wake(group, clock_.steady_now() + kStoreRetry);
  }
  working_.end();
}

Awaitable<void> Outbox::drive(std::shared_ptr<Group> group, JobRef ref,
                              Awaitable<Disposition> attempt) {
  const Disposition how = co_await std::move(attempt);
  const Now now{clock_.steady_now(), clock_.now()};
  bool more = false;
  bool lost_head = false;
  {
    const std::lock_guard lock(group->mutex);
    lost_head = group->finished(ref, how, now);
    more = group->queued() > 0;
  }
  --in_flight_;
  if (lost_head) start_promotion(group, ref.lane);
  if (more) post_pump(group);
  working_.end();
}

Awaitable<void> Outbox::unclaim(std::shared_ptr<Group> group, Job job) {
  const JobRef ref{job.id, job.lane, job.due};
  --job.attempt;
  UnclaimOp op(std::move(job));
  // Not stored means that the next owner finds it claimed, and must call it unknown: say so.
  if (!co_await commit_until(op, abandoned_)) log::error("a claimed job could not be put back");
  Disposition how;
  how.kind = Disposition::Kind::kUnclaimed;
  how.due = ref.due;
  const Now now{clock_.steady_now(), clock_.now()};
  {
    const std::lock_guard lock(group->mutex);
    group->finished(ref, how, now);
  }
  --in_flight_;
  working_.end();
}

void Outbox::stop(std::chrono::milliseconds grace) {
  close();
  const bool is_idle = wait_idle(grace);
  abandon();
  if (!is_idle) {
    log::warn("attempts were still open at the end of the grace period",
              {{"attempts", std::int64_t{in_flight_.load()}}});
  }
}

bool Outbox::wait_idle(std::chrono::milliseconds grace) {
  cancel_wakes();
  return working_.wait_idle(grace);
}

std::int64_t Outbox::queued() const {
  const std::shared_lock lock(groups_mutex_);
  std::int64_t sum = 0;
  for (const auto& [id, group] : groups_) {
    const std::lock_guard group_lock(group->mutex);
    sum += group->queued();
  }
  return sum;
}

}  // namespace flowsell::outbox
