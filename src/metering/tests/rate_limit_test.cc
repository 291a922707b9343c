#include "metering/rate_limit.h"

#include <gtest/gtest.h>

namespace flowsell::metering {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

ApiKeyId key(std::uint8_t n) {
  IdBytes bytes{};
  bytes[15] = n;
  return ApiKeyId(bytes);
}

RateLimit::Decision take(RateLimit& limit, int times, SteadyTime at = kStart) {
  RateLimit::Decision last;
  for (int i = 0; i < times; ++i) last = limit.take(key(1).bytes(), at);
  return last;
}

TEST(RateLimit, ZeroIsNoLimit) {
  RateLimit limit(0);
  EXPECT_TRUE(take(limit, 1000).admitted);
}

TEST(RateLimit, WindowMayBeLonger) {
  RateLimit limit(6, 60s);
  EXPECT_TRUE(take(limit, 6).admitted);
  const auto refused = take(limit, 1);
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.reset, 10s);
  EXPECT_FALSE(take(limit, 1, kStart + 9s).admitted);
  EXPECT_TRUE(take(limit, 1, kStart + 10s).admitted);
  EXPECT_FALSE(take(limit, 1, kStart + 10s).admitted);
}

TEST(RateLimit, WholeSecondsRequestsAreAdmittedAtOnce) {
  RateLimit limit(10);
  EXPECT_TRUE(take(limit, 10).admitted);
}

TEST(RateLimit, OneMoreIsRefused) {
  RateLimit limit(10);
  EXPECT_FALSE(take(limit, 11).admitted);
}

TEST(RateLimit, RemainingCountsDownToNothing) {
  RateLimit limit(2);
  EXPECT_EQ(take(limit, 1).remaining, 1);
  EXPECT_EQ(take(limit, 1).remaining, 0);
}

TEST(RateLimit, RoomComesBackOneByOne) {
  RateLimit limit(10);
  take(limit, 10);
  EXPECT_FALSE(limit.take(key(1).bytes(), kStart + 100ms - 1ns).admitted);
  EXPECT_TRUE(limit.take(key(1).bytes(), kStart + 100ms).admitted);
}

TEST(RateLimit, RefusalUsesNothing) {
  RateLimit limit(10);
  take(limit, 100);
  EXPECT_TRUE(limit.take(key(1).bytes(), kStart + 100ms).admitted);
}

TEST(RateLimit, KeysAreLimitedApart) {
  RateLimit limit(1);
  take(limit, 1);
  EXPECT_TRUE(limit.take(key(2).bytes(), kStart).admitted);
}

TEST(RateLimit, RefusalSaysWhenToComeBackInWholeSeconds) {
  RateLimit limit(1);
  take(limit, 1);
  EXPECT_EQ(take(limit, 1).reset, 1s);
}

TEST(RateLimit, LongPauseSavesNoMoreThanOneSecond) {
  RateLimit limit(2);
  take(limit, 2);
  EXPECT_FALSE(take(limit, 3, kStart + 1h).admitted);
}

TEST(RateLimit, KeyMayHaveALimitOfItsOwn) {
  RateLimit limit(10);
  EXPECT_TRUE(limit.take(key(1).bytes(), kStart, 2).admitted);
  EXPECT_EQ(limit.take(key(1).bytes(), kStart, 2).per_window, 2);
  EXPECT_FALSE(limit.take(key(1).bytes(), kStart, 2).admitted);
}

TEST(RateLimit, LimitOfItsOwnHoldsWhereAllHaveNone) {
  RateLimit limit(0);
  EXPECT_TRUE(limit.take(key(1).bytes(), kStart, 1).admitted);
  EXPECT_FALSE(limit.take(key(1).bytes(), kStart, 1).admitted);
}

}  // namespace
}  // namespace flowsell::metering
