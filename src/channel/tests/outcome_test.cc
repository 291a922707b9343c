#include "channel/outcome.h"

#include <gtest/gtest.h>

namespace flowsell::channel {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;

constexpr WireFacts kNothingSent{.wire_failure = "unconnected"};
constexpr WireFacts kNoAnswer{.byte_sent = true, .wire_failure = "timed_out"};
constexpr WireFacts kAnswered{.byte_sent = true, .answered = true, .wire_failure = {}};

Interpretation accepted(std::string id) {
  Interpretation answer;
  answer.kind = Interpretation::Kind::kAccepted;
  answer.provider_message_id = std::move(id);
  return answer;
}

Interpretation refused(RetryClass retry) {
  Interpretation answer;
  answer.kind = Interpretation::Kind::kError;
  answer.error.code = 131'000;
  answer.retry = retry;
  answer.scope = RetryScope::kSender;
  answer.retry_after = 7s;
  return answer;
}

struct DecideCase {
  const char* name;
  WireFacts wire;
  Interpretation answer;
  Kind kind;
  std::string_view reason;
};

class Decide : public testing::TestWithParam<DecideCase> {};

TEST_P(Decide, GivesTheKindOfTheTable) {
  EXPECT_EQ(decide(GetParam().wire, GetParam().answer).kind, GetParam().kind);
}

TEST_P(Decide, GivesTheReasonOfTheTable) {
  EXPECT_EQ(decide(GetParam().wire, GetParam().answer).reason, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Decide,
    testing::Values(DecideCase{"NoByteSent", kNothingSent, {}, Kind::kRetry, "not_sent"},
                    DecideCase{"NoByteSentWhateverWasRead", kNothingSent, accepted("wamid.1"),
                               Kind::kRetry, "not_sent"},
                    DecideCase{"NoAnswer", kNoAnswer, {}, Kind::kUnknown, "no_answer"},
                    DecideCase{"NoWholeAnswerWhateverWasRead", kNoAnswer, refused(RetryClass::kNo),
                               Kind::kUnknown, "no_answer"},
                    DecideCase{"Unreadable", kAnswered, {}, Kind::kUnknown, "unreadable_answer"},
                    DecideCase{"AcceptedWithoutId", kAnswered, accepted(""), Kind::kUnknown,
                               "unreadable_answer"},
                    DecideCase{"Accepted", kAnswered, accepted("wamid.1"), Kind::kSent, "sent"},
                    DecideCase{"RefusedForGood", kAnswered, refused(RetryClass::kNo), Kind::kFailed,
                               "provider_error"},
                    DecideCase{"RefusedUntilFixed", kAnswered, refused(RetryClass::kFix),
                               Kind::kFailed, "provider_error"},
                    DecideCase{"RefusedForNow", kAnswered, refused(RetryClass::kBackoff),
                               Kind::kRetry, "provider_error"},
                    DecideCase{"RefusedForLong", kAnswered, refused(RetryClass::kWait),
                               Kind::kRetry, "provider_error"},
                    DecideCase{"TokenRefused", kAnswered, refused(RetryClass::kToken), Kind::kRetry,
                               "provider_error"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Decide, SentCarriesTheProvidersId) {
  EXPECT_EQ(decide(kAnswered, accepted("wamid.1")).provider_message_id, "wamid.1");
}

TEST(Decide, RefusedCarriesTheProvidersError) {
  EXPECT_EQ(decide(kAnswered, refused(RetryClass::kNo)).error->code, 131'000);
}

TEST(Decide, RefusedCarriesTheScope) {
  EXPECT_EQ(decide(kAnswered, refused(RetryClass::kBackoff)).scope, RetryScope::kSender);
}

TEST(Decide, RefusedCarriesTheKnownTime) {
  EXPECT_EQ(decide(kAnswered, refused(RetryClass::kWait)).retry_after, 7s);
}

TEST(Decide, NotSentSlowsTheSender) {
  EXPECT_EQ(decide(kNothingSent, {}).scope, RetryScope::kSender);
}

TEST(Decide, UnknownCarriesNoError) {
  EXPECT_FALSE(decide(kNoAnswer, refused(RetryClass::kNo)).error.has_value());
}

}  // namespace
}  // namespace flowsell::channel
