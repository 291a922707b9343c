#include "webhook/event_type.h"

#include <gtest/gtest.h>

#include <string>

namespace flowsell::webhook {
namespace {

TEST(EventType, EveryNameIsReadBack) {
  int named = 0;
  for (int n = 0; n <= 255; ++n) {
    const auto type = static_cast<EventType>(n);
    if (event_type_name(type).empty()) continue;
    ++named;
    EXPECT_EQ(parse_event_type(event_type_name(type)), type);
  }
  EXPECT_EQ(named, 48);
}

TEST(EventType, ObjectIsTheHeadOfTheName) {
  for (int n = 1; n <= 255; ++n) {
    const auto type = static_cast<EventType>(n);
    const auto name = event_type_name(type);
    const bool is_of_provider =
        type == EventType::kProviderUnknown || type == EventType::kProviderWebhook;
    if (name.empty() || is_of_provider) continue;
    EXPECT_EQ(object_name(type), name.substr(0, name.find('.')));
  }
  EXPECT_EQ(object_name(EventType::kProviderUnknown), "update");
  EXPECT_EQ(object_name(EventType::kProviderWebhook), "webhook");
}

TEST(EventType, StatusesAndMessagesAreKnownByTheirRows) {
  for (const EventType type : {EventType::kMessageSent, EventType::kMessageReaction})
    EXPECT_FALSE(is_told_once(type));
  for (const EventType type : {EventType::kMessagePlayed, EventType::kProviderUnknown,
                               EventType::kTemplateStatusUpdated, EventType::kConversionDetected})
    EXPECT_TRUE(is_told_once(type));
}

TEST(EventType, SaysLittleWithoutTheWordsOrNamesOfPeople) {
  for (const EventType type : {EventType::kMessageReceived, EventType::kMessageEcho,
                               EventType::kCallStarted, EventType::kHistoryReceived})
    EXPECT_TRUE(always_has_content(type));
  for (const EventType type :
       {EventType::kMessageFailed, EventType::kTemplateStatusUpdated, EventType::kProviderUnknown})
    EXPECT_FALSE(always_has_content(type));
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
