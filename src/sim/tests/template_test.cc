#include <fmt/format.h>

#include "graph_fixture.h"

namespace flowsell::sim::test {
namespace {

class Templates : public Graph {
 protected:
  std::string path(std::string_view query = "") const {
    return fmt::format("{}/message_templates{}", kAccount, query);
  }
  RawAnswer create(std::string_view definition) const { return post_to(path(), definition); }
};

/// Reviews wait for the virtual clock.
class PendingTemplates : public Templates {
 protected:
  void SetUp() override {
    auto options = graph_options();
    options.review_after = std::chrono::hours(1);
    start(std::move(options));
  }
};

TEST_F(PendingTemplates, AreApprovedByTheVirtualClock) {
  const auto answer = create(text_template("order_ready"));
  EXPECT_EQ(at(answer, "/status"), "PENDING");
  EXPECT_EQ(at(answer, "/category"), "UTILITY");
  advance(3601);
  const auto value = told("message_template_status_update");
  EXPECT_EQ(text_of(value, "/event"), "APPROVED");
  EXPECT_EQ(text_of(value, "/reason"), "NONE");
  EXPECT_EQ(text_of(value, "/message_template_name"), "order_ready");
  EXPECT_EQ(text_of(value, "/message_template_language"), "en-US");
  EXPECT_EQ(text_of(value, "/message_template_id"), at(answer, "/id"));
  EXPECT_EQ(at(get(at(answer, "/id")), "/status"), "APPROVED");
}

TEST_F(PendingTemplates, AreRejectedByTheirName) {
  const auto id = make_template(text_template("reject_scam_1"));
  advance(3601);
  EXPECT_EQ(text_of(told("message_template_status_update"), "/reason"), "SCAM");
  EXPECT_EQ(at(get(id + "?fields=rejected_reason"), "/rejected_reason"), "SCAM");
}

TEST_F(PendingTemplates, SayWhyTheirFormatIsNotValid) {
  make_template(text_template("reject_format"));
  advance(3601);
  const auto value = told("message_template_status_update");
  EXPECT_EQ(text_of(value, "/event"), "REJECTED");
  EXPECT_NE(text_of(value, "/rejection_info/reason"), "(absent)");
}

TEST_F(PendingTemplates, StayPendingByTheirName) {
  const auto id = make_template(text_template("stay_pending_1"));
  advance(30LL * 24 * 3600);
  EXPECT_EQ(at(get(id), "/status"), "PENDING");
}

TEST_F(PendingTemplates, CanNotBeEdited) {
  const auto id = make_template(text_template("order_ready"));
  EXPECT_EQ(post_to(id, R"({"components":[{"type":"BODY","text":"Other"}]})").status, 400);
}

TEST_F(Templates, AreShownWithTheirUsualFields) {
  const auto answer = get(make_template(text_template("order_ready")));
  EXPECT_EQ(at(answer, "/name"), "order_ready");
  EXPECT_EQ(at(answer, "/components/0/text"), "Hello from the shop");
  EXPECT_EQ(at(answer, "/parameter_format"), "POSITIONAL");
  EXPECT_EQ(at(answer, "/quality_score"), "(absent)");
}

TEST_F(Templates, AreRecategorisedByTheirName) {
  make_template(text_template("recategorise_1"));
  const auto value = told("template_category_update");
  EXPECT_EQ(text_of(value, "/previous_category"), "UTILITY");
  EXPECT_EQ(text_of(value, "/new_category"), "MARKETING");
}

TEST_F(Templates, AreListedPageByPage) {
  for (int i = 0; i < 3; ++i) make_template(text_template(fmt::format("order_{}", i)));
  const auto first = get(path("?limit=2&fields=name"));
  EXPECT_EQ(at(first, "/data/0/name"), "order_2");
  EXPECT_EQ(at(first, "/data/1/name"), "order_1");
  EXPECT_NE(at(first, "/paging/next"), "(absent)");
  const auto second =
      get(path(fmt::format("?limit=2&fields=name&after={}", at(first, "/paging/cursors/after"))));
  EXPECT_EQ(at(second, "/data/0/name"), "order_0");
  EXPECT_EQ(at(second, "/paging/next"), "(absent)");
}

TEST_F(Templates, AreFound) {
  make_template(text_template("order_ready"));
  make_template(text_template("reject_1", "Something else entirely"));
  EXPECT_EQ(at(get(path("?name=ready")), "/data/0/name"), "order_ready");
  EXPECT_EQ(at(get(path("?status=REJECTED")), "/data/0/name"), "reject_1");
  EXPECT_EQ(at(get(path("?content=entirely")), "/data/0/name"), "reject_1");
  EXPECT_EQ(at(get(path("?category=MARKETING")), "/data"), "[]");
  EXPECT_EQ(at(get(path("?summary=total_count")), "/summary/total_count"), "2");
  EXPECT_EQ(at(get(path("?summary=total_count")), "/summary/message_template_limit"), "6000");
}

TEST_F(Templates, AreEditedOnceADay) {
  const auto id = make_template(text_template("order_ready"));
  constexpr std::string_view kOther = R"({"components":[{"type":"BODY","text":"Other"}]})";
  EXPECT_EQ(at(post_to(id, kOther), "/success"), "true");
  EXPECT_EQ(at(get(id), "/components/0/text"), "Other");
  EXPECT_EQ(post_to(id, kOther).status, 400);
  advance(25LL * 3600);
  EXPECT_EQ(post_to(id, kOther).status, 200);
}

TEST_F(Templates, AreDeletedByName) {
  make_template(text_template("order_ready"));
  EXPECT_EQ(remove(path("?name=order_ready")).body, R"({"success":true})");
  EXPECT_EQ(at(get(path()), "/data"), "[]");
  EXPECT_EQ(at(remove(path("?name=order_ready")), "/error/error_subcode"), "2593002");
}

TEST_F(Templates, AreDeletedById) {
  const auto id = make_template(text_template("order_ready"));
  make_template(R"({"name":"order_ready","language":"de","category":"UTILITY",)"
                R"("components":[{"type":"BODY","text":"Hallo"}]})");
  EXPECT_EQ(remove(path(fmt::format("?hsm_id={}&name=order_ready", id))).status, 200);
  EXPECT_EQ(at(get(path()), "/data/0/language"), "de");
  EXPECT_EQ(get(id).status, 400);
}

TEST_F(Templates, KeepAnApprovedNameForThirtyDays) {
  make_template(text_template("order_ready"));
  remove(path("?name=order_ready"));
  EXPECT_EQ(at(create(text_template("order_ready")), "/error/error_subcode"), "2388023");
  advance(31LL * 24 * 3600);
  EXPECT_EQ(create(text_template("order_ready")).status, 200);
}

TEST_F(Templates, ExistOnceInALanguage) {
  make_template(text_template("order_ready"));
  const auto answer = create(text_template("order_ready"));
  EXPECT_EQ(at(answer, "/error/error_subcode"), "2388024");
  EXPECT_EQ(at(answer, "/error/error_user_title"), "Content in This Language Already Exists");
  EXPECT_EQ(at(answer, "/error/is_transient"), "false");
}

TEST_F(Templates, ArePausedThreeThenSixHoursThenForGood) {
  const auto id = make_template(text_template("order_ready"));
  const auto pause = [&] {
    control("POST", "/_sim/templates", fmt::format(R"({{"id":"{}","do":"pause"}})", id));
  };
  pause();
  EXPECT_EQ(at(get(id), "/status"), "PAUSED");
  advance(3LL * 3600);
  EXPECT_EQ(at(get(id), "/status"), "APPROVED");
  pause();
  advance(3LL * 3600);
  EXPECT_EQ(at(get(id), "/status"), "PAUSED");
  advance(3LL * 3600);
  EXPECT_EQ(at(get(id), "/status"), "APPROVED");
  pause();
  EXPECT_EQ(at(get(id), "/status"), "DISABLED");
}

TEST_F(Templates, AreUnpausedByTheBusinessAfterFiveMinutes) {
  const auto id = make_template(text_template("order_ready"));
  control("POST", "/_sim/templates", fmt::format(R"({{"id":"{}","do":"pause"}})", id));
  EXPECT_EQ(at(post_to(id + "/unpause"), "/success"), "false");
  advance(301);
  EXPECT_EQ(at(post_to(id + "/unpause"), "/success"), "true");
  EXPECT_EQ(at(get(id), "/status"), "APPROVED");
}

TEST_F(Templates, TellTheirQuality) {
  const auto id = make_template(text_template("order_ready"));
  control("POST", "/_sim/templates",
          fmt::format(R"({{"id":"{}","do":"quality","score":"YELLOW"}})", id));
  const auto value = told("message_template_quality_update");
  EXPECT_EQ(text_of(value, "/previous_quality_score"), "UNKNOWN");
  EXPECT_EQ(text_of(value, "/new_quality_score"), "YELLOW");
}

TEST_F(Templates, AreArchivedAndGoAfterFourWeeks) {
  const auto id = make_template(text_template("order_ready"));
  const auto body = fmt::format(R"({{"hsm_ids":"{},7"}})", id);
  const auto answer = post_to(path("/archive"), body);
  EXPECT_EQ(at(answer, "/archived_templates/0"), id);
  EXPECT_NE(at(answer, "/failed_templates/7"), "(absent)");
  EXPECT_EQ(at(get(id), "/status"), "ARCHIVED");
  post_to(path("/unarchive"), body);
  EXPECT_EQ(at(get(id), "/status"), "APPROVED");
  post_to(path("/archive"), body);
  advance(29LL * 24 * 3600);
  EXPECT_EQ(get(id).status, 400);
}

TEST_F(Templates, AreMadeFromTheLibrary) {
  EXPECT_EQ(at(get("message_template_library?search=delivery"), "/data/0/name"),
            "delivery_update_1");
  const auto id = make_template(R"({"name":"mine","language":"en_US","category":"UTILITY",)"
                                R"("library_template_name":"delivery_update_1",)"
                                R"("library_template_button_inputs":[{"type":"URL",)"
                                R"("url":{"base_url":"https://a.example/{{1}}",)"
                                R"("url_suffix_example":"https://a.example/42"}}]})");
  EXPECT_EQ(at(get(id), "/components/2/buttons/0/url"), "https://a.example/{{1}}");
  EXPECT_EQ(
      create(R"({"name":"x","language":"en_US","category":"UTILITY","library_template_name":"no"})")
          .status,
      400);
}

TEST_F(Templates, AreUpsertedInManyLanguages) {
  const auto upsert = [&](std::string_view minutes) {
    return post_to(
        fmt::format("{}/upsert_message_templates", kAccount),
        fmt::format(
            R"({{"name":"login","category":"AUTHENTICATION","languages":["en_US","de"],)"
            R"("components":[)"
            R"({{"type":"BODY","add_security_recommendation":true}},)"
            R"({{"type":"FOOTER","code_expiration_minutes":{}}},)"
            R"({{"type":"BUTTONS","buttons":[{{"type":"OTP","otp_type":"COPY_CODE"}}]}}]}})",
            minutes));
  };
  const auto first = upsert("5");
  EXPECT_EQ(at(first, "/data/1/language"), "de");
  const auto again = upsert("9");
  EXPECT_EQ(at(again, "/data/0/id"), at(first, "/data/0/id"));
  const auto shown = get(at(first, "/data/0/id"));
  EXPECT_EQ(at(shown, "/components/0/text"),
            "*{{1}}* is your verification code. For your security, do not share this code.");
  EXPECT_EQ(at(shown, "/components/1/text"), "This code expires in 9 minutes.");
  EXPECT_EQ(at(shown, "/components/2/buttons/0/type"), "URL");
}

TEST_F(Templates, AreCompared) {
  const auto a = make_template(text_template("a"));
  const auto b = make_template(text_template("b"));
  EXPECT_EQ(
      at(get(fmt::format("{}/compare?template_ids=[{}]&start=1&end=2", a, b)), "/data/0/metric"),
      "BLOCK_RATE");
}

TEST_F(Templates, MoveToAnotherAccount) {
  make_template(text_template("order_ready"));
  const auto other = at(control("POST", "/_sim/accounts", R"({"name":"Other"})"), "/id");
  const auto answer = post_to(other + "/migrate_message_templates",
                              fmt::format(R"({{"source_waba_id":"{}"}})", kAccount));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(at(get(other + "/message_templates"), "/data/0/name"), "order_ready");
}

// --- what Meta refuses

struct RefusedCase {
  std::string_view name;
  std::string_view definition;  ///< what stands beside a good name, language and category
  std::string_view subcode;
};

class RefusedTemplate : public Templates, public testing::WithParamInterface<RefusedCase> {};

TEST_P(RefusedTemplate, NamesTheReason) {
  const auto answer = create(fmt::format(
      R"({{"name":"n","language":"en_US","category":"UTILITY",{}}})", GetParam().definition));
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_EQ(code_of(answer), 100);
  EXPECT_EQ(at(answer, "/error/error_subcode"), GetParam().subcode) << answer.body;
}

constexpr RefusedCase kRefused[] = {
    {"NoComponents", R"("x":1)", "(absent)"},
    {"NoBody", R"("components":[{"type":"FOOTER","text":"x"}])", "2388043"},
    {"BodyWithoutText", R"("components":[{"type":"BODY"}])", "2388043"},
    {"BodyWithoutExample", R"("components":[{"type":"BODY","text":"Hello {{1}}, how are you"}])",
     "2388043"},
    {"VariableAtTheStart",
     R"("components":[{"type":"BODY","text":"{{1}} is the one and only",)"
     R"("example":{"body_text":[["a"]]}}])",
     "2388299"},
    {"VariableAtTheEnd",
     R"("components":[{"type":"BODY","text":"The one and only is {{1}}",)"
     R"("example":{"body_text":[["a"]]}}])",
     "2388299"},
    {"TooManyVariables",
     R"("components":[{"type":"BODY","text":"Hi {{1}} {{2}} ok","example":{"body_text":[["a",)"
     R"("b"]]}}])",
     "2388293"},
    {"VariablesWithAGap",
     R"("components":[{"type":"BODY","text":"Hello {{2}}, how are you",)"
     R"("example":{"body_text":[["a"]]}}])",
     "2388072"},
    {"TwoVariablesInTheHeader",
     R"("components":[{"type":"HEADER","format":"TEXT","text":"A {{1}} {{2}}"},{"type":"BODY",)"
     R"("text":"x"}])",
     "2388047"},
    {"MediaHeaderWithoutExample",
     R"("components":[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"x"}])", "2388043"},
    {"VariableInTheFooter",
     R"("components":[{"type":"BODY","text":"x"},{"type":"FOOTER","text":"a {{1}}"}])", "2388073"},
    {"TwoBodies", R"("components":[{"type":"BODY","text":"x"},{"type":"BODY","text":"y"}])",
     "2388042"},
    {"UnknownComponent", R"("components":[{"type":"BODY","text":"x"},{"type":"CHOIR"}])",
     "2388042"},
    {"LabelTooLong",
     R"("components":[{"type":"BODY","text":"x"},{"type":"BUTTONS",)"
     R"("buttons":[{"type":"QUICK_REPLY","text":"12345678901234567890123456"}]}])",
     "2388040"},
    {"ThreeUrls",
     R"("components":[{"type":"BODY","text":"x"},{"type":"BUTTONS","buttons":[{"type":"URL",)"
     R"("text":"a","url":"https://a"},{"type":"URL","text":"b","url":"https://a"},{"type":"URL",)"
     R"("text":"c","url":"https://a"}]}])",
     "2388042"},
    {"RepliesApart",
     R"("components":[{"type":"BODY","text":"x"},{"type":"BUTTONS",)"
     R"("buttons":[{"type":"QUICK_REPLY","text":"a"},{"type":"URL","text":"b",)"
     R"("url":"https://a"},{"type":"QUICK_REPLY","text":"c"}]}])",
     "2388042"},
    {"VariableInsideTheUrl",
     R"("components":[{"type":"BODY","text":"x"},{"type":"BUTTONS","buttons":[{"type":"URL",)"
     R"("text":"b","url":"https://a/{{1}}/b","example":["x"]}]}])",
     "2388042"},
    {"OtpButtonElsewhere",
     R"("components":[{"type":"BODY","text":"x"},{"type":"BUTTONS","buttons":[{"type":"OTP",)"
     R"("otp_type":"COPY_CODE"}]}])",
     "2388042"},
    {"OneCard",
     R"("components":[{"type":"BODY","text":"x"},{"type":"CAROUSEL","cards":[{"components":[]}]}])",
     "2388042"},
};
INSTANTIATE_TEST_SUITE_P(Table, RefusedTemplate, testing::ValuesIn(kRefused),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(Templates, HaveALimitedBody) {
  const auto answer = create(text_template("long", std::string(1025, 'a')));
  EXPECT_EQ(at(answer, "/error/error_subcode"), "2388040");
}

TEST_F(Templates, HaveNamesOfLowerCase) {
  EXPECT_EQ(code_of(create(text_template("Order"))), 100);
  EXPECT_EQ(code_of(create(text_template("order ready"))), 100);
}

TEST_F(Templates, HaveOneOfThreeCategories) {
  const auto answer =
      create(R"({"name":"n","language":"en_US","category":"NEWS","components":[{"type":"BODY",)"
             R"("text":"x"}]})");
  EXPECT_TRUE(at(answer, "/error/message").starts_with("(#100) Param category must be one of"));
}

TEST_F(Templates, MayHaveNamedVariables) {
  EXPECT_EQ(
      create(R"({"name":"n","language":"en_US","category":"UTILITY","parameter_format":"named",)"
             R"("components":[)"
             R"({"type":"BODY","text":"Hello {{first_name}}, how are you",)"
             R"("example":{"body_text_named_params":[{"param_name":"first_name",)"
             R"("example":"Ana"}]}}]})")
          .status,
      200);
}

TEST_F(Templates, AreMadeAHundredTimesAnHour) {
  for (int i = 0; i < 100; ++i) make_template(text_template(fmt::format("t_{}", i)));
  EXPECT_EQ(code_of(create(text_template("one_more"))), 80007);
  advance(3601);
  EXPECT_EQ(create(text_template("one_more")).status, 200);
}

}  // namespace
}  // namespace flowsell::sim::test
