#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "jobs.h"
#include "outbox/outbox.h"
#include "testkit/database.h"
#include "testkit/io.h"
#include "testkit/skipping_clock.h"

namespace flowsell::outbox {

/// Does nothing with its jobs but write down that they ran, and end them as a test says.
class FakeHandler final : public JobHandler {
 public:
  FakeHandler(store::Database& db, Outbox& outbox, const Clock& clock)
      : db_(db), outbox_(outbox), clock_(clock) {}

  GroupPolicy policy(const GroupId&) override { return group_policy; }
  Result<> on_claimed(store::Connection& db, const Job&, Time) override {
    return when_claimed ? when_claimed(db) : Result<>();
  }
  Awaitable<Disposition> attempt(Job job) override;
  Result<> recover(store::Connection& db, Job job, FoundIn, Time) override;
  Result<bool> give_up(store::Connection&, const Job& job, Time) override;

  /// The next `times` attempts of a job are to be made again at once.
  void retry(std::uint32_t number, int times);
  /// Attempts wait from now on, until let_go().
  void hold();
  void let_go();
  /// The numbers of the jobs in the order of their attempts, as soon as there are `count`.
  std::vector<std::uint32_t> wait_for_attempts(std::size_t count);
  /// True as soon as `count` jobs are done for good.
  bool wait_for_done(std::size_t count);

  GroupPolicy group_policy;
  std::function<Result<>(store::Connection&)> when_claimed;
  std::vector<std::uint32_t> recovered;
  std::vector<std::uint32_t> given_up;
  std::set<std::uint32_t> kept;  ///< of those that are asked for, these stay

 private:
  bool must_retry(std::uint32_t number);
  store::Database& db_;
  Outbox& outbox_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::uint32_t> attempts_;
  std::map<std::uint32_t, int> retries_;
  std::size_t done_ = 0;
  bool holding_ = false;
};

/// A real database, a real pool of two threads, an outbox with a fake handler.
struct OutboxFixture {
  OutboxFixture();
  ~OutboxFixture();

  /// What a room does to accept a job: a slot, a row, and the attempt or a place in the queue.
  Awaitable<void> accept(std::uint32_t number, Lane lane);
  void accept_now(std::uint32_t number, Lane lane) { testkit::run(pool, accept(number, lane)); }
  /// A row as an earlier process left it.
  void leave(const Job& job, JobState state);
  std::vector<std::int64_t> states();
  std::vector<std::int64_t> attempts();

  testkit::TempFolder folder;
  testkit::SkippingClock clock;
  metrics::Registry metrics;
  runtime::IoPool pool{2};
  std::unique_ptr<store::Database> db = testkit::open_database(folder, {migrations()});
  Outbox outbox{*db, clock, pool, metrics};
  FakeHandler handler{*db, outbox, clock};
};

}  // namespace flowsell::outbox
