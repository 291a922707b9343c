#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <type_traits>
#include <utility>

#include "runtime/task.h"

namespace flowsell::runtime {

/// Runs blocking `work` on `pool` and resumes on the caller's executor. Not cancellable: the caller
/// waits for `work` to end, so it must be short and bounded. It must not throw.
template <class F, class R = std::invoke_result_t<F&>>
Awaitable<R> run_blocking(net::thread_pool& pool, F work) {
  auto start = [&pool, work = std::move(work)](auto handler) mutable {
    auto home = net::make_work_guard(net::get_associated_executor(handler));
    net::post(pool, [home, work = std::move(work), handler = std::move(handler)]() mutable {
      auto resume = [handler = std::move(handler), result = work()]() mutable {
        std::move(handler)(std::move(result));
      };
      net::dispatch(home.get_executor(), std::move(resume));
    });
  };
  // co_spawn(pool, ...) would be shorter, but its cancellation crosses threads.
  co_return co_await net::async_initiate<const net::use_awaitable_t<>, void(R)>(std::move(start),
                                                                                net::use_awaitable);
}

}  // namespace flowsell::runtime
