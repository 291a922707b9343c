// Who has told the provider to stop gets no marketing, before it costs.
#include <gtest/gtest.h>

#include "consent/schema.h"
#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using channel::MarketingChoice;
using testkit::code_of;

constexpr const char* kUserId = "US.13491208655302741918";

class OptOutsOfRecipients : public testing::Test {
 protected:
  void choose(MarketingChoice choice, Time at, const std::string& user_id = "") {
    channel::Notice notice;
    notice.kind = channel::NoticeKind::kContactPreferencesUpdated;
    notice.address = world_.sender->address;
    notice.person = kAna;
    notice.user_id = user_id;
    notice.at = at;
    notice.choice = choice;
    ASSERT_TRUE(world_.apply({notice}));
  }
  std::optional<ErrorCode> send(const std::string& to, const std::string& purpose) {
    return code_of(world_.send_json(R"({"to":")" + to +
                                    R"(","type":"text","text":{"body":"Hi"},"purpose":")" +
                                    purpose + "\"}"));
  }

  MessagingWorld world_{{.more_tables = {consent::migrations()}}};
  Time now_ = world_.clock.now();
};

TEST_F(OptOutsOfRecipients, MarketingToThemIsRefused) {
  EXPECT_EQ(send(kAna, "marketing"), std::nullopt);
  choose(MarketingChoice::kStop, now_);
  EXPECT_EQ(send(kAna, "marketing"), ErrorCode::kRecipientOptedOut);
  EXPECT_EQ(send(kBela, "marketing"), std::nullopt);
}

TEST_F(OptOutsOfRecipients, OtherMessagesGo) {
  choose(MarketingChoice::kStop, now_);
  EXPECT_EQ(send(kAna, "utility"), std::nullopt);
  EXPECT_EQ(send(kAna, "authentication"), std::nullopt);
}

TEST_F(OptOutsOfRecipients, ChoiceIsTakenBack) {
  choose(MarketingChoice::kStop, now_);
  choose(MarketingChoice::kResume, now_ + 1s);
  EXPECT_EQ(send(kAna, "marketing"), std::nullopt);
}

TEST_F(OptOutsOfRecipients, OlderChoiceThatComesLateChangesNothing) {
  choose(MarketingChoice::kResume, now_);
  choose(MarketingChoice::kStop, now_ - 1s);
  EXPECT_EQ(send(kAna, "marketing"), std::nullopt);
}

TEST_F(OptOutsOfRecipients, HoldsUnderEachNameOfThePerson) {
  choose(MarketingChoice::kStop, now_, kUserId);
  EXPECT_EQ(send(kUserId, "marketing"), ErrorCode::kRecipientOptedOut);
}

TEST_F(OptOutsOfRecipients, HoldsForTheSenderThatWasToldOnly) {
  choose(MarketingChoice::kStop, now_);
  world_.add_sender("222", "+15550783882");
  const std::string body =
      R"({"from":"+15550783882","to":"+919876543210","type":"text","text":{"body":"Hi"},"purpose":"marketing"})";
  EXPECT_EQ(code_of(world_.send_json(body)), std::nullopt);
}

TEST_F(OptOutsOfRecipients, RefusedSendCountsNothingAndReachesNobody) {
  choose(MarketingChoice::kStop, now_);
  ASSERT_EQ(send(kAna, "marketing"), ErrorCode::kRecipientOptedOut);
  EXPECT_EQ(world_.usage().at(static_cast<std::size_t>(metering::Metric::kAccepted)), 0);
  EXPECT_EQ(world_.provider.seen_count(), 0U);
}

}  // namespace
}  // namespace flowsell::messaging
