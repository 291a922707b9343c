// What Meta's webhooks change of what is known of a number.
#include <gtest/gtest.h>

#include "callback.h"
#include "channel/updates.h"

namespace flowsell::whatsapp {
namespace {

using channel::SenderState;

/// The state in the one notice of a change.
std::optional<SenderState> state_of(const std::string& field, const std::string& value) {
  const auto updates = parse_callback(
      R"({"object":"whatsapp_business_account","entry":[{"id":"102","time":1790000000,"changes":[{"field":")" +
          field + R"(","value":)" + value + "}]}]}",
      from_unix_ms(1'790'000'000'000));
  if (!updates || updates->size() != 1) {
    ADD_FAILURE() << "one update was expected";
    return std::nullopt;
  }
  const auto* notice = std::get_if<channel::Notice>(&updates->front());
  return notice == nullptr ? std::nullopt : notice->state;
}

struct NewsCase {
  const char* name;
  const char* field;
  const char* value;
  std::string SenderState::* changed;
  const char* to;
};
class SenderNews : public testing::TestWithParam<NewsCase> {};

TEST_P(SenderNews, AreInTheNotice) {
  const auto state = state_of(GetParam().field, GetParam().value);
  ASSERT_TRUE(state);
  EXPECT_EQ((*state).*GetParam().changed, GetParam().to);
}

constexpr const char* kQuality = "phone_number_quality_update";
constexpr const char* kName = "phone_number_name_update";
constexpr const char* kCapability = "business_capability_update";

const NewsCase kNewsCases[] = {
    {"Throughput", kQuality,
     R"({"display_phone_number":"15550783881","event":"THROUGHPUT_UPGRADE","current_limit":"TIER_UNLIMITED"})",
     &SenderState::throughput, "high"},
    {"LimitOfAQualityEvent", kQuality,
     R"({"display_phone_number":"15550783881","event":"UPGRADE","current_limit":"TIER_2K"})",
     &SenderState::messaging_limit, "tier_2k"},
    {"LimitByItsNewName", kQuality,
     R"({"display_phone_number":"15550783881","event":"ONBOARDING","max_daily_conversations_per_business":"TIER_250"})",
     &SenderState::messaging_limit, "tier_250"},
    {"Flagged", kQuality, R"({"display_phone_number":"15550783881","event":"FLAGGED"})",
     &SenderState::status, "flagged"},
    {"Unflagged", kQuality, R"({"display_phone_number":"15550783881","event":"UNFLAGGED"})",
     &SenderState::status, "connected"},
    {"NameApproved", kName,
     R"({"display_phone_number":"15550783881","decision":"APPROVED","requested_verified_name":"Shop"})",
     &SenderState::name, "Shop"},
    {"NameRejected", kName,
     R"({"display_phone_number":"15550783881","decision":"REJECTED","requested_verified_name":"Shop"})",
     &SenderState::requested_name_status, "declined"},
    {"AccountDeleted", "account_update", R"({"event":"ACCOUNT_DELETED"})", &SenderState::status,
     "deleted"},
    {"AccountBanned", "account_update",
     R"({"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE"}})", &SenderState::status,
     "banned"},
    {"AccountReinstated", "account_update",
     R"({"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"REINSTATE"}})",
     &SenderState::status, "connected"},
    {"LimitAsAName", kCapability, R"({"max_daily_conversations_per_business":"TIER_10K"})",
     &SenderState::messaging_limit, "tier_10k"},
    {"LimitAsANumber", kCapability, R"({"max_daily_conversations_per_business":2000})",
     &SenderState::messaging_limit, "tier_2k"},
    {"NoLimit", kCapability, R"({"max_daily_conversations_per_business":-1})",
     &SenderState::messaging_limit, "tier_unlimited"},
};
INSTANTIATE_TEST_SUITE_P(Table, SenderNews, testing::ValuesIn(kNewsCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(SenderNewsOfSecurity, SayThatThereIsAPin) {
  const auto state =
      state_of("security", R"({"display_phone_number":"15550783881","event":"PIN_CHANGED"})");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->has_pin, true);
}

TEST(SenderNewsOfOtherThings, AreNone) {
  EXPECT_FALSE(state_of("account_review_update", R"({"decision":"APPROVED"})"));
  EXPECT_FALSE(state_of(
      "account_update",
      R"({"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"SCHEDULE_FOR_DISABLE"}})"));
  EXPECT_FALSE(state_of("security",
                        R"({"display_phone_number":"15550783881","event":"PIN_RESET_REQUEST"})"));
  EXPECT_FALSE(state_of(kCapability, R"({"max_daily_conversations_per_business":"TIER_NEW"})"));
}

}  // namespace
}  // namespace flowsell::whatsapp
