#include "webhook/event_type.h"

#include <gtest/gtest.h>

#include <string>

namespace flowsell::webhook {
namespace {

TEST(EventType, EveryNameIsReadBack) {
  for (int n = 1; n <= 10; ++n) {
    const auto type = static_cast<EventType>(n);
    EXPECT_EQ(parse_event_type(event_type_name(type)), type);
  }
}

TEST(EventType, UnknownNameIsNone) { EXPECT_EQ(parse_event_type("message.lost"), std::nullopt); }

struct PatternCase {
  const char* name;
  const char* pattern;
  bool valid;
  bool wants_sent;
};
class EventPattern : public testing::TestWithParam<PatternCase> {};

TEST_P(EventPattern, IsReadAsTheTableSays) {
  EXPECT_EQ(is_event_pattern(GetParam().pattern), GetParam().valid);
  EXPECT_EQ(matches(GetParam().pattern, EventType::kMessageSent), GetParam().wants_sent);
}

constexpr PatternCase kPatternCases[] = {
    {"All", "*", true, true},
    {"Type", "message.sent", true, true},
    {"OtherType", "message.read", true, false},
    {"Family", "message.*", true, true},
    {"OtherFamily", "provider.*", true, false},
    {"NoSuchFamily", "billing.*", false, false},
    {"NoSuchType", "message.lost", false, false},
    {"HalfAType", "message.se*", false, false},
    {"HalfAFamily", "mess.*", false, false},
    {"OnlyTheHead", "message", false, false},
    {"OnlyTheDot", ".*", false, false},
    {"StarInFront", "*.sent", false, false},
    {"Empty", "", false, false},
    {"OtherCase", "Message.sent", false, false},
};
INSTANTIATE_TEST_SUITE_P(Table, EventPattern, testing::ValuesIn(kPatternCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::webhook
