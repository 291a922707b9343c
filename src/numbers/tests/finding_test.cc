// One fact changed at a time, and what is found of it.
#include "numbers/finding.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace flowsell::numbers {
namespace {

using namespace std::chrono_literals;

constexpr const char* kCallback = "https://connect.example/hooks/whatsapp";
const Time kNow = from_unix_ms(1'790'000'000'000);

channel::SenderState sound_state() {
  channel::SenderState state;
  state.address = "106";
  state.name = "Shop";
  state.name_status = "approved";
  state.status = "connected";
  state.quality = "green";
  state.throughput = "standard";
  state.verification = "verified";
  state.messaging_limit = "tier_10k";
  return state;
}

Error refused() {
  Error error{ErrorCode::kProviderRejected, "the provider refused to show it"};
  error.provider = ProviderError{.provider = "whatsapp",
                                 .code = 190,
                                 .trace_id = {},
                                 .reason = "token_invalid",
                                 .fix = "Connect again.",
                                 .text = "Error validating access token EAAsecret"};
  return error;
}

/// Of a connection that has nothing wrong.
Seen sound() {
  channel::TokenView token;
  token.is_valid = true;
  token.app = "670";
  token.scopes = {"whatsapp_business_management", "whatsapp_business_messaging"};
  Seen seen{.now = kNow,
            .started_at = kNow - 1h,
            .account = "102",
            .app = "670",
            .has_app = true,
            .needed_scopes = token.scopes,
            .callback = kCallback,
            .token = token,
            .subscriptions = std::vector<std::string>{"670"},
            .facts = channel::AccountView{"Shop", "approved", {}},
            .numbers = std::vector{sound_state()},
            .round_trip = {},
            .is_challenged = true,
            .needs_policies = true,
            .policies = true,
            .senders = {}};
  channel::SenderFacts facts;
  facts.callbacks.of_app = kCallback;
  seen.senders.push_back({SenderId(), "+15550783881", "106", facts, kNow - 1min});
  return seen;
}

Finding find(const Seen& seen, std::string_view check) {
  const auto all = findings_of(seen);
  const auto found = std::ranges::find(all, check, &Finding::check);
  if (found != all.end()) return *found;
  ADD_FAILURE() << "no finding of " << check;
  return {};
}

TEST(Findings, OfASoundConnectionAllPassWithoutAFix) {
  const auto all = findings_of(sound());
  EXPECT_EQ(all.size(), 15U);
  for (const auto& each : all) {
    EXPECT_EQ(verdict_name(each.verdict), "pass") << each.check << ": " << each.evidence;
    EXPECT_EQ(each.fix, "") << each.check;
    EXPECT_NE(each.evidence, "") << each.check;
  }
}

struct FaultCase {
  const char* name;
  void (*spoil)(Seen& seen);
  const char* check;
  Verdict verdict;
};
class OneFault : public testing::TestWithParam<FaultCase> {};

TEST_P(OneFault, IsFoundWithItsFix) {
  Seen seen = sound();
  GetParam().spoil(seen);
  const auto finding = find(seen, GetParam().check);
  EXPECT_EQ(verdict_name(finding.verdict), verdict_name(GetParam().verdict)) << finding.evidence;
  EXPECT_NE(finding.fix, "");
}

TEST_P(OneFault, KeepsNoOtherCheckBack) {
  Seen seen = sound();
  GetParam().spoil(seen);
  EXPECT_GE(findings_of(seen).size(), 12U);
}

using enum Verdict;

channel::HealthEntity entity(const char* type, const char* verdict) {
  return {type, verdict, {{141006, "There is an error with your payment method.", "Add one."}}};
}

const FaultCase kFaultCases[] = {
    {"TokenInvalid", [](Seen& s) { s.token->is_valid = false; }, "token_valid", kFail},
    {"TokenOfAnotherApp", [](Seen& s) { s.token->app = "1"; }, "token_valid", kFail},
    {"TokenNotLookedAt", [](Seen& s) { s.token = std::unexpected(refused()); }, "token_valid",
     kSkipped},
    {"NoApp", [](Seen& s) { s.has_app = false; }, "token_scopes", kSkipped},
    {"ScopeMissing", [](Seen& s) { s.token->scopes.pop_back(); }, "token_scopes", kFail},
    {"ScopeForAnotherAccount",
     [](Seen& s) { s.token->grants = {{"whatsapp_business_management", {"999"}}}; }, "token_scopes",
     kFail},
    {"TokenExpired", [](Seen& s) { s.token->expires_at = kNow; }, "token_expiry", kFail},
    {"TokenExpiresSoon", [](Seen& s) { s.token->expires_at = kNow + 24h; }, "token_expiry", kWarn},
    {"PoliciesNotAccepted", [](Seen& s) { s.policies = false; }, "policies_accepted", kFail},
    {"NobodySubscribed", [](Seen& s) { s.subscriptions->clear(); }, "app_subscribed", kFail},
    {"OthersSubscribed", [](Seen& s) { s.subscriptions->front() = "1"; }, "app_subscribed", kFail},
    {"OwnAppNotKnown", [](Seen& s) { s.app.clear(); }, "app_subscribed", kWarn},
    {"RoundTripFails",
     [](Seen& s) { s.round_trip = fail(ErrorCode::kProviderUnreachable, "no answer: refused"); },
     "webhook_round_trip", kFail},
    {"NoVerifyToken", [](Seen& s) { s.is_challenged = false; }, "webhook_round_trip", kSkipped},
    {"AccountRejected", [](Seen& s) { s.facts->review_status = "rejected"; }, "account_review",
     kFail},
    {"AccountUnderReview", [](Seen& s) { s.facts->review_status = "pending"; }, "account_review",
     kWarn},
    {"NoPaymentMethod", [](Seen& s) { s.facts->health = {entity("waba", "blocked")}; },
     "account_health", kFail},
    {"BusinessNotVerified", [](Seen& s) { s.facts->health = {entity("business", "limited")}; },
     "account_health", kWarn},
    {"NumberBlocked",
     [](Seen& s) { s.senders[0].facts->health = {entity("phone_number", "blocked")}; },
     "sender_health", kFail},
    {"NumberNotRegistered", [](Seen& s) { s.numbers->front().status = "disconnected"; },
     "sender_registered", kFail},
    {"NumberFlagged", [](Seen& s) { s.numbers->front().status = "flagged"; }, "sender_registered",
     kWarn},
    {"NumberGone", [](Seen& s) { s.numbers->clear(); }, "sender_registered", kFail},
    {"NumbersNotLookedAt", [](Seen& s) { s.numbers = std::unexpected(refused()); }, "quality",
     kSkipped},
    {"NameDeclined", [](Seen& s) { s.numbers->front().name_status = "declined"; }, "display_name",
     kFail},
    {"NameUnderReview", [](Seen& s) { s.numbers->front().name_status = "pending_review"; },
     "display_name", kWarn},
    {"QualityRed", [](Seen& s) { s.numbers->front().quality = "red"; }, "quality", kFail},
    {"QualityYellow", [](Seen& s) { s.numbers->front().quality = "yellow"; }, "quality", kWarn},
    {"SmallestTier", [](Seen& s) { s.numbers->front().messaging_limit = "tier_250"; }, "limits",
     kWarn},
    {"WebhooksGoElsewhere",
     [](Seen& s) {
       s.senders[0].facts->callbacks.of_sender = "https://other.example/in?key=S3CRET";
     },
     "webhook_destination", kFail},
    {"WebhooksGoNowhere", [](Seen& s) { s.senders[0].facts->callbacks = {}; },
     "webhook_destination", kWarn},
    {"WebhookLongAgo", [](Seen& s) { s.senders[0].webhook_at = kNow - 25h; }, "webhook_recent",
     kWarn},
    {"WebhookNever", [](Seen& s) { s.senders[0].webhook_at.reset(); }, "webhook_recent", kWarn},
};
INSTANTIATE_TEST_SUITE_P(Table, OneFault, testing::ValuesIn(kFaultCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Findings, HoldNoWordsOfTheProvidersRefusalAndNoSecretOfAnotherAddress) {
  Seen seen = sound();
  seen.token = std::unexpected(refused());
  seen.senders[0].facts->callbacks.of_sender = "https://other.example/in?key=S3CRET";
  for (const auto& each : findings_of(seen)) {
    EXPECT_EQ(each.evidence.find("EAAsecret"), std::string::npos) << each.check;
    EXPECT_EQ(each.evidence.find("S3CRET"), std::string::npos) << each.check;
  }
}

}  // namespace
}  // namespace flowsell::numbers
