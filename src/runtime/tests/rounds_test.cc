#include "runtime/rounds.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <optional>
#include <utility>

#include "runtime/io_pool.h"

namespace flowsell::runtime {
namespace {

using namespace std::chrono_literals;

using First = Rounds::First;

/// Rounds on a thread of their own, whose body each test gives.
class RoundsTest : public testing::Test {
 protected:
  ~RoundsTest() override { end(); }
  Rounds& start(std::chrono::seconds pause, First first, std::function<Awaitable<void>()> round) {
    pool_.start();
    rounds_.emplace(pool_.context(0).get_executor(), "a test's", pause, first, std::move(round));
    rounds_->start();
    return *rounds_;
  }
  /// Counts itself, and does something besides.
  Rounds& count(std::chrono::seconds pause, First first, std::function<void()> also = [] {}) {
    return start(pause, first, [this, also = std::move(also)]() -> Awaitable<void> {
      if (++count_ == awaited_) came_.set_value();
      also();
      co_return;
    });
  }
  bool has_come() { return came_.get_future().wait_for(60s) == std::future_status::ready; }
  void end() {
    if (!rounds_) return;
    rounds_->stop();
    EXPECT_TRUE(rounds_->wait(60s));
  }

  IoPool pool_{1};
  std::promise<void> came_;
  int awaited_ = 1;  ///< the round that has_come() is about
  std::atomic<int> count_{0};
  std::optional<Rounds> rounds_;
};

TEST_F(RoundsTest, TheFirstComesAtOnceWhereThatIsAskedFor) {
  count(1h, First::kAtOnce);
  EXPECT_TRUE(has_come());
}

TEST_F(RoundsTest, StopEndsThePauseBeforeTheFirst) {
  count(1h, First::kAfterThePause);
  end();
  EXPECT_EQ(count_, 0);
}

TEST_F(RoundsTest, TheyComeAgain) {
  awaited_ = 3;
  count(0s, First::kAtOnce);
  EXPECT_TRUE(has_come());
  rounds_->stop();
  rounds_->stop();
}

TEST_F(RoundsTest, WakeEndsThePause) {
  count(1h, First::kAfterThePause).wake();
  EXPECT_TRUE(has_come());
}

TEST_F(RoundsTest, OneThatWakesItselfIsFollowedAtOnce) {
  awaited_ = 2;
  count(1h, First::kAtOnce, [this] {
    if (count_ == 1) rounds_->wake();
  });
  EXPECT_TRUE(has_come());
}

TEST_F(RoundsTest, PauseCanBeAnotherOnce) {
  awaited_ = 2;
  count(1h, First::kAtOnce, [this] {
    if (count_ == 1) rounds_->pause_once(0s);
  });
  EXPECT_TRUE(has_come());
}

TEST_F(RoundsTest, ALongOneHearsThatItShouldEnd) {
  start(1h, First::kAtOnce, [this]() -> Awaitable<void> {
    came_.set_value();
    net::steady_timer timer(co_await net::this_coro::executor);
    while (!rounds_->is_stopping()) {
      timer.expires_after(1ms);
      co_await timer.async_wait(use_result);
    }
  });
  EXPECT_TRUE(has_come());
  EXPECT_FALSE(rounds_->wait(0ms));
}

}  // namespace
}  // namespace flowsell::runtime
