#include <gtest/gtest.h>

#include <set>

#include "core/encoding.h"
#include "encoding.h"
#include "provider_calls.h"
#include "test_key.h"
#include "token_answer.h"

namespace flowsell::oidc {
namespace {

using namespace std::chrono_literals;
using testing_support::fault_in;

TEST(Form, EncodesWhatIsNotUnreserved) {
  EXPECT_EQ(form({{"a", "x y&z=\xc3\xa9+"}, {"b", ""}, {"c", "-._~"}}),
            "a=x%20y%26z%3D%C3%A9%2B&c=-._~");
}

TEST(Form, GoesBehindTheQueryThatIsThere) {
  EXPECT_EQ(with_query("https://a/b", "c=d"), "https://a/b?c=d");
  EXPECT_EQ(with_query("https://a/b?x=y", "c=d"), "https://a/b?x=y&c=d");
  EXPECT_EQ(with_query("https://a/b?", "c=d"), "https://a/b?c=d");
  EXPECT_EQ(with_query("https://a/b", ""), "https://a/b");
}

TEST(FreshTime, IsWithinItsBounds) {
  EXPECT_EQ(fresh_time(""), 1h);
  EXPECT_EQ(fresh_time("public, max-age=21600, must-revalidate"), 6h);
  EXPECT_EQ(fresh_time("MAX-AGE=600"), 10min);
  EXPECT_EQ(fresh_time("max-age=\"600\""), 10min);
  EXPECT_EQ(fresh_time("max-age=0"), 5min);
  EXPECT_EQ(fresh_time("max-age=-7"), 5min);
  EXPECT_EQ(fresh_time("max-age=soon"), 5min);
  EXPECT_EQ(fresh_time("max-age=86401"), 24h);
  EXPECT_EQ(fresh_time("max-age=99999999999999999999999"), 24h);
  EXPECT_EQ(fresh_time("max-age=86400, no-store"), 5min);
  EXPECT_EQ(fresh_time("no-cache"), 5min);
  EXPECT_EQ(fresh_time("s-maxage=86400"), 1h);
}

constexpr std::string_view kTokens =
    R"({"id_token":"a.b.c","access_token":"t","token_type":"bearer"})";

TEST(TokenAnswer, IsRead) {
  const auto read = parse_token_answer(kTokens);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id_token.reveal(), "a.b.c");
  EXPECT_EQ(read->access_token.reveal(), "t");
}

TEST(TokenAnswer, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "[]", "{}", "id_token=a.b.c", R"({"id_token":"a.b.c","access_token":"t"})",
        R"({"id_token":"a.b.c","access_token":"t","token_type":"DPoP"})",
        R"({"id_token":"a.b.c","token_type":"Bearer"})",
        R"({"access_token":"t","token_type":"Bearer"})",
        R"({"id_token":"","access_token":"t","token_type":"Bearer"})",
        R"({"id_token":7,"access_token":"t","token_type":"Bearer"})",
        R"({"id_token":"a","id_token":"b","access_token":"t","token_type":"Bearer"})",
        R"({"id_token":"a.b.c","access_token":"t\r\nX: y","token_type":"Bearer"})"}) {
    EXPECT_EQ(fault_in(parse_token_answer(text)), Fault::kAnswerInvalid) << text;
  }
}

TEST(TokenRefusal, GoesByTheWordAndThenByTheStatus) {
  EXPECT_EQ(token_refusal(400, R"({"error":"invalid_grant"})"), Fault::kCodeRefused);
  EXPECT_EQ(token_refusal(401, R"({"error":"invalid_client"})"), Fault::kClientRefused);
  EXPECT_EQ(token_refusal(400, R"({"error":"unauthorized_client"})"), Fault::kClientRefused);
  EXPECT_EQ(token_refusal(400, R"({"error":"invalid_request"})"), Fault::kTokenRequestRefused);
  EXPECT_EQ(token_refusal(400, R"({"error":"<script>"})"), Fault::kTokenRequestRefused);
  EXPECT_EQ(token_refusal(401, "<html>"), Fault::kClientRefused);
  EXPECT_EQ(token_refusal(400, R"({"error":7})"), Fault::kTokenRequestRefused);
  EXPECT_EQ(token_refusal(404, ""), Fault::kAnswerInvalid);
  EXPECT_EQ(token_refusal(204, ""), Fault::kAnswerInvalid);
}

TEST(AuthorizationRefusal, KnowsTheWordsOfTheStandards) {
  EXPECT_EQ(authorization_refusal("access_denied"), Fault::kAccessDenied);
  for (const char* word : {"login_required", "interaction_required", "consent_required",
                           "account_selection_required"}) {
    EXPECT_EQ(authorization_refusal(word), Fault::kInteractionRequired) << word;
  }
  EXPECT_EQ(authorization_refusal("server_error"), Fault::kUnavailable);
  EXPECT_EQ(authorization_refusal("temporarily_unavailable"), Fault::kUnavailable);
  EXPECT_EQ(authorization_refusal("invalid_scope"), Fault::kAuthorizationRefused);
}

TEST(Faults, HaveWordsOfTheirOwn) {
  std::set<std::string_view> words;
  constexpr auto kLast = static_cast<std::uint8_t>(Fault::kLogoutUnsupported);
  for (std::uint8_t i = 0; i <= kLast; ++i) {
    const auto fault = static_cast<Fault>(i);
    const Error error = fail(fault, "more").error();
    EXPECT_EQ(fault_of(error), fault);
    EXPECT_EQ(error.code, fault_info(fault).code);
    EXPECT_TRUE(error.detail.ends_with(": more"));
    EXPECT_TRUE(words.insert(fault_info(fault).word).second) << fault_info(fault).word;
  }
}

TEST(Faults, OtherErrorsHaveNone) {
  EXPECT_EQ(fault_of(Error{}), std::nullopt);
  Error error;
  error.provider = ProviderError{.provider = "whatsapp", .reason = "access_denied"};
  EXPECT_EQ(fault_of(error), std::nullopt);
  error.provider->provider = "oidc";
  error.provider->reason = "nonsense";
  EXPECT_EQ(fault_of(error), std::nullopt);
}

}  // namespace
}  // namespace flowsell::oidc
