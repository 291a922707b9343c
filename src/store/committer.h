#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "driver.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::store {

/// Group commit: one thread that takes all operations which wait, and makes them durable in one
/// transaction. All functions may be called from every thread.
class Committer {
 public:
  using Done = std::move_only_function<void(Result<>)>;

  /// `writer` outlives it. `batch_max` operations at most share a transaction.
  Committer(Writer& writer, std::size_t batch_max);
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// `done` is posted to `home`; with an empty `home` it runs on the committer's thread. After
  /// stop() it is told kShuttingDown, and while the writer takes no writes kStoreUnavailable:
  /// posted to `home`, or else called at once.
  void submit(WriteOp& op, net::any_io_executor home, Done done);

  /// Runs `fn` while no transaction is open, on the caller's thread.
  Result<> exclusively(const std::function<Result<>(Writer&)>& fn);

  Database::Stats stats() const;
  bool healthy() const noexcept { return healthy_.load(std::memory_order_relaxed); }
  void stop();

 private:
  struct Waiting {
    WriteOp* op;
    net::any_io_executor home;
    Done done;
    std::unique_ptr<Error> error = nullptr;  ///< null: it was committed
  };
  struct Group {
    const WriteKind* kind;
    std::vector<WriteOp*> ops;
  };
  struct Finished {
    Done done;
    std::unique_ptr<Error> error;
  };
  /// All that one executor is told about one batch: one post, one wake-up.
  struct Letter {
    net::any_io_executor home;
    std::vector<Finished> finished;
    void operator()();
  };

  Result<> enqueue(WriteOp& op, net::any_io_executor& home, Done& done);
  void run();
  bool take(std::vector<Waiting>& out);
  void linger(std::unique_lock<std::mutex>& lock);
  void probe();
  void settle(std::span<Waiting> batch);
  Result<> transact(std::span<Waiting> batch);
  Result<> decided(Result<> committed);
  void refuse_waiting();
  Result<> apply_groups();
  void end_groups(bool committed) noexcept;
  void regroup(std::span<Waiting> batch);
  Group& group_of(const WriteKind& kind);
  void reach_failpoints(const char* stage) const;
  void refuse_all(std::span<Waiting> batch, const Error& error);
  void set_healthy(bool healthy);
  void deliver(std::span<Waiting> batch);
  static Letter& letter_to(const net::any_io_executor& home, std::vector<Letter>& letters);

  Writer& writer_;
  const std::size_t batch_max_;
  std::mutex writer_mutex_;    ///< held for one batch, or by exclusively()
  std::vector<Group> groups_;  ///< by (order, name); kept, so that a batch allocates nothing here

  std::mutex queue_mutex_;
  std::condition_variable work_came_;
  std::vector<Waiting> queue_;
  bool sleeping_ = false;
  bool stopping_ = false;
  std::size_t wake_at_ = 0;     ///< so many operations end a linger; 0: nobody lingers
  std::size_t last_batch_ = 0;  ///< of the committer's thread, as is the next
  std::chrono::steady_clock::duration last_cost_{};  ///< time of the last batch's transactions
  int hopeless_batches_ = 0;                         ///< still to come

  std::atomic<std::uint64_t> submitted_{0};
  std::atomic<std::uint64_t> finished_{0};
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> operations_{0};
  std::atomic<std::uint64_t> bisected_{0};
  std::atomic<bool> healthy_{true};

  std::mutex join_mutex_;
  std::thread thread_;  ///< last: it uses all of the above
};

}  // namespace flowsell::store
