#include "runtime/blocking.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <thread>

#include "runtime/spawn.h"

namespace flowsell::runtime {
namespace {

struct Seen {
  std::thread::id worked_on;
  std::thread::id resumed_on;
  std::string result;
};

Awaitable<void> observe(net::thread_pool& pool, Seen& seen) {
  seen.result = co_await run_blocking(pool, [&seen] {
    seen.worked_on = std::this_thread::get_id();
    return std::string("done");
  });
  seen.resumed_on = std::this_thread::get_id();
}

class RunBlocking : public testing::Test {
 protected:
  void run() {
    spawn_logged(io_.get_executor(), observe(pool_, seen_), "observe");
    io_.run();
  }
  net::io_context io_{1};
  net::thread_pool pool_{1};
  Seen seen_;
};

TEST_F(RunBlocking, HandsTheResultToTheCaller) {
  run();
  EXPECT_EQ(seen_.result, "done");
}

TEST_F(RunBlocking, WorksOnAnotherThread) {
  run();
  EXPECT_NE(seen_.worked_on, std::this_thread::get_id());
}

TEST_F(RunBlocking, ResumesOnTheCallersThread) {
  run();
  EXPECT_EQ(seen_.resumed_on, std::this_thread::get_id());
}

Awaitable<void> take_movable(net::thread_pool& pool, int& got) {
  auto work = [value = std::make_unique<int>(7)]() mutable { return std::move(value); };
  const std::unique_ptr<int> result = co_await run_blocking(pool, std::move(work));
  got = *result;
}

TEST_F(RunBlocking, MovesWorkAndResult) {
  int got = 0;
  spawn_logged(io_.get_executor(), take_movable(pool_, got), "movable");
  io_.run();
  EXPECT_EQ(got, 7);
}

}  // namespace
}  // namespace flowsell::runtime
