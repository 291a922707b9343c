#include "runtime/deadline_watch.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

namespace flowsell::runtime {
namespace {

using namespace std::chrono_literals;

class DeadlineWatchTest : public testing::Test {
 protected:
  boost::asio::io_context io_{1};
  DeadlineWatch watch_{io_};
};

TEST_F(DeadlineWatchTest, WithoutADeadlineNothingIsWaitedFor) {
  const Deadline deadline(watch_, [] {});
  EXPECT_EQ(io_.run(), 0U);
}

TEST_F(DeadlineWatchTest, ExpiryRunsOnce) {
  int expired = 0;
  Deadline deadline(watch_, [&] { ++expired; });
  deadline.set_after(1ms);
  io_.run();
  EXPECT_EQ(expired, 1);
}

TEST_F(DeadlineWatchTest, NeverExpiresEarly) {
  const auto start = std::chrono::steady_clock::now();
  auto expired_at = start;
  Deadline deadline(watch_, [&] { expired_at = std::chrono::steady_clock::now(); });
  deadline.set(start + 15ms);
  io_.run();
  EXPECT_GE(expired_at - start, 15ms);
}

TEST_F(DeadlineWatchTest, AClearedDeadlineDoesNotExpire) {
  int expired = 0;
  Deadline deadline(watch_, [&] { ++expired; });
  deadline.set_after(1ms);
  deadline.clear();
  io_.run();
  EXPECT_EQ(expired, 0);
}

TEST_F(DeadlineWatchTest, AMovedDeadlineExpiresAtItsNewTime) {
  const auto start = std::chrono::steady_clock::now();
  auto expired_at = start;
  Deadline deadline(watch_, [&] { expired_at = std::chrono::steady_clock::now(); });
  deadline.set(start + 1ms);
  deadline.set(start + 30ms);
  io_.run();
  EXPECT_GE(expired_at - start, 30ms);
}

TEST_F(DeadlineWatchTest, AnEarlierDeadlineIsNotHeldUpByALaterOne) {
  std::vector<int> order;
  Deadline late(watch_, [&] { order.push_back(2); });
  Deadline early(watch_, [&] {
    order.push_back(1);
    late.clear();
  });
  late.set_after(1h);
  early.set_after(1ms);
  io_.run();
  EXPECT_EQ(order, std::vector<int>{1});
}

TEST_F(DeadlineWatchTest, AnExpiryMayDestroyItselfAndItsNeighbours) {
  std::vector<std::unique_ptr<Deadline>> deadlines;
  int expired = 0;
  for (int i = 0; i < 3; ++i) {
    deadlines.push_back(std::make_unique<Deadline>(watch_, [&] {
      ++expired;
      deadlines.clear();
    }));
    deadlines.back()->set_after(1ms);
  }
  io_.run();
  EXPECT_EQ(expired, 1);
}

TEST_F(DeadlineWatchTest, AnExpiryMaySetItsDeadlineAgain) {
  int expired = 0;
  std::unique_ptr<Deadline> deadline;
  deadline = std::make_unique<Deadline>(watch_, [&] {
    if (++expired < 3) deadline->set_after(1ms);
  });
  deadline->set_after(1ms);
  io_.run();
  EXPECT_EQ(expired, 3);
}

TEST(DeadlineWatchEnd, AWaitThatOutlivesTheWatchDoesNothing) {
  boost::asio::io_context io(1);
  auto watch = std::make_unique<DeadlineWatch>(io);
  auto deadline = std::make_unique<Deadline>(*watch, [] { FAIL(); });
  deadline->set_after(1ms);
  deadline.reset();
  watch.reset();
  io.run();
}

}  // namespace
}  // namespace flowsell::runtime
