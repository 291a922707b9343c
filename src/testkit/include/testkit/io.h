#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

#include "runtime/io_pool.h"
#include "runtime/task.h"

namespace flowsell::testkit {

/// How long a test waits for what must come, on a busy machine too: only one that fails waits so
/// long.
constexpr std::chrono::seconds kPatience{60};

/// Runs one coroutine on the pool's first context and gives its result. Throws when it takes longer
/// than kPatience.
template <class T>
T run(runtime::IoPool& pool, Awaitable<T> work) {
  auto done = net::co_spawn(pool.context(0), std::move(work), net::use_future);
  if (done.wait_for(kPatience) != std::future_status::ready)
    throw std::runtime_error("a coroutine did not end");
  return done.get();
}

/// True as soon as `fact()` is; false when it is not within kPatience. For facts that nothing
/// signals.
template <class F>
bool eventually(F fact) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!fact()) {
    if (std::chrono::steady_clock::now() > end) return false;
    // Whoever brings the fact about needs the core.
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

}  // namespace flowsell::testkit
