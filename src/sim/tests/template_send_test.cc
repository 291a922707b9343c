#include <fmt/format.h>

#include "graph_fixture.h"

namespace flowsell::sim::test {
namespace {

/// An account with templates of its own.
class TemplateSend : public Graph {
 protected:
  void SetUp() override {
    Graph::SetUp();
    make_template(
        R"({"name":"order","language":"en_US","category":"UTILITY","components":[)"
        R"({"type":"HEADER","format":"IMAGE","example":{"header_handle":["4::aW1hZ2U="]}},)"
        R"({"type":"BODY","text":"Hello {{1}}, your order {{2}} is on its way to you",)"
        R"("example":{"body_text":[["a","b"]]}},)"
        R"({"type":"BUTTONS","buttons":[{"type":"URL","text":"Track",)"
        R"("url":"https://a.example/{{1}}","example":["https://a.example/1"]},)"
        R"({"type":"URL","text":"Home","url":"https://a.example"}]}]})");
    make_template(text_template("plain"));
    make_template(
        R"({"name":"named","language":"en_US","category":"UTILITY","parameter_format":"NAMED",)"
        R"("components":[)"
        R"({"type":"BODY","text":"Hello {{first_name}}, how are you",)"
        R"("example":{"body_text_named_params":[{"param_name":"first_name","example":"Ana"}]}}]})");
    make_template(R"({"name":"login","language":"en_US","category":"AUTHENTICATION",)"
                  R"("components":[{"type":"BODY"},)"
                  R"({"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE"}]}]})");
  }
  RawAnswer send(std::string_view name, std::string_view components = "",
                 std::string_view language = "en_US") const {
    return post(fmt::format(
        R"({{"messaging_product":"whatsapp","to":"+491510000001","type":"template","template":)"
        R"({{"name":"{}","language":{{"code":"{}"}},"components":[{}]}}}})",
        name, language, components));
  }
  RawAnswer act(std::string_view name, std::string_view what) const {
    const auto found = get(fmt::format("{}/message_templates?name={}&fields=id", kAccount, name));
    return control("POST", "/_sim/templates",
                   fmt::format(R"({{"id":"{}","do":"{}"}})", at(found, "/data/0/id"), what));
  }
};

constexpr std::string_view kHeader = R"({"type":"header","parameters":[{"type":"image",)"
                                     R"("image":{"link":"https://a.example/a.jpg"}}]},)";
constexpr std::string_view kBody =
    R"({"type":"body","parameters":[{"type":"text","text":"Ana"},{"type":"text","text":"42"}]},)";
constexpr std::string_view kButton =
    R"({"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"42"}]})";

TEST_F(TemplateSend, IsAcceptedWithWhatTheTemplateNeeds) {
  EXPECT_EQ(send("order", fmt::format("{}{}{}", kHeader, kBody, kButton)).status, 200);
  EXPECT_EQ(send("plain").status, 200);
}

struct SendCase {
  std::string_view name;
  std::string_view of_template;
  std::string components;
  int code;
};
class RefusedSend : public TemplateSend, public testing::WithParamInterface<SendCase> {};

TEST_P(RefusedSend, HasMetasCode) {
  const auto answer = send(GetParam().of_template, GetParam().components);
  EXPECT_EQ(code_of(answer), GetParam().code) << answer.body;
}

std::string parts(std::string_view a, std::string_view b = "", std::string_view c = "") {
  auto text = fmt::format("{}{}{}", a, b, c);
  if (text.ends_with(',')) text.pop_back();
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedSend,
    testing::Values(
        SendCase{"UnknownName", "nothing", "", 132001},
        SendCase{"NoHeader", "order", parts(kBody, kButton), 132012},
        SendCase{"HeaderOfAnotherKind", "order",
                 parts(R"({"type":"header","parameters":[{"type":"video",)"
                       R"("video":{"link":"https://a.example/a"}}]},)",
                       kBody, kButton),
                 132012},
        SendCase{"NoBody", "order", parts(kHeader, kButton), 132000},
        SendCase{"OneParameterMissing", "order",
                 parts(kHeader, R"({"type":"body","parameters":[{"type":"text","text":"Ana"}]},)",
                       kButton),
                 132000},
        SendCase{"AnImageInTheBody", "order",
                 parts(kHeader,
                       R"({"type":"body","parameters":[{"type":"text","text":"a"},{"type":"image",)"
                       R"("image":{"link":"https://a.example/a"}}]},)",
                       kButton),
                 132012},
        SendCase{"NoButton", "order", parts(kHeader, kBody), 131008},
        SendCase{"ButtonOfAnotherKind", "order",
                 parts(kHeader, kBody,
                       R"({"type":"button","sub_type":"quick_reply","index":"0",)"
                       R"("parameters":[{"type":"payload","payload":"x"}]})"),
                 132018},
        SendCase{
            "ButtonWithoutVariable", "order",
            parts(fmt::format("{}{}{},", kHeader, kBody, kButton),
                  R"({"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text",)"
                  R"("text":"x"}]})"),
            132018},
        SendCase{
            "NoSuchButton", "order",
            parts(fmt::format("{}{}{},", kHeader, kBody, kButton),
                  R"({"type":"button","sub_type":"url","index":"5","parameters":[{"type":"text",)"
                  R"("text":"x"}]})"),
            132018},
        SendCase{"SpaceInAUrl", "order",
                 parts(kHeader, kBody,
                       R"({"type":"button","sub_type":"url","index":"0",)"
                       R"("parameters":[{"type":"text","text":"4 2"}]})"),
                 132007},
        SendCase{"ParametersForAPlainOne", "plain", parts(kBody), 132000},
        SendCase{"WrongParameterName", "named",
                 R"({"type":"body","parameters":[{"type":"text","parameter_name":"name",)"
                 R"("text":"Ana"}]})",
                 132000},
        SendCase{"NoParameterName", "named",
                 R"({"type":"body","parameters":[{"type":"text","text":"Ana"}]})", 132000}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(TemplateSend, TakesNamedParameters) {
  EXPECT_EQ(
      send("named", R"({"type":"body","parameters":[{"type":"text","parameter_name":"first_name",)"
                    R"("text":"Ana"}]})")
          .status,
      200);
}

TEST_F(TemplateSend, IsRefusedInAnotherLanguage) {
  const auto answer = send("plain", "", "de");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(at(answer, "/error/error_data/details"), "template name (plain) does not exist in de");
}

TEST_F(TemplateSend, IsRefusedWhenTheTextGetsTooLong) {
  const auto answer =
      send("order",
           fmt::format(
               R"({}{{"type":"body","parameters":[{{"type":"text","text":"{}"}},{{"type":"text",)"
               R"("text":"42"}}]}},{})",
               kHeader, std::string(1024, 'a'), kButton));
  EXPECT_EQ(code_of(answer), 132005);
}

TEST_F(TemplateSend, IsRefusedWhileTheTemplateIsPausedOrDisabled) {
  act("plain", "pause");
  EXPECT_EQ(code_of(send("plain")), 132015);
  act("plain", "disable");
  EXPECT_EQ(code_of(send("plain")), 132016);
  act("plain", "reject");
  EXPECT_EQ(code_of(send("plain")), 132001);
}

TEST_F(TemplateSend, OfAPasswordNeedsANumber) {
  constexpr std::string_view kCode =
      R"({"type":"body","parameters":[{"type":"text","text":"123"}]},)"
      R"({"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text",)"
      R"("text":"123"}]})";
  EXPECT_EQ(send("login", kCode).status, 200);
  const auto answer = post(fmt::format(
      R"({{"messaging_product":"whatsapp","recipient":"DE.1349","type":"template","template":)"
      R"({{"name":"login","language":{{"code":"en_US"}},"components":[{}]}}}})",
      kCode));
  EXPECT_EQ(code_of(answer), 131062);
}

TEST_F(Graph, TakesEveryTemplateWhereTheAccountHasNone) {
  EXPECT_EQ(post(R"({"messaging_product":"whatsapp","to":"+491510000001","type":"template",)"
                 R"("template":{"name":"any","language":{"code":"de"}}})")
                .status,
            200);
}

TEST_F(TemplateSend, IsPricedByItsCategory) {
  send("login", R"({"type":"body","parameters":[{"type":"text","text":"123"}]},)"
                R"({"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text",)"
                R"("text":"123"}]})");
  const auto statuses = sink_.wait_for_statuses(1);
  ASSERT_FALSE(statuses.empty());
  EXPECT_EQ(text_of(statuses[0], "/pricing/category"), "authentication");
}

// --- windows

TEST_F(Graph, IsFreeForSomebodyWhoCameByAnAd) {
  control("POST", "/_sim/inbound",
          R"({"from":"+491510000001","type":"text","text":{"body":"Hi"},)"
          R"("referral":{"source_id":"1"}})");
  send_text();
  const auto statuses = sink_.wait_for_statuses(1);
  ASSERT_FALSE(statuses.empty());
  EXPECT_EQ(text_of(statuses[0], "/pricing/type"), "free_entry_point");
  EXPECT_EQ(text_of(statuses[0], "/conversation/origin/type"), "referral_conversion");
}

TEST_F(Graph, IsNotFreeWhenTheAnswerComesADayLater) {
  control("POST", "/_sim/inbound",
          R"({"from":"+491510000001","type":"text","text":{"body":"Hi"},)"
          R"("referral":{"source_id":"1"}})");
  advance(24LL * 3600);
  send_text();
  const auto statuses = sink_.wait_for_statuses(1);
  ASSERT_FALSE(statuses.empty());
  EXPECT_EQ(text_of(statuses[0], "/conversation"), "(absent)");
}

TEST_F(Graph, FailsOutsideOfTheWindowWhereThatIsOn) {
  control("POST", "/_sim/settings", R"({"service_window":true})");
  EXPECT_EQ(send_text().status, 200);
  const auto statuses = sink_.wait_for_statuses(1);
  ASSERT_EQ(statuses.size(), 1U);
  EXPECT_EQ(text_of(statuses[0], "/errors/0/code"), "131047");
}

TEST_F(Graph, DeliversInsideOfTheWindow) {
  control("POST", "/_sim/settings", R"({"service_window":true})");
  say_hello();
  send_text();
  const auto statuses = sink_.wait_for_statuses(3);
  ASSERT_EQ(statuses.size(), 3U);
  EXPECT_EQ(text_of(statuses[2], "/status"), "read");
}

TEST_F(Graph, ClosesTheWindowAfterADay) {
  control("POST", "/_sim/settings", R"({"service_window":true})");
  say_hello();
  advance(24LL * 3600);
  send_text();
  const auto statuses = sink_.wait_for_statuses(1);
  ASSERT_EQ(statuses.size(), 1U);
  EXPECT_EQ(text_of(statuses[0], "/status"), "failed");
}

TEST_F(Graph, LetsTemplatesOutOfTheWindow) {
  control("POST", "/_sim/settings", R"({"service_window":true})");
  post(R"({"messaging_product":"whatsapp","to":"+491510000001","type":"template",)"
       R"("template":{"name":"any","language":{"code":"de"}}})");
  const auto statuses = sink_.wait_for_statuses(1);
  ASSERT_GE(statuses.size(), 1U);
  EXPECT_EQ(text_of(statuses[0], "/status"), "sent");
}

}  // namespace
}  // namespace flowsell::sim::test
