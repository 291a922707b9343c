#include "retry_schedule.h"

#include <gtest/gtest.h>

#include <string>

namespace flowsell::webhook {
namespace {

using namespace std::chrono_literals;

const RetrySchedule kSchedule{{0s, 5s, 300s}};

struct ScheduleCase {
  const char* name;
  int attempt;
  bool slow_down;
  std::optional<std::chrono::seconds> retry_after;
  double random;
  std::optional<std::chrono::milliseconds> expected;
};
class RetryPause : public testing::TestWithParam<ScheduleCase> {};

TEST_P(RetryPause, IsAsTheTableSays) {
  const auto& p = GetParam();
  EXPECT_EQ(kSchedule.after(p.attempt, p.slow_down, p.retry_after, p.random), p.expected);
}

constexpr ScheduleCase kScheduleCases[] = {
    {"AfterTheFirst", 1, false, std::nullopt, 0.5, 5000ms},
    {"AfterTheSecond", 2, false, std::nullopt, 0.5, 300'000ms},
    {"AfterTheLast", 3, false, std::nullopt, 0.5, std::nullopt},
    {"LongAfterTheLast", 100, false, std::nullopt, 0.5, std::nullopt},
    {"LeastSpread", 1, false, std::nullopt, 0.0, 4000ms},
    {"MostSpread", 1, false, std::nullopt, 1.0, 6000ms},
    {"SlowDownIsAMinuteAtLeast", 1, true, std::nullopt, 0.0, 60'000ms},
    {"SlowDownSpreadsUpwardsOnly", 1, true, std::nullopt, 1.0, 72'000ms},
    {"SlowDownShortensNothing", 2, true, std::nullopt, 0.0, 300'000ms},
    {"RetryAfterIsObeyed", 2, false, 400s, 0.0, 400'000ms},
    {"RetryAfterBelowThePlanChangesNothing", 2, false, 10s, 0.0, 300'000ms},
    {"RetryAfterIsBoundByTwiceThePlan", 2, false, 86'400s, 0.0, 600'000ms},
    {"RetryAfterAndSlowDown", 1, true, 90s, 0.0, 90'000ms},
    {"RetryAfterDoesNotMakeALastAttempt", 3, false, 10s, 0.5, std::nullopt},
};
INSTANTIATE_TEST_SUITE_P(Table, RetryPause, testing::ValuesIn(kScheduleCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(RetrySchedule, EmptyScheduleHasOneAttempt) {
  EXPECT_EQ(RetrySchedule{}.after(1, false, std::nullopt, 0.5), std::nullopt);
}

}  // namespace
}  // namespace flowsell::webhook
