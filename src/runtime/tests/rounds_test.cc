#include "runtime/rounds.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "runtime/io_pool.h"

namespace flowsell::runtime {
namespace {

using namespace std::chrono_literals;

TEST(Rounds, TheFirstComesAtOnceWhereThatIsAskedFor) {
  IoPool pool(1);
  pool.start();
  std::promise<void> came;
  Rounds rounds(pool.context(0).get_executor(), "a test's", 1h, Rounds::First::kAtOnce,
                [&]() -> Awaitable<void> {
                  came.set_value();
                  co_return;
                });
  rounds.start();
  EXPECT_EQ(came.get_future().wait_for(10s), std::future_status::ready);
  rounds.stop();
  EXPECT_TRUE(rounds.wait(10s));
}

TEST(Rounds, StopEndsThePauseBeforeTheFirst) {
  IoPool pool(1);
  pool.start();
  std::atomic<int> count{0};
  Rounds rounds(pool.context(0).get_executor(), "a test's", 1h, Rounds::First::kAfterThePause,
                [&]() -> Awaitable<void> {
                  ++count;
                  co_return;
                });
  rounds.start();
  rounds.stop();
  EXPECT_TRUE(rounds.wait(10s));
  EXPECT_EQ(count, 0);
}

TEST(Rounds, TheyComeAgain) {
  IoPool pool(1);
  pool.start();
  std::promise<void> third;
  int count = 0;
  Rounds rounds(pool.context(0).get_executor(), "a test's", 0s, Rounds::First::kAtOnce,
                [&]() -> Awaitable<void> {
                  if (++count == 3) third.set_value();
                  co_return;
                });
  rounds.start();
  EXPECT_EQ(third.get_future().wait_for(10s), std::future_status::ready);
  rounds.stop();
  rounds.stop();
  EXPECT_TRUE(rounds.wait(10s));
}

TEST(Rounds, WakeEndsThePause) {
  IoPool pool(1);
  pool.start();
  std::promise<void> came;
  Rounds rounds(pool.context(0).get_executor(), "a test's", 1h, Rounds::First::kAfterThePause,
                [&]() -> Awaitable<void> {
                  came.set_value();
                  co_return;
                });
  rounds.start();
  rounds.wake();
  EXPECT_EQ(came.get_future().wait_for(10s), std::future_status::ready);
  rounds.stop();
  EXPECT_TRUE(rounds.wait(10s));
}

TEST(Rounds, OneThatWakesItselfIsFollowedAtOnce) {
  IoPool pool(1);
  pool.start();
  std::promise<void> second;
  Rounds* woken = nullptr;
  int count = 0;
  Rounds rounds(pool.context(0).get_executor(), "a test's", 1h, Rounds::First::kAtOnce,
                [&]() -> Awaitable<void> {
                  if (++count == 1) woken->wake();
                  if (count == 2) second.set_value();
                  co_return;
                });
  woken = &rounds;
  rounds.start();
  EXPECT_EQ(second.get_future().wait_for(10s), std::future_status::ready);
  rounds.stop();
  EXPECT_TRUE(rounds.wait(10s));
}

TEST(Rounds, PauseCanBeAnotherOnce) {
  IoPool pool(1);
  pool.start();
  std::promise<void> second;
  Rounds* asked = nullptr;
  int count = 0;
  Rounds rounds(pool.context(0).get_executor(), "a test's", 1h, Rounds::First::kAtOnce,
                [&]() -> Awaitable<void> {
                  if (++count == 1) asked->pause_once(0s);
                  if (count == 2) second.set_value();
                  co_return;
                });
  asked = &rounds;
  rounds.start();
  EXPECT_EQ(second.get_future().wait_for(10s), std::future_status::ready);
  rounds.stop();
  EXPECT_TRUE(rounds.wait(10s));
}

TEST(Rounds, ALongOneHearsThatItShouldEnd) {
  IoPool pool(1);
  pool.start();
  std::promise<void> began;
  Rounds* asked = nullptr;
  Rounds rounds(pool.context(0).get_executor(), "a test's", 1h, Rounds::First::kAtOnce,
                [&]() -> Awaitable<void> {
                  began.set_value();
                  net::steady_timer timer(co_await net::this_coro::executor);
                  while (!asked->is_stopping()) {
                    timer.expires_after(1ms);
                    co_await timer.async_wait(use_result);
                  }
                });
  asked = &rounds;
  rounds.start();
  EXPECT_EQ(began.get_future().wait_for(10s), std::future_status::ready);
  EXPECT_FALSE(rounds.wait(0ms));
  rounds.stop();
  EXPECT_TRUE(rounds.wait(10s));
}

}  // namespace
}  // namespace flowsell::runtime
