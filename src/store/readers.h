#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "driver.h"
#include "runtime/task.h"

namespace flowsell::store {

/// Threads that read, each with its own connection. All functions may be called from every thread.
class Readers {
 public:
  using Done = std::move_only_function<void(Result<>)>;
  using Read = std::function<void(Connection&)>;
  /// More waiting reads than this are refused with kOverloaded: their callers' deadlines would pass
  /// in the queue.
  static constexpr std::size_t kWaitingMax = 1024;

  explicit Readers(std::vector<std::unique_ptr<Reader>> readers);
  ~Readers();
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  /// Runs `read` in a transaction of its own, so that all its queries see one state. `done` is
  /// posted to `home`; with an empty `home` it runs on the reader's thread (or at once, when
  /// refused).
  void submit(Read read, net::any_io_executor home, Done done);

  /// Runs what waits, then refuses with kShuttingDown. Blocking.
  void stop();

 private:
  struct Job {
    Read read;
    net::any_io_executor home;
    Done done;
  };
  void run(Reader& reader);
  bool take(Job& out);
  static void tell(const net::any_io_executor& home, Done done, Result<> result);

  std::vector<std::unique_ptr<Reader>> readers_;
  std::mutex queue_mutex_;
  std::condition_variable work_came_;
  std::deque<Job> queue_;
  bool stopping_ = false;

  std::mutex join_mutex_;
  std::vector<std::thread> threads_;
};

}  // namespace flowsell::store
