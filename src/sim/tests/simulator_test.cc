#include <fmt/format.h>

#include "sim_fixture.h"

namespace flowsell::sim::test {
namespace {

TEST_F(Simulator, AcceptsAMessageInMetasShape) {
  const auto answer = send_text("+49 151 0000001");
  EXPECT_EQ(answer.status, 200);
  const auto body = answer.json();
  EXPECT_EQ(text_of(body, "/messaging_product"), "whatsapp");
  EXPECT_EQ(text_of(body, "/contacts/0/input"), "+49 151 0000001");
  EXPECT_EQ(text_of(body, "/contacts/0/wa_id"), "491510000001");
  EXPECT_TRUE(text_of(body, "/messages/0/id").starts_with("wamid."));
}

TEST_F(Simulator, GivesAPlainMessageNoMessageStatus) {
  EXPECT_EQ(text_of(send_text().json(), "/messages/0/message_status"), "(absent)");
}

TEST_F(Simulator, GivesATemplateItsMessageStatus) {
  const auto answer =
      post(R"({"messaging_product":"whatsapp","to":"+491510000001","type":"template",)"
           R"("template":{"name":"n","language":{"code":"de"}}})");
  EXPECT_EQ(text_of(answer.json(), "/messages/0/message_status"), "accepted");
}

TEST_F(Simulator, AnswersAUserIdWithoutWaId) {
  const auto answer =
      post(R"({"messaging_product":"whatsapp","recipient":"DE.1349","text":{"body":"x"}})");
  EXPECT_EQ(text_of(answer.json(), "/contacts/0/user_id"), "DE.1349");
  EXPECT_EQ(text_of(answer.json(), "/contacts/0/wa_id"), "(absent)");
}

TEST_F(Simulator, AnswersAGroupWithItsIdOnly) {
  const auto answer = post(
      R"({"messaging_product":"whatsapp","recipient_type":"group","to":"Y2FwaQ","text":{"body":"x"}})");
  EXPECT_EQ(text_of(answer.json(), "/contacts/0/input"), "Y2FwaQ");
  EXPECT_EQ(text_of(answer.json(), "/contacts/0/wa_id"), "(absent)");
}

TEST_F(Simulator, TakesMarketingAtItsOwnEdge) {
  constexpr std::string_view kBody =
      R"({"messaging_product":"whatsapp","to":"+491510000001","type":"template",)"
      R"("template":{"name":"n","language":{"code":"de"}},"product_policy":"STRICT"})";
  constexpr std::string_view kEdge = "/v25.0/106540352242922/marketing_messages";
  EXPECT_EQ(call(sim_->port(), "POST", kEdge, kBody).status, 200);
  EXPECT_EQ(code_of(call(sim_->port(), "POST", kMessages, kBody)), 100);
}

TEST_F(Simulator, SendsMetasHeaders) {
  const auto answer = send_text();
  for (const auto* name : {"x-fb-trace-id", "x-fb-request-id", "facebook-api-version",
                           "x-app-usage", "x-business-use-case-usage"}) {
    EXPECT_FALSE(answer.header(name).empty()) << name;
  }
}

TEST_F(Simulator, TakesAnyVersion) {
  constexpr std::string_view kBody =
      R"({"messaging_product":"whatsapp","to":"+491510000001","text":{"body":"x"}})";
  const auto answer = call(sim_->port(), "POST", "/v99.0/106540352242922/messages", kBody);
  EXPECT_EQ(answer.header("facebook-api-version"), "v99.0");
  EXPECT_EQ(answer.status, 200);
}

TEST_F(Simulator, MarksAsRead) {
  const auto answer =
      post(R"({"messaging_product":"whatsapp","status":"read","message_id":"wamid.A"})");
  EXPECT_EQ(answer.body, R"({"success":true})");
}

TEST_F(Simulator, RefusesAWrongTokenBeforeAnythingElse) {
  const auto answer = call(sim_->port(), "POST", "/v25.0/1/messages", "{", "wrong");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(code_of(answer), 190);
}

TEST_F(Simulator, SaysThatATokenHasExpired) {
  const auto answer = call(sim_->port(), "POST", kMessages, "{}", "expired");
  EXPECT_EQ(text_of(answer.json(), "/error/error_subcode"), "463");
}

TEST_F(Simulator, RefusesAnUnknownNumberBeforeTheParameters) {
  const auto answer = call(sim_->port(), "POST", "/v25.0/1/messages", "{}");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(code_of(answer), 100);
  EXPECT_EQ(text_of(answer.json(), "/error/error_subcode"), "33");
  EXPECT_EQ(text_of(answer.json(), "/error/type"), "GraphMethodException");
}

TEST_F(Simulator, RefusesAnUnknownEdge) {
  EXPECT_EQ(code_of(call(sim_->port(), "POST", "/v25.0/106540352242922/faxes", "{}")), 2500);
}

TEST_F(Simulator, RefusesAWrongParameterWithDetails) {
  const auto answer =
      post(R"({"messaging_product":"whatsapp","to":"+491510000001","type":"text"})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(code_of(answer), 131008);
  EXPECT_EQ(text_of(answer.json(), "/error/error_data/details"), "Parameter text is required");
  EXPECT_TRUE(text_of(answer.json(), "/error/fbtrace_id").starts_with("A"));
}

TEST_F(Simulator, RefusesABodyThatIsNoJson) { EXPECT_EQ(code_of(post("{")), 100); }

struct MagicCase {
  std::string_view to;
  int status;
  int code;
};
class MagicRecipient : public Simulator, public testing::WithParamInterface<MagicCase> {};

TEST_P(MagicRecipient, IsRefusedAtOnce) {
  const auto answer = send_text(GetParam().to);
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_EQ(code_of(answer), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MagicRecipient,
    testing::Values(MagicCase{"+1555000000", 401, 0}, MagicCase{"+1555131201", 400, 131201},
                    MagicCase{"+15552388040", 400, 2388040}, MagicCase{"+1555000190", 401, 190},
                    MagicCase{"+1555000004", 429, 4}, MagicCase{"+1555080007", 429, 80007},
                    MagicCase{"+1555000002", 503, 2}, MagicCase{"+1555000010", 403, 10},
                    MagicCase{"+1555000100", 400, 100}, MagicCase{"+1555000368", 403, 368},
                    MagicCase{"+1555131056", 400, 131056}, MagicCase{"+1555130429", 429, 130429},
                    MagicCase{"+1555132001", 404, 132001}, MagicCase{"+1555131000", 500, 131000}));

TEST_F(Simulator, AcceptsAMagicRecipientWhoseErrorComesLater) {
  EXPECT_EQ(send_text("+1555131047").status, 200);
}

TEST_F(Simulator, AcceptsANumberOneDigitLongerThanAMagicOne) {
  EXPECT_EQ(send_text("+15550001900").status, 200);
}

TEST_F(Simulator, HoldsAMessageForQuality) {
  EXPECT_EQ(text_of(send_text("+15559990006").json(), "/messages/0/message_status"),
            "held_for_quality_assessment");
}

TEST_F(Simulator, ListsWhatItAccepted) {
  const auto id = text_of(send_text().json(), "/messages/0/id");
  send_text("+1555000190");
  const auto list = control("GET", "/_sim/messages").json();
  EXPECT_EQ(text_of(list, "/count"), "1");
  EXPECT_EQ(text_of(list, "/messages/0/id"), id);
  EXPECT_EQ(text_of(list, "/messages/0/to"), "+491510000001");
  EXPECT_EQ(text_of(list, "/messages/0/type"), "text");
  EXPECT_EQ(text_of(list, "/messages/0/biz_opaque_callback_data"), "msg_1");
  EXPECT_EQ(text_of(list, "/messages/0/phone_number_id"), "106540352242922");
}

TEST_F(Simulator, ListsTheMessagesOfOneRecipient) {
  send_text("+491510000001");
  send_text("+491510000002");
  const auto list = control("GET", "/_sim/messages?to=%2B491510000002").json();
  EXPECT_EQ(text_of(list, "/count"), "1");
  EXPECT_EQ(text_of(list, "/messages/0/to"), "+491510000002");
}

TEST_F(Simulator, ListsPageByPage) {
  for (int i = 0; i < 3; ++i) send_text(fmt::format("+49151000000{}", i));
  const auto list = control("GET", "/_sim/messages?after=1&limit=1").json();
  EXPECT_EQ(list.at("messages").as_array().size(), 1U);
  EXPECT_EQ(text_of(list, "/messages/0/to"), "+491510000001");
  EXPECT_EQ(text_of(list, "/next"), "2");
}

TEST_F(Simulator, CountsAllOfARecipientOnEveryPage) {
  for (int i = 0; i < 3; ++i) send_text("+491510000001");
  const auto list = control("GET", "/_sim/messages?to=491510000001&after=1&limit=1").json();
  EXPECT_EQ(list.at("messages").as_array().size(), 1U);
  EXPECT_EQ(text_of(list, "/count"), "3");
}

TEST_F(Simulator, RefusesAPageThatIsNoNumber) {
  EXPECT_EQ(control("GET", "/_sim/messages?after=x").status, 400);
}

TEST_F(Simulator, CountsAcceptedAndRejected) {
  send_text();
  send_text("+1555000190");
  EXPECT_EQ(stat("accepted"), 1);
  EXPECT_EQ(stat("rejected"), 1);
}

TEST_F(Simulator, ForgetsItsMessagesOnReset) {
  send_text();
  EXPECT_EQ(control("POST", "/_sim/reset").status, 200);
  EXPECT_EQ(text_of(control("GET", "/_sim/messages").json(), "/count"), "0");
}

TEST_F(Simulator, ResetsTwiceAsOnce) {
  send_text();
  control("POST", "/_sim/reset");
  EXPECT_EQ(control("POST", "/_sim/reset").status, 200);
}

TEST_F(Simulator, ChangesItsSettings) {
  const auto answer = control("POST", "/_sim/settings", R"({"sent_after_ms":7,"batching":false})");
  EXPECT_EQ(text_of(answer.json(), "/sent_after_ms"), "7");
  EXPECT_EQ(text_of(answer.json(), "/batching"), "false");
}

TEST_F(Simulator, RefusesAnUnknownSetting) {
  EXPECT_EQ(control("POST", "/_sim/settings", R"({"speed":1})").status, 400);
}

TEST_F(Simulator, ChangesNothingWhenOneSettingIsWrong) {
  control("POST", "/_sim/settings", R"({"sent_after_ms":7,"speed":1})");
  EXPECT_EQ(text_of(control("GET", "/_sim/settings").json(), "/sent_after_ms"), "0");
}

TEST_F(Simulator, KnowsNoOtherControlCalls) {
  EXPECT_EQ(control("GET", "/_sim/weather").status, 404);
}

TEST_F(Simulator, ShowsItsNumber) {
  const auto answer = call(sim_->port(), "GET", "/v25.0/106540352242922", "");
  EXPECT_EQ(text_of(answer.json(), "/display_phone_number"), "+1 555-078-3881");
}

TEST_F(Simulator, TakesAnyTokenWhenItHasNone) {
  auto options = default_options();
  options.access_token = Secret();
  start(std::move(options));
  EXPECT_EQ(send_text().status, 200);
}

TEST_F(Simulator, StartsTwiceAndStopsTwice) {
  sim_->stop();
  sim_->stop();
  start(default_options());
  EXPECT_EQ(send_text().status, 200);
}

TEST(SimulatorStart, FailsWhenTheWebhookUrlIsNone) {
  SimulatorOptions options;
  options.webhook_url = "nowhere";
  WhatsAppSimulator simulator(std::move(options));
  EXPECT_FALSE(simulator.start());
}

}  // namespace
}  // namespace flowsell::sim::test
