#pragma once

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "runtime/task.h"

namespace flowsell::runtime {

/// A few threads for work that blocks or takes long, and that no request path may do on its own
/// thread. Thread-safe.
class Workers {
 public:
  /// `waiting_max`: what runs and waits together; what comes beyond it is refused.
  Workers(std::size_t threads, std::size_t waiting_max)
      : waiting_max_(waiting_max), pool_(threads) {}

  /// Runs `work` on a thread of ours; resumes on the caller's executor. `work` must not throw; it
  /// returns a Result. Not cancellable. Fails with kOverloaded where too much waits.
  template <class F, class R = std::invoke_result_t<F&>>
  Awaitable<R> run(F work) {
    if (waiting_.fetch_add(1) >= waiting_max_) {
      --waiting_;
      Error refused{ErrorCode::kOverloaded, "too much work of this sort waits"};
      refused.retry_after = std::chrono::seconds(1);
      co_return std::unexpected(std::move(refused));
    }
    auto start = [this, &work](auto handler) {
      auto home = net::make_work_guard(net::get_associated_executor(handler));
      net::post(pool_, [home, &work, handler = std::move(handler)]() mutable {
        auto resume = [handler = std::move(handler), result = work()]() mutable {
          std::move(handler)(std::move(result));
        };
        net::post(home.get_executor(), std::move(resume));
      });
    };
    auto result = co_await net::async_initiate<const net::use_awaitable_t<>, void(R)>(
        std::move(start), net::use_awaitable);
    --waiting_;
    co_return result;
  }

  /// Waits for what runs; what waits is not run, and its callers don't resume: call it once their
  /// executors have stopped, or will.
  void stop() {
    pool_.stop();
    pool_.join();
  }

 private:
  const std::size_t waiting_max_;
  std::atomic<std::size_t> waiting_{0};
  net::thread_pool pool_;
};

}  // namespace flowsell::runtime
