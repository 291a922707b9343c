// Requests about templates, and what is read of Meta's answers.
#include "channel/template_calls.h"

#include "callback.h"
#include "support.h"
#include "whatsapp/adapter.h"

namespace flowsell::whatsapp {
namespace {

const channel::TemplateCalls& calls() {
  static const auto kAdapter = make_adapter();
  return *kAdapter->template_calls();
}
channel::SenderRoute route(const std::string& base = "https://graph.facebook.com/v25.0") {
  return {.address = {}, .api_base = http::Url::parse(base).value()};
}

TEST(TemplateCalls, ListAsksForAllThatIsKept) {
  channel::TemplateSearch search;
  search.name = "a b";
  search.after = "MQ==";
  search.counts_all = true;
  const auto request = calls().list(search, "102", route()).value();
  EXPECT_EQ(request.method, http::Method::kGet);
  EXPECT_EQ(request.url.target,
            "/v25.0/102/message_templates?fields=id%2Cname%2Clanguage%2Ccategory%2Cstatus%2C"
            "parameter_format%2Ccomponents%2Crejected_reason%2Cquality_score%2C"
            "message_send_ttl_seconds&limit=100&name=a%20b"
            "&after=MQ%3D%3D&summary=message_template_count");
}

TEST(TemplateCalls, NoIdLeadsToAnotherPartOfMetasApi) {
  EXPECT_FALSE(calls().find("1/../2", route()));
  EXPECT_FALSE(calls().list({}, "1?x=", route()));
  EXPECT_FALSE(calls().remove("n", "", "", route()));
}

TEST(TemplateCalls, ArchivingGoesToMetasOtherHost) {
  const auto request = calls().archive("7", true, "102", route()).value();
  EXPECT_EQ(request.url.str(), "https://api.facebook.com/102/message_templates/archive");
  EXPECT_EQ(request.body, R"({"hsm_ids":"7"})");
  const auto simulated =
      calls().archive("7", false, "102", route("http://127.0.0.1:8/v25.0")).value();
  EXPECT_EQ(simulated.url.str(), "http://127.0.0.1:8/v25.0/102/message_templates/unarchive");
}

TEST(TemplateCalls, RemoveNamesOneLanguageOrAll) {
  EXPECT_EQ(calls().remove("order", "7", "102", route()).value().url.target,
            "/v25.0/102/message_templates?hsm_id=7&name=order");
  EXPECT_EQ(calls().remove("order", "", "102", route()).value().url.target,
            "/v25.0/102/message_templates?name=order");
}

TEST(TemplateCalls, CreateSaysWhatItIs) {
  channel::TemplateDraft draft;
  draft.name = "order";
  draft.language = "de";
  draft.category = "utility";
  draft.components_json = R"([{"type":"BODY"}])";
  draft.ttl_seconds = 60;
  EXPECT_EQ(
      calls().create(draft, "102", route()).value().body,
      R"({"name":"order","language":"de","category":"UTILITY","parameter_format":"POSITIONAL",)"
      R"("components":[{"type":"BODY"}],"message_send_ttl_seconds":60})");
  draft.library_name = "ready";
  draft.library_buttons_json = "[]";
  EXPECT_EQ(
      calls().create(draft, "102", route()).value().body,
      R"({"name":"order","language":"de","category":"UTILITY","library_template_name":"ready",)"
      R"("library_template_button_inputs":[],"message_send_ttl_seconds":60})");
}

TEST(TemplateCalls, APageIsReadInWordsOfOurs) {
  const auto page = calls().read_list(answered(
      R"({"data":[{"id":"7","name":"order","language":"de","category":"UTILITY",)"
      R"("status":"PAUSED","parameter_format":"NAMED",)"
      R"("components":[{"type":"BODY","text":"Hi"}],"rejected_reason":"NONE",)"
      R"("quality_score":{"score":"RED"},)"
      R"("message_send_ttl_seconds":60}],"paging":{"cursors":{"after":"MQ"},"next":"https://x"},)"
      R"("summary":{"message_template_count":3}})"));
  ASSERT_TRUE(page);
  const auto& one = page->templates.at(0);
  EXPECT_EQ(one.provider_id, "7");
  EXPECT_EQ(one.category, "utility");
  EXPECT_EQ(one.status, "paused");
  EXPECT_EQ(one.quality, "red");
  EXPECT_EQ(one.rejected_reason, "");
  EXPECT_TRUE(one.is_named);
  EXPECT_EQ(one.ttl_seconds, 60);
  EXPECT_EQ(one.components_json, R"([{"type":"BODY","text":"Hi"}])");
  EXPECT_EQ(page->next, "MQ");
  EXPECT_EQ(page->of_account, 3);
  EXPECT_TRUE(page->is_whole);
}

TEST(TemplateCalls, OneThatCannotBeReadHidesNoOther) {
  const auto page = calls().read_list(answered(
      R"({"data":[7,{"id":"1"},{"id":"8","name":"a","language":"de","status":"APPROVED"}]})"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->templates.size(), 1U);
  EXPECT_FALSE(page->is_whole);
  EXPECT_TRUE(page->next.empty());
}

TEST(TemplateCalls, WhatIsNoAnswerIsNone) {
  for (const char* body : {"", "[]", "{}", "nonsense", R"({"data":7})"}) {
    EXPECT_FALSE(calls().read_list(answered(body))) << body;
    EXPECT_FALSE(calls().read_found(answered(body))) << body;
    EXPECT_FALSE(calls().read_created(answered(body))) << body;
  }
}

TEST(TemplateCalls, AnActMayBeRefusedBySuccess) {
  EXPECT_EQ(calls().read_acted(answered(R"({"success":true})")), true);
  EXPECT_EQ(calls().read_acted(answered(R"({"success":false,"reason":"too early"})")), false);
  EXPECT_EQ(calls().read_acted(answered(R"({"archived_templates":["7"],"failed_templates":{}})")),
            true);
  EXPECT_EQ(
      calls().read_acted(answered(R"({"archived_templates":[],"failed_templates":{"7":"no"}})")),
      false);
}

TEST(TemplateCalls, ASchemaKnowsMetasCodeButton) {
  channel::ProviderTemplate of;
  of.category = "authentication";
  of.components_json =
      R"([{"type":"BODY"},{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE"}]}])";
  const auto schema = calls().schema(of);
  ASSERT_TRUE(schema);
  EXPECT_TRUE(schema->needs_phone);
  EXPECT_EQ(schema->message.body.names, std::vector<std::string>{"1"});
  EXPECT_TRUE(schema->message.buttons.at(0).is_one_time_code);
  of.components_json = "[]";
  EXPECT_FALSE(calls().schema(of));
}

// --- what webhooks tell

channel::TemplateNews news_of(const std::string& field, const std::string& value) {
  const auto updates = parse_callback(
      R"({"object":"whatsapp_business_account","entry":[{"id":"102","time":1790000000,)"
      R"("changes":[{"field":")" +
          field +
          R"(","value":{"message_template_id":7,"message_template_name":"order",)"
          R"("message_template_language":"en-US",)" +
          value + "}}]}]}",
      from_unix_ms(1'800'000'000'000));
  return std::get<channel::Notice>(updates.value().at(0)).of_template.value();
}

TEST(TemplateNews, SaysWhatIsStored) {
  const auto news =
      news_of("message_template_status_update",
              R"("event":"REJECTED","reason":"SCAM","message_template_category":"UTILITY")");
  EXPECT_EQ(news.provider_id, "7");
  EXPECT_EQ(news.name, "order");
  EXPECT_EQ(news.language, "en_US");
  EXPECT_EQ(news.status, "rejected");
  EXPECT_EQ(news.rejected_reason, "scam");
  EXPECT_EQ(news.category, "utility");
  EXPECT_FALSE(news.is_partial);
  EXPECT_EQ(news_of("message_template_quality_update", R"("new_quality_score":"RED")").quality,
            "red");
  EXPECT_EQ(news_of("template_category_update", R"("new_category":"MARKETING")").category,
            "marketing");
}

std::optional<channel::FlowNews> flow_news_of(const std::string& value) {
  const auto updates = parse_callback(
      R"({"object":"whatsapp_business_account","entry":[{"id":"102","time":1790000000,)"
      R"("changes":[{"field":"flows","value":{)" +
          value + "}}]}]}",
      from_unix_ms(1'800'000'000'000));
  return std::get<channel::Notice>(updates.value().at(0)).of_flow;
}

TEST(FlowNews, SaysWhichFlowHasWhichStatus) {
  const auto news = flow_news_of(
      R"("event":"FLOW_STATUS_CHANGE","flow_id":77,"old_status":"PUBLISHED","new_status":"BLOCKED")");
  ASSERT_TRUE(news);
  EXPECT_EQ(news->provider_id, "77");
  EXPECT_EQ(news->status, "blocked");
}

TEST(FlowNews, AnAlertChangesNoStatus) {
  EXPECT_FALSE(flow_news_of(
      R"("event":"ENDPOINT_LATENCY","flow_id":"77","alert_state":"ACTIVATED","threshold":3000)"));
}

TEST(TemplateNews, AnEventThatIsNoStateIsLookedInto) {
  const auto status = [](const std::string& event) {
    return news_of("message_template_status_update",
                   R"("event":")" + event + R"(","reason":"NONE")");
  };
  EXPECT_EQ(status("REINSTATED").status, "approved");
  EXPECT_EQ(status("FLAGGED").status, "");
  EXPECT_FALSE(status("FLAGGED").is_partial);
  EXPECT_TRUE(status("UNARCHIVED").is_partial);
  EXPECT_TRUE(news_of("message_template_components_update", R"("message_template_element":"Hi")")
                  .is_partial);
}

}  // namespace
}  // namespace flowsell::whatsapp
