#include "channel/sender_state.h"

#include <gtest/gtest.h>

namespace flowsell::channel {
namespace {

SenderState known() {
  SenderState state;
  state.name = "Shop";
  state.quality = "green";
  state.throughput = "standard";
  state.has_pin = true;
  return state;
}

TEST(SenderStateNews, ChangeWhatTheySayAndNothingElse) {
  SenderState news;
  news.quality = "red";
  SenderState expected = known();
  expected.quality = "red";
  EXPECT_EQ(with_news(known(), news), expected);
}

TEST(SenderStateNews, CanSayNo) {
  SenderState news;
  news.has_pin = false;
  EXPECT_EQ(with_news(known(), news).has_pin, false);
}

struct PaceCase {
  const char* name;
  const char* throughput;
  std::optional<bool> is_on_app;
  std::optional<std::int64_t> per_second;
};
class SenderPace : public testing::TestWithParam<PaceCase> {};

TEST_P(SenderPace, IsWhatTheProviderAllows) {
  SenderState state;
  state.throughput = GetParam().throughput;
  state.is_on_app = GetParam().is_on_app;
  EXPECT_EQ(messages_per_second(state), GetParam().per_second);
}

constexpr PaceCase kPaceCases[] = {
    {"Standard", "standard", false, 80},
    {"High", "high", false, 1000},
    {"OnTheApp", "standard", true, 20},
    {"OnTheAppThoughHigh", "high", true, 20},
    {"NotApplicable", "not_applicable", false, std::nullopt},
    {"Unknown", "", std::nullopt, std::nullopt},
};
INSTANTIATE_TEST_SUITE_P(Table, SenderPace, testing::ValuesIn(kPaceCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(MessagingLimitOfTier, IsItsNumberOfPeople) {
  EXPECT_EQ(messaging_limit_of("tier_2k").people, 2000);
  EXPECT_TRUE(messaging_limit_of("tier_unlimited").is_known);
  EXPECT_EQ(messaging_limit_of("tier_unlimited").people, std::nullopt);
  EXPECT_FALSE(messaging_limit_of("tier_new").is_known);
  EXPECT_FALSE(messaging_limit_of("").is_known);
}

}  // namespace
}  // namespace flowsell::channel
