// What a provider tells of a sender changes what is known of it, and its pace.
#include <gtest/gtest.h>

#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

channel::Notice quality_notice(const std::string& quality) {
  channel::Notice notice;
  notice.kind = channel::NoticeKind::kSenderQualityUpdated;
  notice.at = from_unix_ms(1'790'000'000'000);
  notice.state.emplace();
  notice.state->quality = quality;
  return notice;
}

class SenderNews : public testing::Test {
 protected:
  std::string quality_of(const connections::SenderPtr& sender) {
    return world_.states.find(sender->id).state.quality;
  }
  MessagingWorld world_;
};

TEST_F(SenderNews, AboutAnAddressChangeItsSender) {
  const auto other = world_.add_sender("222", "+15550783882");
  auto notice = quality_notice("red");
  notice.address = world_.sender->address;
  ASSERT_TRUE(world_.apply({notice}));
  EXPECT_EQ(quality_of(world_.sender), "red");
  EXPECT_EQ(quality_of(other), "");
}

TEST_F(SenderNews, AboutANumberChangeItsSender) {
  auto notice = quality_notice("red");
  notice.display_number = world_.sender->display_number;
  ASSERT_TRUE(world_.apply({notice}));
  EXPECT_EQ(quality_of(world_.sender), "red");
}

TEST_F(SenderNews, AboutANumberThatIsNoneOfOursChangeNone) {
  auto notice = quality_notice("red");
  notice.display_number = "+15559998888";
  ASSERT_TRUE(world_.apply({notice}));
  EXPECT_EQ(quality_of(world_.sender), "");
  EXPECT_EQ(world_.event_types(), std::vector<std::string>{"sender.quality_updated"});
}

TEST_F(SenderNews, AboutTheAccountChangeAllOfItsSenders) {
  auto notice = quality_notice("");
  notice.kind = channel::NoticeKind::kAccountCapabilityUpdated;
  notice.state->messaging_limit = "tier_2k";
  ASSERT_TRUE(world_.apply({notice}));
  EXPECT_EQ(world_.states.find(world_.sender->id).state.messaging_limit, "tier_2k");
}

TEST_F(SenderNews, ThatComeAgainLaterDoNotUndoWhatFollowed) {
  auto flagged = quality_notice("red");
  flagged.address = world_.sender->address;
  flagged.digest[0] = 1;
  auto unflagged = quality_notice("green");
  unflagged.address = world_.sender->address;
  unflagged.digest[0] = 2;
  ASSERT_TRUE(world_.apply({flagged, unflagged}));
  ASSERT_TRUE(world_.apply({flagged}));
  EXPECT_EQ(quality_of(world_.sender), "green");
}

TEST_F(SenderNews, OutliveTheProcess) {
  auto notice = quality_notice("red");
  notice.address = world_.sender->address;
  ASSERT_TRUE(world_.apply({notice}));
  numbers::SenderStates next;
  ASSERT_TRUE(next.load(*world_.db));
  EXPECT_EQ(next.find(world_.sender->id).state.quality, "red");
}

TEST_F(SenderNews, EachWebhookIsNoted) {
  EXPECT_EQ(world_.states.find(world_.sender->id).webhook_at, std::nullopt);
  ASSERT_TRUE(world_.apply({}));
  EXPECT_NE(world_.states.find(world_.sender->id).webhook_at, std::nullopt);
}

struct PaceCase {
  const char* name;
  double set;
  std::optional<std::int64_t> known;
  double pace;
};
class PaceOfASender : public testing::TestWithParam<PaceCase> {};

TEST_P(PaceOfASender, FollowsTheProviderWhereNothingElseIsSet) {
  EXPECT_EQ(pace_of(GetParam().set, GetParam().known), GetParam().pace);
}

constexpr PaceCase kPaceCases[] = {
    {"UsualAndUnknown", 80, std::nullopt, 80},
    {"UsualAndStandard", 80, 80, 80},
    {"UsualAndHigh", 80, 1000, 1000},
    {"UsualAndOnTheApp", 80, 20, 20},
    {"SetLowerAndHigh", 50, 1000, 50},
    {"SetLowerAndOnTheApp", 50, 20, 20},
    {"SetLowest", 10, 20, 10},
    {"SetHigher", 500, 80, 500},
    {"SetHigherAndOnTheApp", 500, 20, 20},
    {"NoPace", 0, 20, 0},
};
INSTANTIATE_TEST_SUITE_P(Table, PaceOfASender, testing::ValuesIn(kPaceCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::messaging
