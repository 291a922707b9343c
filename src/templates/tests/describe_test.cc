#include "templates/describe.h"

#include "template_json.h"

namespace flowsell::templates {
namespace {

std::string shown(const channel::ProviderTemplate& of, std::string_view components) {
  const auto message = message_of(components);
  return preview(schema_of(of), &std::get<channel::Template>(message.body));
}

TEST(Preview, ShowsWhatAPersonWillSee) {
  EXPECT_EQ(
      shown(provider_template(std::string(kOrder)), all_of({kHeader, kBody, kButton})),
      R"({"header":{"type":"image","id":"1"},"body":"Hello Ana, your order 42 is on its way",)"
      R"("footer":"Thank you","buttons":[{"type":"url","text":"Track",)"
      R"("url":"https://a.example/42"},)"
      R"({"type":"url","text":"Shop","url":"https://a.example"},)"
      R"({"type":"phone_number","text":"Call","phone_number":"+491"},)"
      R"({"type":"quick_reply","text":"Stop"}]})");
}

TEST(Preview, ShowsExamplesWhereNothingIsGiven) {
  const auto text = preview(schema_of(provider_template(std::string(kOrder))), nullptr);
  EXPECT_NE(text.find("Hello Ana, your order 42 is on its way"), std::string::npos);
  EXPECT_NE(text.find("https://a.example/42"), std::string::npos);
}

TEST(Preview, PutsAValueWhereverItsVariableStands) {
  const auto of = provider_template(R"([{"type":"BODY","text":"{{who}} and {{what}}, {{who}}!"}])",
                                    "utility", true);
  EXPECT_EQ(shown(of, R"({"type":"body","parameters":[{"type":"text","parameter_name":"what",)"
                      R"("text":"{{who}}"},)"
                      R"({"type":"text","parameter_name":"who","text":"Ana"}]})"),
            R"({"body":"Ana and {{who}}, Ana!"})");
}

TEST(JsonSchema, IsJsonThatNamesEachPart) {
  const auto text =
      json_schema(schema_of(provider_template(std::string(kOrder))), "order", "en_US");
  const auto document = json::parse(text);
  ASSERT_TRUE(document) << text;
  const auto& schema = document->root().get_object();
  EXPECT_EQ(schema.at("$schema").get_string(), "https://json-schema.org/draft/2020-12/schema");
  const auto& parts = schema.at("$defs").get_object();
  EXPECT_TRUE(parts.contains("header") && parts.contains("body") && parts.contains("button_0"));
  EXPECT_TRUE(parts.contains("button_3")) << "a quick reply may have a payload";
  EXPECT_FALSE(parts.contains("button_1")) << "nothing is sent for a fixed URL";
}

}  // namespace
}  // namespace flowsell::templates
