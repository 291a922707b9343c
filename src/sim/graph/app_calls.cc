// /{app} and /{app}/subscriptions (reference/whatsapp.md, 4.1).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "graph/fields.h"
#include "graph/routes.h"

namespace flowsell::sim {
namespace {

constexpr std::string_view kObject = "whatsapp_business_account";
constexpr auto kFields = std::to_array<std::string_view>({"account_alerts",
                                                          "account_review_update",
                                                          "account_update",
                                                          "automatic_events",
                                                          "business_capability_update",
                                                          "calls",
                                                          "flows",
                                                          "group_lifecycle_update",
                                                          "group_participants_update",
                                                          "group_settings_update",
                                                          "group_status_update",
                                                          "history",
                                                          "message_template_components_update",
                                                          "message_template_quality_update",
                                                          "message_template_status_update",
                                                          "messages",
                                                          "partner_solutions",
                                                          "payment_configuration_update",
                                                          "phone_number_name_update",
                                                          "phone_number_quality_update",
                                                          "security",
                                                          "smb_app_state_sync",
                                                          "smb_message_echoes",
                                                          "template_category_update",
                                                          "user_preferences"});

Checked<> must_be_the_apps(const Call& call) {
  const auto kind = call.caller->kind;
  if (kind == TokenFacts::Kind::kApp || kind == TokenFacts::Kind::kMaster) return {};
  return refuse_as_graph(15, "(#15) This method must be called with an app access_token.");
}

Checked<json::Array> read_fields(const Call& call) {
  TRY(auto text, call.params.required("fields"));
  json::Array fields;
  const auto listed = call.params.structure("fields");
  if (listed.is_array()) return listed.get_array();
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    auto name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (name.starts_with(' ')) name.remove_prefix(1);
    if (std::ranges::find(kFields, name) == kFields.end())
      return refuse_parameter(
          fmt::format("Param fields[{}] must be one of the object's fields", name));
    fields.emplace_back(name);
  }
  return fields;
}

Checked<Reply> subscribe(Graph& graph, const Call& call, Node& app) {
  CHECK_OK(must_be_the_apps(call));
  TRY(const auto object, call.params.required("object"));
  if (object != kObject)
    return refuse_parameter("Param object must be one of {whatsapp_business_account}");
  TRY(const auto url, call.params.required("callback_url"));
  TRY(const auto token, call.params.required("verify_token"));
  TRY(auto fields, read_fields(call));
  if (!call.verified) return Reply{.body = {}, .verify = Verification{url, token}};
  json::Object subscription = {{"object", object}, {"callback_url", url}, {"active", true}};
  subscription["fields"] = std::move(fields);
  app.fields["_subscription"] = std::move(subscription);
  graph.registry.touch(app);
  return success();
}

Checked<Reply> get_subscriptions(Graph& graph, const Call& call, Node& app) {
  CHECK_OK(must_be_the_apps(call));
  json::Array data;
  auto subscription = app.object("_subscription");
  const auto& url = graph.world.options.webhook_url;
  if (subscription.empty() && app.flag("_is_default") && !url.empty()) {
    subscription = {{"object", kObject}, {"callback_url", url}, {"active", true}};
    json::Array all;
    for (const auto name : kFields) all.emplace_back(name);
    subscription["fields"] = std::move(all);
  }
  if (!subscription.empty()) {
    json::Array fields;
    for (const auto& name : array_in(subscription, "fields"))
      fields.push_back(json::Object{{"name", name}, {"version", call.version}});
    subscription["fields"] = std::move(fields);
    data.push_back(std::move(subscription));
  }
  return reply_with_data(std::move(data));
}

Checked<Reply> unsubscribe(Graph& graph, const Call& call, Node& app) {
  CHECK_OK(must_be_the_apps(call));
  app.fields.erase("_subscription");
  if (app.flag("_is_default")) graph.world.options.webhook_url.clear();
  graph.registry.touch(app);
  return success();
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kApp, http::Method::kGet, "", get_node},
    {NodeKind::kApp, http::Method::kPost, "subscriptions", subscribe},
    {NodeKind::kApp, http::Method::kGet, "subscriptions", get_subscriptions},
    {NodeKind::kApp, http::Method::kDelete, "subscriptions", unsubscribe},
});

}  // namespace

std::span<const NodeRoute> app_routes() { return kRoutes; }

}  // namespace flowsell::sim
