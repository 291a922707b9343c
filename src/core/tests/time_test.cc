#include "core/time.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

namespace flowsell {
namespace {

using namespace std::chrono_literals;

struct TimeCase {
  const char* name;
  const char* text;
  std::optional<std::int64_t> unix_ms;
};
class ParseTime : public testing::TestWithParam<TimeCase> {};
TEST_P(ParseTime, ReadsRfc3339AndNothingElse) {
  const auto parsed = parse_time(GetParam().text);
  const auto unix_ms = parsed ? std::optional(to_unix_ms(*parsed)) : std::nullopt;
  EXPECT_EQ(unix_ms, GetParam().unix_ms);
}
INSTANTIATE_TEST_SUITE_P(
    Table, ParseTime,
    testing::Values(
        TimeCase{"First", "1970-01-01T00:00:00Z", 0},
        TimeCase{"BeforeTheFirst", "1969-12-31T23:59:59Z", std::nullopt},
        TimeCase{"BeforeTheFirstByItsOffset", "1970-01-01T00:00:00+00:01", std::nullopt},
        TimeCase{"Last", "9999-12-31T23:59:59.999Z", 253402300799999},
        TimeCase{"AfterTheLastByItsOffset", "9999-12-31T23:59:59.999-00:01", std::nullopt},
        TimeCase{"LowerCase", "1970-01-01t00:00:01z", 1000},
        TimeCase{"OneFractionDigit", "1970-01-01T00:00:00.5Z", 500},
        TimeCase{"NineFractionDigits", "1970-01-01T00:00:00.123999999Z", 123},
        TimeCase{"TenFractionDigits", "1970-01-01T00:00:00.1234567890Z", std::nullopt},
        TimeCase{"NoFractionDigit", "1970-01-01T00:00:00.Z", std::nullopt},
        TimeCase{"OffsetAhead", "2023-11-15T03:43:20+05:30", 1700000000000},
        TimeCase{"OffsetBehind", "2023-11-14T17:13:20.123-05:00", 1700000000123},
        TimeCase{"LargestOffset", "1970-01-02T23:59:00+23:59", 86400000},
        TimeCase{"OffsetHourTooLarge", "1970-01-02T00:00:00+24:00", std::nullopt},
        TimeCase{"OffsetMinuteTooLarge", "1970-01-02T00:00:00+00:60", std::nullopt},
        TimeCase{"OffsetWithoutColon", "1970-01-02T00:00:00+0000", std::nullopt},
        TimeCase{"NoOffset", "1970-01-01T00:00:00.000", std::nullopt},
        TimeCase{"LeapDay", "2024-02-29T00:00:00Z", 1709164800000},
        TimeCase{"NoLeapDay", "2023-02-29T00:00:00Z", std::nullopt},
        TimeCase{"NoLeapDayIn2100", "2100-02-29T00:00:00Z", std::nullopt},
        TimeCase{"MonthZero", "2023-00-01T00:00:00Z", std::nullopt},
        TimeCase{"MonthThirteen", "2023-13-01T00:00:00Z", std::nullopt},
        TimeCase{"DayZero", "2023-01-00T00:00:00Z", std::nullopt},
        TimeCase{"DayThirtyOneOfApril", "2023-04-31T00:00:00Z", std::nullopt},
        TimeCase{"HourTwentyFour", "2023-01-01T24:00:00Z", std::nullopt},
        TimeCase{"MinuteSixty", "2023-01-01T00:60:00Z", std::nullopt},
        TimeCase{"SecondSixty", "2023-01-01T00:00:60Z", std::nullopt},
        TimeCase{"Space", "2023-01-01 00:00:00Z", std::nullopt},
        TimeCase{"DateOnly", "2023-01-01", std::nullopt}, TimeCase{"Empty", "", std::nullopt},
        TimeCase{"TextAfter", "1970-01-01T00:00:00Z ", std::nullopt},
        TimeCase{"SignInANumber", "1970-01-01T00:00:+1Z", std::nullopt},
        TimeCase{"FiveDigitYear", "10000-01-01T00:00:00Z", std::nullopt}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(FormatTime, AlwaysHasThreeFractionDigits) {
  EXPECT_EQ(format_time(from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(from_unix_ms(1'700'000'000'007)), "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(format_time(from_unix_ms(253'402'300'799'999)), "9999-12-31T23:59:59.999Z");
}

TEST(FormatTime, IsReadBackAsTheSameTime) {
  for (std::int64_t ms = 0; ms < 253'402'300'800'000; ms += 86'399'999LL * 1000) {
    ASSERT_EQ(parse_time(format_time(from_unix_ms(ms))), from_unix_ms(ms)) << ms;
  }
}

TEST(ManualClock, StandsUntilItIsMoved) {
  ManualClock clock(from_unix_ms(1000));
  const SteadyTime steady = clock.steady_now();
  EXPECT_EQ(clock.now(), from_unix_ms(1000));
  clock.advance(250ms);
  EXPECT_EQ(clock.now(), from_unix_ms(1250));
  EXPECT_EQ(clock.steady_now() - steady, 250ms);
}

}  // namespace
}  // namespace flowsell
