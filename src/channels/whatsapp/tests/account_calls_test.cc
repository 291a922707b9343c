#include "account_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "support.h"
#include "whatsapp/adapter.h"

namespace flowsell::whatsapp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const WhatsAppAccountCalls kCalls;
const channel::ConnectApp kApp{"670", Secret("app secret&")};

channel::SenderRoute route() {
  return {.address = {}, .api_base = http::Url::parse("https://graph.example/v25.0").value()};
}

TEST(AccountCalls, SecretsOfAnExchangeStandInTheBodyAndNotInTheAddress) {
  const auto request = kCalls.exchange_code(kApp, Secret("c+/="), "https://a.example/x?y", route());
  EXPECT_EQ(request.url.str(), "https://graph.example/v25.0/oauth/access_token");
  EXPECT_EQ(request.body,
            "client_id=670&client_secret=app%20secret%26&code=c%2B%2F%3D"
            "&redirect_uri=https%3A%2F%2Fa.example%2Fx%3Fy");
}

TEST(AccountCalls, PopUpHasNoAddressToGoBackTo) {
  EXPECT_THAT(kCalls.exchange_code(kApp, Secret("c"), "", route()).body,
              Not(HasSubstr("redirect_uri")));
}

TEST(AccountCalls, IssuedTokenHasItsLife) {
  const auto issued = kCalls.read_issued(
      answered(R"({"access_token":"EAAx","token_type":"bearer","expires_in":60})"));
  ASSERT_TRUE(issued);
  EXPECT_EQ(issued->token.reveal(), "EAAx");
  EXPECT_EQ(issued->life, std::chrono::seconds(60));
}

TEST(AccountCalls, AnswerWithoutATokenIsNone) {
  EXPECT_FALSE(kCalls.read_issued(answered(R"({"token_type":"bearer"})")));
  EXPECT_FALSE(kCalls.read_issued(answered("<html>")));
}

TEST(AccountCalls, TokenIsReadWithItsAccountsAndItsEnd) {
  const auto facts = kCalls.read_token(answered(
      R"({"data":{"app_id":670,"is_valid":true,"expires_at":1767225600,"user_id":"77",
          "scopes":["whatsapp_business_management","whatsapp_business_messaging"],
          "granular_scopes":[{"scope":"whatsapp_business_management","target_ids":["1","2"]},
                             {"scope":"whatsapp_business_messaging","target_ids":["3"]}]}})"));
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->is_valid && facts->may_manage && facts->may_send);
  EXPECT_EQ(facts->app_id, "670");
  EXPECT_EQ(facts->user_id, "77");
  EXPECT_THAT(facts->accounts, ElementsAre("1", "2"));
  ASSERT_TRUE(facts->expires_at);
  EXPECT_EQ(format_time(*facts->expires_at), "2026-01-01T00:00:00.000Z");
}

TEST(AccountCalls, TokenWithoutAnEndHasNone) {
  const auto facts = kCalls.read_token(answered(R"({"data":{"is_valid":true,"expires_at":0}})"));
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->expires_at);
}

struct TroubleCase {
  std::int64_t code, subcode;
  std::string_view trouble;
};
class Trouble : public testing::TestWithParam<TroubleCase> {};
TEST_P(Trouble, IsTold) {
  EXPECT_EQ(kCalls.token_trouble(GetParam().code, GetParam().subcode), GetParam().trouble);
}
INSTANTIATE_TEST_SUITE_P(
    Table, Trouble,
    testing::Values(TroubleCase{190, 463, "token_expired"}, TroubleCase{190, 460, "token_revoked"},
                    TroubleCase{190, 467, "token_revoked"}, TroubleCase{190, 458, "app_removed"},
                    TroubleCase{190, 0, "token_invalid"}, TroubleCase{0, 0, "token_invalid"},
                    TroubleCase{100, 33, ""}, TroubleCase{131047, 0, ""}));

TEST(AccountCalls, InvalidTokenSaysWhy) {
  const auto facts = kCalls.read_token(
      answered(R"({"data":{"is_valid":false,"error":{"code":190,"subcode":463}}})"));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->trouble, "token_expired");
}

TEST(AccountCalls, IdInAPathStaysOneSegment) {
  EXPECT_THAT(kCalls.get_account("1/../2?x", route()).url.target,
              HasSubstr("/v25.0/1%2F..%2F2%3Fx?fields="));
}

TEST(AccountCalls, AccountIsReadWithItsOwner) {
  const auto facts = kCalls.read_account(answered(
      R"({"id":"1","name":"Shop","currency":"INR","timezone_id":71,
          "owner_business_info":{"id":"9","name":"Shop Ltd"}})"));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->name, "Shop");
  EXPECT_EQ(facts->currency, "INR");
  EXPECT_EQ(facts->time_zone, "71");
  EXPECT_EQ(facts->owner_business_id, "9");
  EXPECT_EQ(facts->owner_business_name, "Shop Ltd");
}

TEST(AccountCalls, NumbersAreReadAndTheNextPageIsFound) {
  const auto page = kCalls.read_addresses(answered(
      R"({"data":[{"id":"5","display_phone_number":"+1 555-078-3881","verified_name":"Shop",
                   "status":"CONNECTED","is_on_biz_app":false},
                  {"id":"6","display_phone_number":"+91 98765 43210","status":"DISCONNECTED",
                   "is_on_biz_app":true},{"id":"7"},4],
          "paging":{"cursors":{"after":"QQ"},"next":"https://graph.example/next"}})"));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->addresses.size(), 2U);
  EXPECT_EQ(page->addresses[0].display_number, "+15550783881");
  EXPECT_TRUE(page->addresses[0].is_registered);
  EXPECT_FALSE(page->addresses[0].is_on_app);
  EXPECT_TRUE(page->addresses[1].is_on_app);
  EXPECT_EQ(page->next, "QQ");
}

TEST(AccountCalls, LastPageHasNoNext) {
  const auto page =
      kCalls.read_addresses(answered(R"({"data":[],"paging":{"cursors":{"after":"QQ"}}})"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, "");
}

TEST(AccountCalls, SubscriptionHasAnEmptyBodyUnlessItHasACallback) {
  EXPECT_EQ(kCalls.subscribe("1", {}, route()).body, "");
  EXPECT_EQ(kCalls.subscribe("1", {"https://b.example", Secret("v")}, route()).body,
            R"({"override_callback_uri":"https://b.example","verify_token":"v"})");
}

TEST(AccountCalls, RegistrationHasThePin) {
  const auto request = kCalls.register_address("5", Secret("123456"), route());
  EXPECT_EQ(request.url.target, "/v25.0/5/register");
  EXPECT_EQ(request.body, R"({"messaging_product":"whatsapp","pin":"123456"})");
}

class SignedRequest : public testing::Test {
 protected:
  static std::string signed_by(std::string_view secret, std::string_view json) {
    const std::string payload = base64url_encode(as_bytes(json));
    return base64url_encode(crypto::hmac_sha256(secret, {payload})) + "." + payload;
  }
  static Result<channel::SignedRequest> read(std::string_view text) {
    return kCalls.read_signed_request(text, kApp.secret);
  }
  static constexpr std::string_view kOf77 =
      R"({"algorithm":"HMAC-SHA256","user_id":"77","issued_at":1790000000})";
};

TEST_F(SignedRequest, NamesThePerson) {
  const auto told = read(signed_by("app secret&", kOf77));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->user_id, "77");
  EXPECT_EQ(told->issued_at, from_unix_ms(1'790'000'000'000));
  const auto number = read(signed_by("app secret&", R"({"algorithm":"HMAC-SHA256","user_id":77})"));
  EXPECT_EQ(number->user_id, "77");
  EXPECT_EQ(number->issued_at, Time{}) << "of no time that would be let in";
}

TEST_F(SignedRequest, ATimeThatNoClockHasIsNone) {
  const auto told = read(
      signed_by("app secret&",
                R"({"algorithm":"HMAC-SHA256","user_id":"77","issued_at":9223372036854775807})"));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->issued_at, Time{});
}

TEST_F(SignedRequest, OfAnotherAppIsRefused) { EXPECT_FALSE(read(signed_by("other", kOf77))); }

TEST_F(SignedRequest, PayloadThatWasChangedIsRefused) {
  const std::string good = signed_by("app secret&", kOf77);
  const std::string other =
      base64url_encode(as_bytes(R"({"algorithm":"HMAC-SHA256","user_id":"78"})"));
  EXPECT_FALSE(read(good.substr(0, good.find('.') + 1) + other));
}

TEST_F(SignedRequest, OfAnotherAlgorithmOrNobodyIsRefused) {
  EXPECT_FALSE(read(signed_by("app secret&", R"({"algorithm":"none","user_id":"77"})")));
  EXPECT_FALSE(read(signed_by("app secret&", R"({"algorithm":"HMAC-SHA256"})")));
  EXPECT_FALSE(read(signed_by("app secret&", "[]")));
}

TEST_F(SignedRequest, IsRefusedWhereTheAppHasNoSecret) {
  EXPECT_FALSE(kCalls.read_signed_request(signed_by("", kOf77), Secret()));
}

TEST_F(SignedRequest, WhatIsNoneIsRefused) {
  for (const char* text : {"", ".", "a", "a.", ".a", "a.b.c"}) EXPECT_FALSE(read(text)) << text;
}

struct ToldCase {
  const char* value;
  std::optional<channel::AccountChange> change;
};
class AccountTold : public testing::TestWithParam<ToldCase> {};
TEST_P(AccountTold, IsAChangeOrNone) {
  const std::string body = R"({"object":"whatsapp_business_account","entry":[{"id":"1","time":1,)"
                           R"("changes":[{"field":"account_update","value":)" +
                           std::string(GetParam().value) + "}]}]}";
  const auto updates = make_adapter()->parse(body, Time{});
  ASSERT_TRUE(updates);
  ASSERT_EQ(updates->size(), 1U);
  EXPECT_EQ(std::get<channel::Notice>(updates->front()).account_change, GetParam().change);
}
INSTANTIATE_TEST_SUITE_P(
    Table, AccountTold,
    testing::Values(
        ToldCase{R"({"event":"PARTNER_REMOVED"})", channel::AccountChange::kPartnerRemoved},
        ToldCase{R"({"event":"PARTNER_APP_UNINSTALLED"})", channel::AccountChange::kAppRemoved},
        ToldCase{R"({"event":"ACCOUNT_DELETED"})", channel::AccountChange::kDeleted},
        ToldCase{R"({"event":"ACCOUNT_OFFBOARDED"})", channel::AccountChange::kOffboarded},
        ToldCase{R"({"event":"ACCOUNT_RECONNECTED"})", channel::AccountChange::kRestored},
        ToldCase{R"({"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE"}})",
                 channel::AccountChange::kDisabled},
        ToldCase{R"({"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"REINSTATE"}})",
                 channel::AccountChange::kRestored},
        ToldCase{
            R"({"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"SCHEDULE_FOR_DISABLE"}})",
            std::nullopt},
        ToldCase{R"({"event":"DISABLED_UPDATE"})", std::nullopt},
        ToldCase{R"({"event":"PARTNER_ADDED"})", std::nullopt}));

TEST(AccountCalls, HistoryIsAskedForInTwoParts) {
  const auto requests = kCalls.request_history("5", route());
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_THAT(requests[0].body, HasSubstr("smb_app_state_sync"));
  EXPECT_THAT(requests[1].body, HasSubstr("history"));
}

}  // namespace
}  // namespace flowsell::whatsapp
