#include "runtime/io_pool.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include "runtime/spawn.h"

namespace flowsell::runtime {
namespace {

std::thread::id thread_of(boost::asio::io_context& io) {
  std::promise<std::thread::id> promise;
  auto future = promise.get_future();
  boost::asio::post(io, [&promise] { promise.set_value(std::this_thread::get_id()); });
  return future.get();
}

TEST(IoPool, EachContextHasAThreadOfItsOwn) {
  IoPool pool(2);
  pool.start();
  EXPECT_NE(thread_of(pool.context(0)), thread_of(pool.context(1)));
}

TEST(IoPool, AContextStaysOnItsThread) {
  IoPool pool(1);
  pool.start();
  EXPECT_EQ(thread_of(pool.context(0)), thread_of(pool.context(0)));
}

Awaitable<void> sleep_long(std::shared_ptr<int> held) {
  boost::asio::steady_timer timer(co_await net::this_coro::executor, std::chrono::hours(1));
  co_await timer.async_wait(use_result);
  ++*held;
}

TEST(IoPool, StopDoesNotWaitForWhatStillWaits) {
  IoPool pool(1);
  pool.start();
  spawn_logged(pool.context(0).get_executor(), sleep_long(std::make_shared<int>(0)), "sleep");
  thread_of(pool.context(0));
  pool.stop();
  EXPECT_TRUE(pool.context(0).stopped());
}

TEST(IoPool, ItsEndDestroysSuspendedCoroutines) {
  const auto held = std::make_shared<int>(0);
  {
    IoPool pool(1);
    pool.start();
    spawn_logged(pool.context(0).get_executor(), sleep_long(held), "sleep");
    thread_of(pool.context(0));
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(IoPool, StopTwiceIsStopOnce) {
  IoPool pool(1);
  pool.start();
  pool.stop();
  EXPECT_NO_THROW(pool.stop());
}

Awaitable<void> throwing() {
  throw std::runtime_error("private");
  co_return;
}

TEST(SpawnLogged, AnExceptionIsLoggedWithoutItsText) {
  testing::internal::CaptureStderr();
  {
    boost::asio::io_context io(1);
    spawn_logged(io.get_executor(), throwing(), "the task");
    io.run();
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("the task"), std::string::npos);
  EXPECT_EQ(log.find("private"), std::string::npos);
}

}  // namespace
}  // namespace flowsell::runtime
