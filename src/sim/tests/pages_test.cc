#include <fmt/format.h>

#include "graph_fixture.h"

namespace flowsell::sim::test {
namespace {

class SignupPage : public Graph {
 protected:
  RawAnswer finish(std::string_view scenario) const {
    return call(sim_->port(), "POST", "/dialog/finish",
                fmt::format(R"({{"scenario":"{}","name":"Bakery"}})", scenario));
  }
};

TEST_F(SignupPage, IsServedWithItsScript) {
  const auto script = call(sim_->port(), "GET", "/en_US/sdk.js", "");
  EXPECT_EQ(script.status, 200);
  EXPECT_NE(script.body.find("window.FB"), std::string::npos);
  EXPECT_EQ(call(sim_->port(), "GET", "/dialog/signup?app_id=1", "").status, 200);
  EXPECT_EQ(call(sim_->port(), "GET", "/v25.0/dialog/oauth?client_id=1", "").status, 200);
}

TEST_F(SignupPage, MakesAnAccountThatItsCodeOpens) {
  const auto outcome = finish("success");
  EXPECT_EQ(at(outcome, "/message/type"), "WA_EMBEDDED_SIGNUP");
  EXPECT_EQ(at(outcome, "/message/event"), "FINISH");
  const auto account = at(outcome, "/message/data/waba_id");
  const auto phone = at(outcome, "/message/data/phone_number_id");
  const auto token = at(exchange(at(outcome, "/code")), "/access_token");
  EXPECT_EQ(at(get(account, token), "/name"), "Bakery");
  EXPECT_EQ(at(get(account + "/subscribed_apps", token), "/data"), "[]");
  EXPECT_EQ(post_to(account + "/subscribed_apps", "{}", token).status, 200);
  EXPECT_EQ(enrol(phone, "123456", token).status, 200);
  EXPECT_EQ(at(get(std::string(kAccount), token), "/error/error_subcode"), "33");
}

TEST_F(SignupPage, TellsTheAppOfItsNewCustomer) {
  const auto outcome = finish("success");
  const auto value = told("account_update");
  EXPECT_EQ(text_of(value, "/event"), "PARTNER_ADDED");
  EXPECT_EQ(text_of(value, "/waba_info/waba_id"), at(outcome, "/message/data/waba_id"));
  EXPECT_EQ(at(get(fmt::format("{}/client_whatsapp_business_accounts", kBusiness)), "/data/0/id"),
            at(outcome, "/message/data/waba_id"));
}

TEST_F(SignupPage, CanBeCancelled) {
  const auto outcome = finish("cancel");
  EXPECT_EQ(at(outcome, "/message/event"), "CANCEL");
  EXPECT_EQ(at(outcome, "/message/data/current_step"), "PHONE_NUMBER_SETUP");
  EXPECT_EQ(at(outcome, "/code"), "null");
}

TEST_F(SignupPage, CanReportAnError) {
  EXPECT_EQ(at(finish("error"), "/message/data/error_code"), "524126");
}

TEST_F(SignupPage, CanGiveACodeThatIsTooOld) {
  EXPECT_EQ(at(exchange(at(finish("late_code"), "/code")), "/error/error_subcode"), "36007");
}

TEST_F(SignupPage, CanGiveATokenWithoutTheScope) {
  const auto outcome = finish("no_waba_scope");
  const auto token = at(exchange(at(outcome, "/code")), "/access_token");
  const auto debugged = get("debug_token?input_token=" + token, kAppToken);
  EXPECT_EQ(at(debugged, "/data/is_valid"), "true");
  EXPECT_EQ(at(debugged, "/data/scopes"), R"(["public_profile"])");
  EXPECT_EQ(get(at(outcome, "/message/data/waba_id"), token).status, 400);
}

TEST_F(SignupPage, CanBringANumberThatHasAPin) {
  const auto outcome = finish("wrong_pin");
  const auto token = at(exchange(at(outcome, "/code")), "/access_token");
  const auto phone = at(outcome, "/message/data/phone_number_id");
  EXPECT_EQ(code_of(enrol(phone, "123456", token)), 133005);
  EXPECT_EQ(enrol(phone, "246810", token).status, 200);
}

TEST_F(SignupPage, CanBringANumberOfAnotherProvider) {
  const auto outcome = finish("already_registered");
  const auto token = at(exchange(at(outcome, "/code")), "/access_token");
  EXPECT_EQ(at(enrol(at(outcome, "/message/data/phone_number_id"), "123456", token),
               "/error/error_subcode"),
            "2388012");
}

TEST_F(SignupPage, CanLeaveTheNumberOnItsPhone) {
  const auto outcome = finish("coexistence");
  EXPECT_EQ(at(outcome, "/message/event"), "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING");
  EXPECT_EQ(at(outcome, "/message/data/phone_number_id"), "(absent)");
  const auto token = at(exchange(at(outcome, "/code")), "/access_token");
  const auto phone =
      at(get(at(outcome, "/message/data/waba_id") + "/phone_numbers?fields=is_on_biz_app", token),
         "/data/0/id");
  EXPECT_EQ(code_of(enrol(phone, "123456", token)), 100);
  constexpr std::string_view kHistory = R"({"messaging_product":"whatsapp","sync_type":"history"})";
  EXPECT_EQ(post_to(phone + "/smb_app_data", kHistory, token).status, 200);
  EXPECT_EQ(code_of(post_to(phone + "/smb_app_data", kHistory, token)), 2593107);
}

TEST_F(SignupPage, DoesWhatItWasTold) {
  EXPECT_EQ(control("POST", "/_sim/signup", R"({"scenario":"late_code"})").status, 200);
  EXPECT_NE(call(sim_->port(), "GET", "/dialog/signup", "").body.find("|| \"late_code\""),
            std::string::npos);
  EXPECT_EQ(control("POST", "/_sim/signup", R"({"scenario":"rain"})").status, 400);
}

TEST_F(Graph, ShowsACustomersPhoneOnlyWhileSomebodyLooks) {
  EXPECT_NE(call(sim_->port(), "GET", "/_sim/phone", "").body.find("read receipts"),
            std::string::npos);
  send_text();
  EXPECT_EQ(at(control("GET", "/_sim/phone/messages?after=0"), "/messages"), "[]");
  send_text();
  const auto shown = control("GET", "/_sim/phone/messages?after=0");
  EXPECT_EQ(at(shown, "/messages/0/person"), "491510000001");
  EXPECT_EQ(at(shown, "/messages/0/body/text/body"), "Hi");
  EXPECT_EQ(at(control("GET", "/_sim/phone/messages?after=1"), "/messages"), "[]");
}

}  // namespace
}  // namespace flowsell::sim::test
