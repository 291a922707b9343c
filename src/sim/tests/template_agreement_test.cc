// Which templates our side takes, the simulator takes; and what our side lets through of the
// messages that fill them. Neither knows the other's code.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "channel/message.h"
#include "channel/template_calls.h"
#include "graph/template_rules.h"
#include "json/writer.h"
#include "letters.h"
#include "send_request.h"
#include "state/template_send.h"
#include "template_generator.h"
#include "templates/send_check.h"
#include "whatsapp/adapter.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kTemplates = 400;
constexpr std::size_t kSendsOfEach = 25;
constexpr Time kNow = from_unix_ms(1'800'000'000'000);

struct Tally {
  std::size_t templates = 0, refused_templates = 0;
  std::size_t taken = 0, refused = 0;
  std::map<std::string, std::size_t, std::less<>> refusals;  ///< by the code of the fault
  /// Of messages with such a component: how many were taken, and how many were not.
  std::map<std::string, std::size_t, std::less<>> taken_with, refused_with;
};

// What is counted apart: each must be among those that are taken, and among those that are not.
constexpr auto kCounted = std::to_array<std::string_view>(
    {"flow_action_data", "\"sections\"", "order_details\":{", "thumbnail_product_retailer_id",
     "order_status\":{", "tap_target_configuration\":[", "\"currency\":{",
     "coupon_code\":", "date_time\":{"});

void count_in(std::map<std::string, std::size_t, std::less<>>& counts,
              std::string_view components) {
  for (const auto each : kCounted)
    if (components.find(each) != components.npos) ++counts[std::string(each)];
}

const channel::Adapter& adapter() {
  static const auto kAdapter = whatsapp::make_adapter();
  return *kAdapter;
}

Checked<> try_at_simulator(const Node& of_template, const http::OutRequest& request) {
  const auto sent = json::parse(request.body);
  if (!sent) return refuse(100, "no JSON");
  CHECK_OK(check_send_request(sent->root(), "49", SendEdge::kMessages));
  return check_parameters_sent(of_template, sent->root().get_object().at("template").get_object());
}

/// One message of a template: what passes our checks must pass the simulator's.
void require_agreement(const Node& of_template, const channel::TemplateSchema& schema,
                       const std::string& components, Tally& tally) {
  const auto body =
      fmt::format(R"({{"to":"+4915155500001","type":"template","template":{{"name":"made_up",)"
                  R"("language":{{"code":"en_US"}},"components":{}}}}})",
                  components);
  const auto document = json::parse(body);
  ASSERT_TRUE(document) << body;
  const auto message = channel::parse_message(document->root());
  const auto checked = message ? adapter().check(*message) : std::unexpected(message.error());
  if (!checked) {
    ++tally.refused;
    count_in(tally.refused_with, components);
    for (const auto& each : checked.error().fields) ++tally.refusals[each.code];
    return;
  }
  const auto& sent = std::get<channel::Template>(message->body);
  const auto faults = templates::check_send(schema, sent, kNow);
  if (!faults.empty()) {
    ++tally.refused;
    count_in(tally.refused_with, components);
    for (const auto& each : faults) ++tally.refusals[each.code];
    return;
  }
  static const channel::SenderRoute kRoute{
      .address = "106540352242922",
      .api_base = http::Url::parse("https://graph.facebook.com/v25.0").value()};
  channel::CompileContext context;
  context.id = MessageId::parse("msg_01h455vb4pex5vsknk084sn02q").value();
  const auto request = adapter().compile(*message, context, kRoute);
  ASSERT_TRUE(request) << body;
  const auto taken = try_at_simulator(of_template, *request);
  ASSERT_TRUE(taken) << taken.error().code << " " << taken.error().details << "\n"
                     << json::Writer().value(of_template.array("components")).text() << "\n"
                     << request->body;
  ++tally.taken;
  count_in(tally.taken_with, components);
}

void try_template(TemplateGenerator& generator, Tally& tally) {
  const auto made = generator.make();
  channel::TemplateDraft draft{.name = "made_up",
                               .language = "en_US",
                               .category = lower_case(made.category),
                               .is_named = made.is_named,
                               .components_json = made.components};
  if (!adapter().template_calls()->check_draft(draft).empty()) {
    ++tally.refused_templates;
    return;
  }
  const auto document = json::parse(draft.components_json);
  ASSERT_TRUE(document) << draft.components_json;
  const auto& components = document->root().get_array();
  const auto taken = check_components(components, made.category, made.is_named);
  ASSERT_TRUE(taken) << taken.error().code << " " << taken.error().details << "\n"
                     << draft.components_json;
  ++tally.templates;

  Node node;
  node.fields = {{"category", made.category},
                 {"parameter_format", made.is_named ? "NAMED" : "POSITIONAL"}};
  node.fields["components"] = kept_components(components, made.category);
  channel::ProviderTemplate provider;
  provider.category = draft.category;
  provider.is_named = made.is_named;
  provider.components_json = json::Writer().value(node.array("components")).text();
  const auto schema = adapter().template_calls()->schema(provider);
  ASSERT_TRUE(schema) << provider.components_json;
  for (std::size_t i = 0; i < kSendsOfEach && !testing::Test::HasFatalFailure(); ++i)
    require_agreement(node, *schema, generator.send(*schema), tally);
}

class TemplateAgreement : public testing::TestWithParam<std::uint32_t> {};

TEST_P(TemplateAgreement, WhatPassesTheSchemaIsTaken) {
  TemplateGenerator generator(GetParam());
  Tally tally;
  for (std::size_t i = 0; i < kTemplates && !HasFatalFailure(); ++i) try_template(generator, tally);
  // Else the property would hold for want of cases.
  EXPECT_GT(tally.templates, kTemplates / 2);
  EXPECT_GT(tally.refused_templates, 0U);
  EXPECT_GT(tally.taken, kTemplates * kSendsOfEach / 8);
  EXPECT_GT(tally.refused, kTemplates * kSendsOfEach / 8);
  for (const std::string_view code :
       {"wrong_count", "wrong_kind", "required", "not_found", "not_allowed", "too_long",
        "invalid_value", "blank", "invalid_characters", "unfilled", "invalid_format",
        "unknown_currency", "too_short", "too_many"})
    EXPECT_GT(tally.refusals[std::string(code)], 5U) << code;
  for (const std::string_view each : kCounted) {
    EXPECT_GT(tally.taken_with[std::string(each)], 5U) << each;
    EXPECT_GT(tally.refused_with[std::string(each)], 5U) << each;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TemplateAgreement, testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace flowsell::sim
