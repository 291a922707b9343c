#include "committer.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <tuple>
#include <utility>

#include "core/failpoint.h"
#include "telemetry/log.h"

namespace flowsell::store {
namespace {

/// How often an idle committer asks whether a store that failed takes writes again: else a server
/// that gets no requests because it is not healthy would never become healthy.
constexpr std::chrono::seconds kProbeInterval{1};

/// Under load a batch waits a little for half as many operations again as the last one had: a sync
/// to disk, and the pages that every transaction writes anew, are then shared by more. An idle
/// store commits at once.
constexpr std::size_t kBusyBatch = 16;
constexpr std::chrono::microseconds kLinger{400};
/// Where transactions are dear and small, as when load is spread over many writers of one database,
/// it waits for as many again, and for twice as long as the last one took.
constexpr std::size_t kFewInBatch = 4;
constexpr std::size_t kManyInBatch = 32;
constexpr std::chrono::milliseconds kLingerMax{20};
/// So many batches after one that waited in vain don't wait for more than the last had: all callers
/// that there are may wait for them already.
constexpr int kBatchesWithoutHope = 16;

Result<> result_of(std::unique_ptr<Error> error) {
  if (!error) return {};
  return std::unexpected(std::move(*error));
}

Error shutting_down() { return {ErrorCode::kShuttingDown, "the server is stopping"}; }

Error unreachable() {
  Error error{ErrorCode::kStoreUnavailable, "the database can't be reached"};
  error.retry_after = std::chrono::seconds(1);
  return error;
}

/// How often a transaction is tried again that another one was in the way of.
constexpr int kTriesMax = 5;
/// How often a driver is asked what became of a transaction whose end it does not know.
constexpr std::chrono::milliseconds kDecideInterval{250};

/// A fault of the store hits every operation alike: cutting the batch in halves would only repeat
/// it.
bool is_store_fault(const Error& error) { return error.code == ErrorCode::kStoreUnavailable; }

Result<> guarded_apply(const WriteKind& kind, Connection& db, std::span<WriteOp* const> ops) {
  try {
    return kind.apply(db, ops);
  } catch (const std::exception&) {  // what() is not passed on: it may quote data
    return fail(ErrorCode::kInternal, "an exception left a write operation");
  }
}

}  // namespace

Committer::Committer(Writer& writer, std::size_t batch_max)
    : writer_(writer),
      batch_max_(std::max<std::size_t>(batch_max, 1)),
      thread_([this] { run(); }) {}

Committer::~Committer() { stop(); }

void Committer::submit(WriteOp& op, net::any_io_executor home, Done done) {
  auto enqueued = enqueue(op, home, done);
  if (enqueued) return;
  if (!home) return done(std::move(enqueued));
  net::post(home, [done = std::move(done), refused = std::move(enqueued)]() mutable {
    done(std::move(refused));
  });
}

Result<> Committer::enqueue(WriteOp& op, net::any_io_executor& home, Done& done) {
  std::unique_lock lock(queue_mutex_);
  if (stopping_) return std::unexpected(shutting_down());
  if (!writer_.takes_writes()) return std::unexpected(unreachable());
  queue_.push_back({.op = &op, .home = std::move(home), .done = std::move(done)});
  submitted_.fetch_add(1, std::memory_order_relaxed);
  bool wake = std::exchange(sleeping_, false);
  if (wake_at_ != 0 && queue_.size() >= wake_at_) {
    wake_at_ = 0;
    wake = true;
  }
  lock.unlock();
  // Only a sleeping thread is woken: under load it finds the work by itself after its current
  // batch.
  if (wake) work_came_.notify_one();
  return {};
}

Result<> Committer::exclusively(const std::function<Result<>(Writer&)>& fn) {
  const std::lock_guard lock(writer_mutex_);
  return fn(writer_);
}

Database::Stats Committer::stats() const {
  // finished before submitted, so that the difference is never negative.
  const std::uint64_t finished = finished_.load(std::memory_order_acquire);
  return {.commits = commits_.load(std::memory_order_relaxed),
          .operations = operations_.load(std::memory_order_relaxed),
          .bisected = bisected_.load(std::memory_order_relaxed),
          .waiting = submitted_.load(std::memory_order_relaxed) - finished,
          .round_trips = writer_.round_trips()};
}

void Committer::stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
    sleeping_ = false;
  }
  work_came_.notify_one();
  const std::lock_guard lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

void Committer::run() {
  std::vector<Waiting> taken;
  while (take(taken)) {
    for (std::span<Waiting> rest(taken); !rest.empty();) {
      const std::span<Waiting> batch = rest.first(std::min(rest.size(), batch_max_));
      rest = rest.subspan(batch.size());
      {
        const std::lock_guard lock(writer_mutex_);
        const auto begun = std::chrono::steady_clock::now();
        settle(batch);
        last_cost_ = std::chrono::steady_clock::now() - begun;
      }
      deliver(batch);
      const std::lock_guard lock(writer_mutex_);
      writer_.between_batches();
    }
    writer_.end_turn();
    taken.clear();
  }
}

bool Committer::take(std::vector<Waiting>& out) {
  std::unique_lock lock(queue_mutex_);
  while (queue_.empty() && !stopping_) {
    sleeping_ = true;
    const auto woken = [this] { return !sleeping_; };
    if (healthy()) {
      work_came_.wait(lock, woken);
    } else if (!work_came_.wait_for(lock, kProbeInterval, woken)) {
      sleeping_ = false;
      lock.unlock();
      probe();
      lock.lock();
    }
  }
  linger(lock);
  // Only now: who waits for more must not keep others from going on.
  if (!queue_.empty()) {
    lock.unlock();
    writer_.take_turn();
    lock.lock();
  }
  out.swap(queue_);
  last_batch_ = out.size();
  return !out.empty();
}

void Committer::linger(std::unique_lock<std::mutex>& lock) {
  const bool hopes = hopeless_batches_ == 0;
  if (!hopes) --hopeless_batches_;
  const bool is_small = writer_.is_dear() && last_batch_ < kManyInBatch;
  if (last_batch_ < (is_small ? kFewInBatch : kBusyBatch)) return;
  const std::size_t more = is_small ? last_batch_ : last_batch_ / 2;
  const std::size_t wanted = std::min(last_batch_ + (hopes ? more : 0), batch_max_);
  if (queue_.size() >= wanted || stopping_) return;
  const std::chrono::steady_clock::duration span =
      is_small
          ? std::clamp<std::chrono::steady_clock::duration>(2 * last_cost_, kLinger, kLingerMax)
          : kLinger;
  wake_at_ = wanted;
  const std::size_t before = queue_.size();
  work_came_.wait_for(lock, span, [this] { return wake_at_ == 0; });
  if (queue_.size() == before) hopeless_batches_ = kBatchesWithoutHope;
  wake_at_ = 0;
}

void Committer::probe() {
  const std::lock_guard lock(writer_mutex_);
  if (writer_.probe()) set_healthy(true);
}

void Committer::settle(std::span<Waiting> batch) {
  auto outcome = transact(batch);
  for (int i = 1; i < kTriesMax && !outcome && writer_.may_succeed_again(); ++i)
    outcome = transact(batch);
  if (outcome) return set_healthy(true);
  if (is_store_fault(outcome.error())) {
    set_healthy(false);
    return refuse_all(batch, outcome.error());
  }
  if (batch.size() == 1) {
    log::error("a write operation failed",
               {{"kind", batch[0].op->kind().name}, {"why", outcome.error().detail}});
    return refuse_all(batch, outcome.error());
  }
  bisected_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t half = batch.size() / 2;
  settle(batch.first(half));
  settle(batch.subspan(half));
}

Result<> Committer::transact(std::span<Waiting> batch) {
  regroup(batch);
  CHECK_OK(writer_.begin());
  if (auto applied = apply_groups(); !applied) {
    writer_.rollback();
    end_groups(/*committed=*/false);
    return applied;
  }
  reach_failpoints("commit.before");
  if (auto committed = decided(writer_.commit()); !committed) {
    writer_.rollback();
    // The transaction's bytes may be in the log, though not known to be on disk: a crash now could
    // bring it back after its callers were told that it failed. Another write takes its place in
    // the log.
    (void)writer_.probe();
    end_groups(/*committed=*/false);
    return committed;
  }
  end_groups(/*committed=*/true);
  reach_failpoints("commit.after");
  commits_.fetch_add(1, std::memory_order_relaxed);
  operations_.fetch_add(batch.size(), std::memory_order_relaxed);
  return {};
}

/// Waits, as long as it takes, until it is known what became of a transaction: its callers are
/// never told a guess. Others are refused meanwhile, because the writer takes no writes.
Result<> Committer::decided(Result<> committed) {
  while (!committed && writer_.is_undecided()) {
    set_healthy(false);
    writer_.end_turn();
    refuse_waiting();
    std::unique_lock lock(queue_mutex_);
    work_came_.wait_for(lock, kDecideInterval, [this] { return stopping_; });
    if (stopping_) return committed;
    lock.unlock();
    committed = writer_.decide();
  }
  return committed;
}

/// Of those that came before the writer knew that it takes no writes.
void Committer::refuse_waiting() {
  std::vector<Waiting> waiting;
  {
    const std::lock_guard lock(queue_mutex_);
    waiting.swap(queue_);
  }
  refuse_all(waiting, unreachable());
  deliver(waiting);
}

Result<> Committer::apply_groups() {
  for (const Group& group : groups_) {
    if (group.ops.empty()) continue;
    CHECK_OK(guarded_apply(*group.kind, writer_.connection(), group.ops));
  }
  return {};
}

void Committer::end_groups(bool committed) noexcept {
  for (const Group& group : groups_) {
    if (!group.ops.empty() && group.kind->ended != nullptr) group.kind->ended(group.ops, committed);
  }
}

void Committer::regroup(std::span<Waiting> batch) {
  for (Group& group : groups_) group.ops.clear();
  for (const Waiting& waiting : batch) group_of(waiting.op->kind()).ops.push_back(waiting.op);
}

Committer::Group& Committer::group_of(const WriteKind& kind) {
  for (Group& group : groups_) {
    if (group.kind == &kind) return group;
  }
  const auto goes_before = [](const WriteKind& a, const Group& b) {
    return std::tie(a.order, a.name) < std::tie(b.kind->order, b.kind->name);
  };
  const auto place = std::upper_bound(groups_.begin(), groups_.end(), kind, goes_before);
  return *groups_.insert(place, Group{&kind, {}});
}

void Committer::reach_failpoints(const char* stage) const {
  if (!failpoint_detail::armed.load(std::memory_order_relaxed)) return;
  failpoint(stage);
  for (const Group& group : groups_) {
    if (!group.ops.empty()) failpoint(std::string(stage) + "." + std::string(group.kind->name));
  }
}

void Committer::refuse_all(std::span<Waiting> batch, const Error& error) {
  for (Waiting& waiting : batch) waiting.error = std::make_unique<Error>(error);
}

void Committer::set_healthy(bool healthy) {
  if (healthy_.load(std::memory_order_relaxed) == healthy) return;
  healthy_.store(healthy, std::memory_order_relaxed);
  if (healthy) {
    log::info("the database takes writes again");
  } else {
    log::error("the database does not take writes");
  }
}

void Committer::deliver(std::span<Waiting> batch) {
  std::vector<Letter> letters;
  for (Waiting& waiting : batch) {
    if (waiting.home) {
      auto& finished = letter_to(waiting.home, letters).finished;
      finished.push_back({std::move(waiting.done), std::move(waiting.error)});
    }
  }
  finished_.fetch_add(batch.size(), std::memory_order_release);
  for (Letter& letter : letters) {
    const net::any_io_executor home = letter.home;
    net::post(home, std::move(letter));
  }
  for (Waiting& waiting : batch) {
    if (!waiting.home) waiting.done(result_of(std::move(waiting.error)));
  }
}

Committer::Letter& Committer::letter_to(const net::any_io_executor& home,
                                        std::vector<Letter>& letters) {
  for (Letter& letter : letters) {
    if (letter.home == home) return letter;
  }
  return letters.emplace_back(home);
}

void Committer::Letter::operator()() {
  for (Finished& one : finished) one.done(result_of(std::move(one.error)));
}

}  // namespace flowsell::store
