#include "outbox_fixture.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace flowsell::outbox {
namespace {

using namespace std::chrono_literals;

const store::Sql kStates(
    "SELECT state FROM (SELECT id, state FROM queued_jobs UNION ALL SELECT id, 1 FROM "
    "claimed_jobs) AS jobs ORDER BY id");
const store::Sql kAttempts(
    "SELECT attempt FROM (SELECT id, attempt FROM queued_jobs UNION ALL SELECT id, attempt FROM "
    "claimed_jobs) AS jobs ORDER BY id");

struct InsertOp final : store::WriteOp {
  InsertOp();
  Job job;
  JobState state = JobState::kReady;
};

Result<> apply_inserts(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    auto& op = store::as<InsertOp>(each);
    TRY(op.state, insert_job(db, op.job, op.state));
  }
  return {};
}
// In the places that accept and settle have.
constexpr store::WriteKind kInsertKind{"test_insert", 10, apply_inserts};
InsertOp::InsertOp() : WriteOp(kInsertKind) {}

struct EndOp final : store::WriteOp {
  EndOp();
  Job job;
  std::optional<Time> due;
  bool promote = false;
  std::optional<JobRef> promoted;
};

Result<> apply_ends(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    auto& op = store::as<EndOp>(each);
    if (op.due) {
      CHECK_OK(requeue_job(db, op.job, *op.due));
    } else {
      CHECK_OK(end_job(db, op.job.id));
      if (op.promote) {
        TRY(op.promoted, promote_lane(db, {op.job.group, op.job.lane}));
      }
    }
  }
  return {};
}
constexpr store::WriteKind kEndKind{"test_end", 30, apply_ends};
EndOp::EndOp() : WriteOp(kEndKind) {}

}  // namespace

bool FakeHandler::must_retry(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = retries_.find(number);
  return found != retries_.end() && found->second-- > 0;
}

Awaitable<Disposition> FakeHandler::attempt(Job job) {
  const std::uint32_t number = number_of(job.id);
  {
    const std::lock_guard lock(mutex_);
    attempts_.push_back(number);
  }
  changed_.notify_all();
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (!holding_) break;
    }
    co_await net::post(co_await net::this_coro::executor, net::use_awaitable);
  }
  EndOp op;
  op.job = job;
  if (must_retry(number)) op.due = clock_.now();
  op.promote = outbox_.has_queue(job.group);
  const auto stored = co_await db_.commit(op);
  Disposition how;
  how.promoted = op.promoted;
  if (op.due) {
    how.kind = Disposition::Kind::kRetry;
    how.due = *op.due;
  } else if (stored) {
    const std::lock_guard lock(mutex_);
    ++done_;
  }
  changed_.notify_all();
  co_return how;
}

Result<> FakeHandler::recover(store::Connection& db, Job job, FoundIn, Time) {
  recovered.push_back(number_of(job.id));
  return finish_job(db, job);
}

Result<bool> FakeHandler::give_up(store::Connection&, const Job& job, Time) {
  const std::uint32_t number = number_of(job.id);
  if (kept.contains(number)) return false;
  given_up.push_back(number);
  return true;
}

void FakeHandler::retry(std::uint32_t number, int times) {
  const std::lock_guard lock(mutex_);
  retries_[number] = times;
}

void FakeHandler::hold() {
  const std::lock_guard lock(mutex_);
  holding_ = true;
}

void FakeHandler::let_go() {
  const std::lock_guard lock(mutex_);
  holding_ = false;
}

std::vector<std::uint32_t> FakeHandler::wait_for_attempts(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, testkit::kPatience, [&] { return attempts_.size() >= count; });
  return attempts_;
}

bool FakeHandler::wait_for_done(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, testkit::kPatience, [&] { return done_ >= count; });
}

OutboxFixture::OutboxFixture() {
  outbox.set_handler(JobKind::kSend, handler);
  pool.start();
}

OutboxFixture::~OutboxFixture() {
  handler.let_go();
  outbox.stop(testkit::kPatience);
  pool.stop();
  db->stop();
}

Awaitable<void> OutboxFixture::accept(std::uint32_t number, Lane lane) {
  auto slot = outbox.reserve(JobKind::kSend, group_id(1), lane);
  InsertOp op;
  op.job = a_job(number, lane, clock.now());
  op.state = slot.state;
  if (!co_await db->commit(op)) throw std::runtime_error("a job could not be inserted");
  const JobId id = op.job.id;
  if (op.state == JobState::kClaimed) {
    auto attempt = handler.attempt(op.job);
    outbox.start(std::move(slot), id, co_await net::this_coro::executor, std::move(attempt));
  } else {
    outbox.enqueued(std::move(slot), id, op.job.due, op.state);
  }
}

void OutboxFixture::leave(const Job& job, JobState state) {
  const auto done = testkit::write(*db, [&](store::Connection& connection) -> Result<> {
    CHECK_OK(insert_job(connection, job, state));
    return {};
  });
  if (!done) throw std::runtime_error(done.error().detail);
}

std::vector<std::int64_t> OutboxFixture::states() { return testkit::numbers(*db, kStates); }
std::vector<std::int64_t> OutboxFixture::attempts() { return testkit::numbers(*db, kAttempts); }

}  // namespace flowsell::outbox
