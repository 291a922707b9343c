#include "messaging/waiters.h"

#include <gtest/gtest.h>

#include "testkit/io.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;

MessageId message(std::uint8_t n) {
  IdBytes bytes{};
  bytes[15] = n;
  return MessageId(bytes);
}

class WaitersTest : public testing::Test {
 protected:
  WaitersTest() { pool_.start(); }
  ~WaitersTest() override { pool_.stop(); }
  net::any_io_executor executor() { return pool_.context(0).get_executor(); }
  /// Begins to wait on the pool, and gives the answer later.
  std::future<bool> begin(Waiters::Wait& wait, std::chrono::milliseconds span) {
    return net::co_spawn(executor(), wait.until(std::chrono::steady_clock::now() + span),
                         net::use_future);
  }

  runtime::IoPool pool_{1};
  Waiters waiters_;
};

TEST_F(WaitersTest, NotifiedWaitEnds) {
  Waiters::Wait wait(waiters_, message(1), executor());
  auto ended = begin(wait, testkit::kPatience);
  waiters_.notify(message(1), "");
  EXPECT_TRUE(ended.get());
}

TEST_F(WaitersTest, NotificationBeforeTheWaitIsNotLost) {
  Waiters::Wait wait(waiters_, message(1), executor());
  waiters_.notify(message(1), "");
  EXPECT_TRUE(
      testkit::run(pool_, wait.until(std::chrono::steady_clock::now() + testkit::kPatience)));
}

TEST_F(WaitersTest, WaitIsOverWhenItsTimeIs) {
  Waiters::Wait wait(waiters_, message(1), executor());
  EXPECT_FALSE(begin(wait, 0ms).get());
}

TEST_F(WaitersTest, AnotherMessageEndsNothing) {
  Waiters::Wait wait(waiters_, message(1), executor());
  waiters_.notify(message(2), "");
  EXPECT_FALSE(begin(wait, 0ms).get());
}

TEST_F(WaitersTest, AllWaitsOfAMessageEnd) {
  Waiters::Wait first(waiters_, message(1), executor());
  Waiters::Wait second(waiters_, message(1), executor());
  auto one = begin(first, testkit::kPatience);
  auto two = begin(second, testkit::kPatience);
  waiters_.notify(message(1), "");
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
}

TEST_F(WaitersTest, DetailReachesTheWait) {
  Waiters::Wait wait(waiters_, message(1), executor());
  auto ended = begin(wait, testkit::kPatience);
  waiters_.notify(message(1), "the provider's words");
  ASSERT_TRUE(ended.get());
  EXPECT_EQ(wait.detail(), "the provider's words");
}

TEST_F(WaitersTest, WaitThatWasGivenUpIsNotTouched) {
  {
    const Waiters::Wait wait(waiters_, message(1), executor());
  }
  waiters_.notify(message(1), "");
  Waiters::Wait later(waiters_, message(1), executor());
  EXPECT_FALSE(begin(later, 0ms).get());
}

}  // namespace
}  // namespace flowsell::messaging
