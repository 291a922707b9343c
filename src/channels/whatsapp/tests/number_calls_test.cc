// Requests about numbers, and what is read of Meta's answers to them.
#include "number_calls.h"

#include <gtest/gtest.h>

#include "account_calls.h"
#include "support.h"

namespace flowsell::whatsapp {
namespace {

using channel::SenderCalls;

const NumberCalls kCalls;
const WhatsAppAccountCalls kAccountCalls;

channel::SenderRoute route(const std::string& address = "106540352242922") {
  return {.address = address,
          .api_base = http::Url::parse("https://graph.facebook.com/v25.0").value()};
}

/// "METHOD target body"
std::string shown(const Result<http::OutRequest>& request) {
  if (!request) return "refused: " + request.error().detail;
  std::string text(http::method_name(request->method));
  text += " " + request->url.target;
  if (!request->body.empty()) text += " " + request->body;
  return text;
}

struct RequestCase {
  const char* name;
  std::string (*make)();
  const char* expected;
};
class NumberRequest : public testing::TestWithParam<RequestCase> {};

TEST_P(NumberRequest, IsAsMetaDocumentsIt) { EXPECT_EQ(GetParam().make(), GetParam().expected); }

const RequestCase kRequestCases[] = {
    {"Register", [] { return shown(kCalls.register_sender(Secret("123456"), "", route())); },
     R"(POST /v25.0/106540352242922/register {"messaging_product":"whatsapp","pin":"123456"})"},
    {"RegisterInARegion",
     [] { return shown(kCalls.register_sender(Secret("123456"), "IN", route())); },
     R"(POST /v25.0/106540352242922/register {"messaging_product":"whatsapp","pin":"123456",)"
     R"("data_localization_region":"IN"})"},
    {"Deregister", [] { return shown(kCalls.deregister_sender(route())); },
     "POST /v25.0/106540352242922/deregister"},
    {"Pin", [] { return shown(kCalls.set_pin(Secret("654321"), route())); },
     R"(POST /v25.0/106540352242922 {"pin":"654321"})"},
    {"Code",
     [] { return shown(kCalls.request_code(channel::CodeMethod::kVoice, "pt_BR", route())); },
     R"(POST /v25.0/106540352242922/request_code {"code_method":"VOICE","language":"pt_BR"})"},
    {"Verify", [] { return shown(kCalls.verify_code(Secret("123456"), route())); },
     R"(POST /v25.0/106540352242922/verify_code {"code":"123456"})"},
    {"Name", [] { return shown(kCalls.request_name("Corner \"Shop\"", route())); },
     R"(POST /v25.0/106540352242922 {"new_display_name":"Corner \"Shop\""})"},
    {"Unblock",
     [] {
       const std::vector<std::string> people = {"+491510000001"};
       return shown(kCalls.block(SenderCalls::Blocking::kUnblock, people, route()));
     },
     R"(DELETE /v25.0/106540352242922/block_users {"messaging_product":"whatsapp",)"
     R"("block_users":[{"user":"+491510000001"}]})"},
    {"BlockedPage",
     [] {
       return shown(kCalls.list_blocked({.limit = 10, .after = "a=&b", .before = {}}, route()));
     },
     "GET /v25.0/106540352242922/block_users?limit=10&after=a%3D%26b"},
    {"QrCode",
     [] { return shown(kCalls.put_qr_code("", "Hello", channel::QrImage::kSvg, route())); },
     R"(POST /v25.0/106540352242922/message_qrdls {"prefilled_message":"Hello","generate_qr_image":"SVG"})"},
    {"QrCodeChanged",
     [] { return shown(kCalls.put_qr_code("AB12", "Hi", channel::QrImage::kNone, route())); },
     R"(POST /v25.0/106540352242922/message_qrdls {"prefilled_message":"Hi","code":"AB12"})"},
    {"QrCodeThatIsAPath", [] { return shown(kCalls.delete_qr_code("../x", route())); },
     "DELETE /v25.0/106540352242922/message_qrdls/..%2Fx"},
    {"Token", [] { return shown(kAccountCalls.inspect_token(Secret("EAA|x&y"), route())); },
     "GET /v25.0/debug_token?input_token=EAA%7Cx%26y"},
    {"AddressThatIsAPath", [] { return shown(kCalls.deregister_sender(route("1/../2"))); },
     "refused: the provider's id has a character that can't be in one"},
    {"NoAddress", [] { return shown(kCalls.get_sender(route(""))); },
     "refused: the provider's id has a character that can't be in one"},
};
INSTANTIATE_TEST_SUITE_P(Table, NumberRequest, testing::ValuesIn(kRequestCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(NumberAnswers, StateIsReadInLowerCase) {
  const auto page = kCalls.read_senders(answered(
      R"({"data":[{"id":"106","display_phone_number":"+1 555-078-3881","verified_name":"Shop",
          "name_status":"APPROVED","new_name_status":"NONE","status":"CONNECTED",
          "quality_rating":"GREEN","throughput":{"level":"HIGH"},
          "code_verification_status":"VERIFIED","platform_type":"CLOUD_API","account_mode":"LIVE",
          "whatsapp_business_manager_messaging_limit":"TIER_2K",
          "is_official_business_account":false,"is_pin_enabled":true,"is_on_biz_app":false}],
          "paging":{"cursors":{"before":"b","after":"a"}}})"));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->senders.size(), 1U);
  channel::SenderState expected;
  expected.address = "106";
  expected.display_number = "+15550783881";
  expected.name = "Shop";
  expected.name_status = "approved";
  expected.requested_name_status = "none";
  expected.status = "connected";
  expected.quality = "green";
  expected.throughput = "high";
  expected.verification = "verified";
  expected.platform = "cloud_api";
  expected.account_mode = "live";
  expected.messaging_limit = "tier_2k";
  expected.is_official = false;
  expected.has_pin = true;
  expected.is_on_app = false;
  EXPECT_EQ(page->senders[0], expected);
  EXPECT_EQ(page->next, "") << "there is no next page without a link to it";
}

TEST(NumberAnswers, NextPageHasItsCursor) {
  const auto page = kCalls.read_senders(
      answered(R"({"data":[],"paging":{"cursors":{"after":"a"},"next":"https://x"}})"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, "a");
}

TEST(NumberAnswers, BlockingTellsOfEach) {
  const auto results = kCalls.read_blocking(answered(
      R"({"block_users":{"added_users":[{"input":"+49 1","wa_id":"491510000001"}],
          "failed_users":[{"input":"+49 2","wa_id":"491510000002","errors":[{"code":131047,
          "message":"Re-engagement message"}]},{"input":"US.12"}]}})"));
  ASSERT_TRUE(results);
  ASSERT_EQ(results->size(), 3U);
  EXPECT_EQ((*results)[0].user, "+491510000001");
  EXPECT_FALSE((*results)[0].error);
  ASSERT_TRUE((*results)[1].error);
  EXPECT_EQ((*results)[1].error->code, 131047);
  EXPECT_TRUE((*results)[2].error) << "who failed without a reason failed all the same";
}

TEST(NumberAnswers, TokenEndsWithTheEarlierOfItsTimes) {
  const auto token = kCalls.read_token(answered(
      R"({"data":{"app_id":"7","is_valid":true,"expires_at":0,"data_access_expires_at":1790000000,
          "scopes":["whatsapp_business_messaging"],"granular_scopes":[
          {"scope":"whatsapp_business_management","target_ids":["102"]}]}})"));
  ASSERT_TRUE(token);
  EXPECT_TRUE(token->is_valid);
  EXPECT_EQ(token->expires_at, from_unix_ms(1'790'000'000'000));
  EXPECT_EQ(token->grants.at(0).accounts.at(0), "102");
}

TEST(NumberAnswers, HealthHasWhatMetaAdvises) {
  const auto facts = kCalls.read_account(answered(
      R"({"id":"102","name":"Shop","account_review_status":"APPROVED","health_status":{
          "can_send_message":"BLOCKED","entities":[{"entity_type":"WABA","id":"102",
          "can_send_message":"BLOCKED","errors":[{"error_code":141006,"error_description":"D",
          "possible_solution":"S"}]}]}})"));
  ASSERT_TRUE(facts);
  ASSERT_EQ(facts->health.size(), 1U);
  EXPECT_EQ(facts->health[0].type, "waba");
  EXPECT_EQ(facts->health[0].verdict, "blocked");
  EXPECT_EQ(facts->health[0].faults.at(0).solution, "S");
}

TEST(NumberAnswers, WebhooksGoToTheNearestCallback) {
  const auto facts = kCalls.read_sender_facts(answered(
      R"({"id":"106","webhook_configuration":{"application":"https://a","phone_number":"https://p"}})"));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->callbacks.used(), "https://p");
}

TEST(NumberAnswers, AutomationThatWasNeverSetIsNone) {
  const auto automation = kCalls.read_automation(answered(R"({"id":"106"})"));
  ASSERT_TRUE(automation);
  EXPECT_EQ(automation->welcome, false);
  EXPECT_TRUE(automation->commands->empty());
}

struct UnreadableCase {
  const char* name;
  const char* body;
};
class UnreadableAnswer : public testing::TestWithParam<UnreadableCase> {};

TEST_P(UnreadableAnswer, IsNoAnswerOfTheProviders) {
  const auto exchange = answered(GetParam().body);
  EXPECT_FALSE(kCalls.read_senders(exchange));
  EXPECT_FALSE(kCalls.read_sender(exchange));
  EXPECT_FALSE(kCalls.read_profile(exchange));
  EXPECT_FALSE(kCalls.read_blocked(exchange));
  EXPECT_FALSE(kCalls.read_blocking(exchange));
  EXPECT_FALSE(kCalls.read_qr_codes(exchange));
  EXPECT_FALSE(kCalls.read_qr_code(exchange));
  EXPECT_FALSE(kCalls.read_token(exchange));
  EXPECT_FALSE(kCalls.read_subscriptions(exchange));
  EXPECT_FALSE(kCalls.read_account(exchange));
  EXPECT_FALSE(kCalls.read_sender_facts(exchange));
  EXPECT_FALSE(kCalls.read_templates(exchange));
}

constexpr UnreadableCase kUnreadableCases[] = {
    {"Html", "<html>"}, {"Empty", ""}, {"List", "[]"}, {"OtherObject", R"({"x":1})"}};
INSTANTIATE_TEST_SUITE_P(Table, UnreadableAnswer, testing::ValuesIn(kUnreadableCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

// --- limits of what people see ---

struct ProfileCase {
  const char* name;
  channel::SenderProfile (*make)();
  const char* pointer;  ///< of the fault; empty: none
};
class ProfileLimits : public testing::TestWithParam<ProfileCase> {};

TEST_P(ProfileLimits, AreToldWithTheirPlace) {
  const auto checked = kCalls.check_profile(GetParam().make());
  const std::string pointer = checked ? "" : checked.error().fields.at(0).pointer;
  EXPECT_EQ(pointer, GetParam().pointer);
}

channel::SenderProfile about(std::size_t size) {
  channel::SenderProfile profile;
  profile.about = repeated(size, "é");
  return profile;
}
channel::SenderProfile websites(std::vector<std::string> all) {
  channel::SenderProfile profile;
  profile.websites = std::move(all);
  return profile;
}
channel::SenderProfile with(std::optional<std::string> channel::SenderProfile::* field,
                            std::string text) {
  channel::SenderProfile profile;
  profile.*field = std::move(text);
  return profile;
}
using Profile = channel::SenderProfile;

const ProfileCase kProfileCases[] = {
    {"Nothing", [] { return Profile{}; }, ""},
    {"LongestAbout", [] { return about(139); }, ""},
    {"AboutTooLong", [] { return about(140); }, "/about"},
    {"AboutEmpty", [] { return about(0); }, "/about"},
    {"AddressTooLong", [] { return with(&Profile::address, repeated(257, "a")); }, "/address"},
    {"AddressRemoved", [] { return with(&Profile::address, ""); }, ""},
    {"DescriptionTooLong", [] { return with(&Profile::description, repeated(513, "a")); },
     "/description"},
    {"EmailWithoutAt", [] { return with(&Profile::email, "shop"); }, "/email"},
    {"EmailTooLong", [] { return with(&Profile::email, "a@" + repeated(127, "b")); }, "/email"},
    {"NoSuchVertical", [] { return with(&Profile::vertical, "shop"); }, "/vertical"},
    {"Vertical", [] { return with(&Profile::vertical, "retail"); }, ""},
    {"TwoWebsites", [] { return websites({"https://a.example", "http://b.example"}); }, ""},
    {"ThreeWebsites", [] { return websites({"https://a", "https://b", "https://c"}); },
     "/websites"},
    {"WebsiteWithoutScheme", [] { return websites({"https://a", "b.example"}); }, "/websites/1"},
    {"HandleThatIsNone", [] { return with(&Profile::picture_handle, "abc"); }, "/picture_handle"},
};
INSTANTIATE_TEST_SUITE_P(Table, ProfileLimits, testing::ValuesIn(kProfileCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(AutomationLimits, AreToldWithTheirPlace) {
  channel::SenderAutomation automation;
  automation.commands.emplace(31, channel::SenderCommand{"help", "Helps"});
  automation.prompts = {"", repeated(81, "a")};
  const auto checked = kCalls.check_automation(automation);
  ASSERT_FALSE(checked);
  std::vector<std::string> pointers;
  for (const auto& fault : checked.error().fields) pointers.push_back(fault.pointer);
  EXPECT_EQ(pointers, (std::vector<std::string>{"/commands", "/prompts/0", "/prompts/1"}));
}

}  // namespace
}  // namespace flowsell::whatsapp
