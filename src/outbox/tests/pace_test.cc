#include "outbox/pace.h"

#include <gtest/gtest.h>

namespace flowsell::outbox {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};
constexpr Lane kLane = 1;

/// How many begin in `span` when as many as may begin do, looked at every millisecond.
std::size_t begun_in(Pace pace, std::chrono::milliseconds span) {
  std::size_t begun = 0;
  for (auto t = kStart; t < kStart + span; t += 1ms) {
    for (auto n = pace.available(t); n > 0; --n, ++begun) pace.take(t);
  }
  return begun;
}

TEST(Pace, ZeroIsNoLimit) {
  Pace pace(0);
  pace.take(kStart);
  EXPECT_TRUE(pace.unlimited());
  EXPECT_EQ(pace.available(kStart), SIZE_MAX);
}

TEST(Pace, IdleSenderMayBeginATenthOfASecondAtOnce) { EXPECT_EQ(Pace(80).available(kStart), 8U); }

TEST(Pace, SlowSenderMayBeginOne) { EXPECT_EQ(Pace(1).available(kStart), 1U); }

TEST(Pace, BlockIsRoundedUpSoThatTheRateIsReached) { EXPECT_EQ(Pace(15).available(kStart), 2U); }

TEST(Pace, WholeBlockIsNotRoundedUp) { EXPECT_EQ(Pace(30).available(kStart), 3U); }

TEST(Pace, UsedBlockLeavesNothing) {
  Pace pace(80);
  for (int i = 0; i < 8; ++i) pace.take(kStart);
  EXPECT_EQ(pace.available(kStart), 0U);
}

TEST(Pace, NextOneComesAfterItsInterval) {
  Pace pace(1);
  pace.take(kStart);
  EXPECT_EQ(pace.available(kStart + 1s - 1ns), 0U);
  EXPECT_EQ(pace.available(kStart + 1s), 1U);
}

TEST(Pace, LongPauseSavesNoMoreThanOneBlock) {
  Pace pace(80);
  pace.take(kStart);
  EXPECT_EQ(pace.available(kStart + 1h), 8U);
}

TEST(Pace, BlockIsWorthWakingForWhenAllOfItIsFree) {
  Pace pace(80);
  for (int i = 0; i < 8; ++i) pace.take(kStart);
  EXPECT_EQ(pace.next_block(kStart), kStart + 100ms);
}

TEST(Pace, NextBlockIsNeverInThePast) { EXPECT_EQ(Pace(80).next_block(kStart), kStart); }

class PaceRate : public testing::TestWithParam<double> {};

TEST_P(PaceRate, TenSecondsHoldTenTimesTheRateAndOneBlockAtMost) {
  const double rate = GetParam();
  const auto begun = static_cast<double>(begun_in(Pace(rate), 10s));
  EXPECT_GE(begun, 10 * rate - 1);
  EXPECT_LE(begun, 10 * rate + rate / 10 + 1);
}

INSTANTIATE_TEST_SUITE_P(Rates, PaceRate, testing::Values(1.0, 5.0, 15.0, 19.0, 80.0, 1000.0));

TEST(PairLimit, RecipientMayGetFortyFiveAtOnce) {
  PairLimit pairs;
  for (int i = 0; i < 44; ++i) pairs.take(kLane, kStart);
  EXPECT_LE(pairs.allowed_at(kLane, kStart), kStart);
}

TEST(PairLimit, TheFortySixthWaitsSixSeconds) {
  PairLimit pairs;
  for (int i = 0; i < 45; ++i) pairs.take(kLane, kStart);
  EXPECT_EQ(pairs.allowed_at(kLane, kStart), kStart + 6s);
}

TEST(PairLimit, OtherRecipientsAreNotHeld) {
  PairLimit pairs;
  for (int i = 0; i < 45; ++i) pairs.take(kLane, kStart);
  EXPECT_LE(pairs.allowed_at(2, kStart), kStart);
}

TEST(PairLimit, PaidDebtIsForgotten) {
  PairLimit pairs;
  pairs.take(kLane, kStart);
  pairs.take(2, kStart + 7s);
  EXPECT_EQ(pairs.size(), 1U);
}

struct BackoffCase {
  const char* name;
  int attempt;
  double random;
  int base;
  std::chrono::milliseconds expected;
};

class Backoff : public testing::TestWithParam<BackoffCase> {};

TEST_P(Backoff, IsAsTheTableSays) {
  const auto& p = GetParam();
  EXPECT_EQ(backoff(p.attempt, 5min, p.random, p.base), p.expected);
}

constexpr BackoffCase kBackoffCases[] = {
    {"FirstAttempt", 1, 0.5, 2, 1000ms},
    {"SecondAttempt", 2, 0.5, 2, 2000ms},
    {"ThirdAttempt", 3, 0.5, 2, 4000ms},
    {"LeastSpread", 1, 0.0, 2, 800ms},
    {"MostSpread", 1, 1.0, 2, 1200ms},
    {"BaseFour", 3, 0.5, 4, 16'000ms},
    {"LastBelowTheLongest", 9, 0.5, 2, 256'000ms},
    {"Longest", 10, 0.5, 2, 300'000ms},
    {"ManyAttempts", 1'000'000, 0.5, 2, 300'000ms},
    {"NoAttempt", 0, 0.5, 2, 1000ms},
};
INSTANTIATE_TEST_SUITE_P(Table, Backoff, testing::ValuesIn(kBackoffCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::outbox
