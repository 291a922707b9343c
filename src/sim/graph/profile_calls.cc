// /{phone}: profile, settings, conversational components, key of Flows, commerce
// (reference/whatsapp.md, 7.3).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/encoding.h"
#include "graph/routes.h"

namespace flowsell::sim {
namespace {

struct TextRule {
  std::string_view name;
  std::size_t max;
};
constexpr auto kProfileTexts = std::to_array<TextRule>(
    {{"about", 139}, {"address", 256}, {"description", 512}, {"email", 128}});
constexpr auto kVerticals = std::to_array<std::string_view>({"UNDEFINED",
                                                             "OTHER",
                                                             "AUTO",
                                                             "BEAUTY",
                                                             "APPAREL",
                                                             "EDU",
                                                             "ENTERTAIN",
                                                             "EVENT_PLAN",
                                                             "FINANCE",
                                                             "GROCERY",
                                                             "GOVT",
                                                             "HOTEL",
                                                             "HEALTH",
                                                             "NONPROFIT",
                                                             "PROF_SERVICES",
                                                             "RETAIL",
                                                             "TRAVEL",
                                                             "RESTAURANT",
                                                             "NOT_A_BIZ",
                                                             "ALCOHOL",
                                                             "ONLINE_GAMBLING",
                                                             "PHYSICAL_GAMBLING",
                                                             "OTC_DRUGS",
                                                             "MATRIMONY_SERVICE"});
constexpr std::size_t kWebsitesMax = 2;
constexpr std::size_t kWebsiteMax = 256;

Checked<Reply> get_profile(Graph&, const Call& call, Node& phone) {
  const auto& profile = phone.object("_profile");
  json::Object shown;
  const auto fields = call.params.text("fields");
  for (const auto& [name, value] : profile) {
    const bool asked =
        fields.empty() ||
        ("," + fields + ",").find(fmt::format(",{},", view_of(name))) != std::string::npos;
    if (asked) shown[name] = value;
  }
  shown["messaging_product"] = "whatsapp";
  return reply_with_data(list_of(std::move(shown)));
}

Checked<> read_profile(const Call& call, json::Object& profile) {
  for (const auto& rule : kProfileTexts) {
    if (!call.params.has(rule.name)) continue;
    const auto text = call.params.text(rule.name);
    if (count_code_points(text) > rule.max) {
      return refuse_parameter(
          fmt::format("Param {} must be at most {} characters long.", rule.name, rule.max));
    }
    profile[rule.name] = text;
  }
  const auto vertical = call.params.text("vertical");
  if (!vertical.empty()) {
    if (std::ranges::find(kVerticals, vertical) == kVerticals.end())
      return refuse_parameter(
          fmt::format("Param vertical must be one of the known ones - got \"{}\".", vertical));
    profile["vertical"] = vertical;
  }
  const auto websites = call.params.structure("websites");
  if (!websites.is_array()) return {};
  if (websites.get_array().size() > kWebsitesMax)
    return refuse_parameter("Param websites must have at most 2 elements.");
  for (const auto& website : websites.get_array()) {
    if (!website.is_string() || website.get_string().size() > kWebsiteMax)
      return refuse_parameter("Param websites must be texts of at most 256 characters.");
  }
  profile["websites"] = websites;
  return {};
}

Checked<Reply> edit_profile(Graph& graph, const Call& call, Node& phone) {
  CHECK_OK(must_be_whatsapp(call));
  auto profile = phone.object("_profile");
  CHECK_OK(read_profile(call, profile));
  const auto handle = call.params.text("profile_picture_handle");
  if (!handle.empty()) {
    if (handle.find(':') == std::string::npos)
      return refuse_parameter("Param profile_picture_handle is not a handle of an upload.");
    profile["profile_picture_url"] =
        fmt::format("{}/_sim/pictures/{}.jpg", call.origin(), phone.id);
  }
  phone.fields["_profile"] = std::move(profile);
  graph.registry.touch(phone);
  return success();
}

/// What a number's settings are where nobody changed them.
json::Object usual_settings() {
  json::Object calling = {{"status", "disabled"},
                          {"call_icon_visibility", "visible"},
                          {"callback_permission_status", "disabled"}};
  calling["ip_addresses"] = {{"default", json::Array()}};
  json::Object settings = {{"payload_encryption", {{"status", "disabled"}}},
                           {"storage_configuration", {{"status", "default"}}}};
  settings["calling"] = std::move(calling);
  return settings;
}

Checked<Reply> get_settings(Graph&, const Call&, Node& phone) {
  auto settings = usual_settings();
  for (const auto& [feature, given] : phone.object("_settings")) {
    if (!settings[feature].is_object()) settings[feature].emplace_object();
    for (const auto& [name, value] : given.get_object())
      settings[feature].get_object()[name] = value;
  }
  return reply_with(settings);
}

Checked<Reply> edit_settings(Graph& graph, const Call& call, Node& phone) {
  constexpr auto kFeatures = std::to_array<std::string_view>(
      {"calling", "user_identity_change", "payload_encryption", "storage_configuration"});
  auto settings = phone.object("_settings");
  int features = 0;
  for (const auto name : kFeatures) {
    const auto value = call.params.structure(name);
    if (!value.is_object()) continue;
    settings[name] = value;
    ++features;
  }
  if (features == 0) return refuse_parameter("One feature setting must be specified");
  if (features > 1) return refuse_parameter("Only one feature setting can be specified at a time");
  phone.fields["_settings"] = std::move(settings);
  graph.registry.touch(phone);
  return success();
}

Checked<Reply> edit_automation(Graph& graph, const Call& call, Node& phone) {
  constexpr std::size_t kCommandsMax = 30;
  constexpr std::size_t kPromptsMax = 4;
  constexpr std::size_t kPromptMax = 80;
  auto automation = phone.object("conversational_automation");
  const auto welcome = call.params.flag("enable_welcome_message");
  if (welcome) automation["enable_welcome_message"] = *welcome;
  const auto commands = call.params.structure("commands");
  if (commands.is_array()) {
    if (commands.get_array().size() > kCommandsMax)
      return refuse_parameter("Param commands must have at most 30 elements.");
    automation["commands"] = commands;
  }
  const auto prompts = call.params.structure("prompts");
  if (prompts.is_array()) {
    if (prompts.get_array().size() > kPromptsMax)
      return refuse_parameter("Param prompts must have at most 4 elements.");
    for (const auto& prompt : prompts.get_array()) {
      if (!prompt.is_string() || count_code_points(view_of(prompt.get_string())) > kPromptMax)
        return refuse_parameter("Param prompts must be texts of at most 80 characters.");
    }
    automation["prompts"] = prompts;
  }
  automation["id"] = phone.id;
  phone.fields["conversational_automation"] = std::move(automation);
  graph.registry.touch(phone);
  return success();
}

Checked<Reply> get_encryption(Graph&, const Call&, Node& phone) {
  json::Array data;
  const auto key = phone.text("_flow_key");
  if (!key.empty()) {
    data.push_back(json::Object{{"business_public_key", key},
                                {"business_public_key_signature_status", "VALID"}});
  }
  return reply_with_data(std::move(data));
}

Checked<Reply> set_encryption(Graph& graph, const Call& call, Node& phone) {
  TRY(const auto key, call.params.required("business_public_key"));
  if (!key.starts_with("-----BEGIN PUBLIC KEY-----"))
    return refuse_parameter("Param business_public_key must be a 2048-bit RSA public key in PEM");
  phone.fields["_flow_key"] = key;
  graph.registry.touch(phone);
  return success();
}

Checked<Reply> get_commerce(Graph&, const Call&, Node& phone) {
  auto settings = phone.object("_commerce");
  if (settings.empty()) settings = {{"is_cart_enabled", true}, {"is_catalog_visible", false}};
  settings["id"] = phone.id;
  return reply_with_data(list_of(std::move(settings)));
}

Checked<Reply> edit_commerce(Graph& graph, const Call& call, Node& phone) {
  auto settings = phone.object("_commerce");
  for (const std::string_view name : {"is_cart_enabled", "is_catalog_visible"}) {
    if (const auto flag = call.params.flag(name)) settings[name] = *flag;
  }
  phone.fields["_commerce"] = std::move(settings);
  graph.registry.touch(phone);
  return success();
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kPhone, http::Method::kGet, "whatsapp_business_profile", get_profile},
    {NodeKind::kPhone, http::Method::kPost, "whatsapp_business_profile", edit_profile},
    {NodeKind::kPhone, http::Method::kGet, "settings", get_settings},
    {NodeKind::kPhone, http::Method::kPost, "settings", edit_settings},
    {NodeKind::kPhone, http::Method::kPost, "conversational_automation", edit_automation},
    {NodeKind::kPhone, http::Method::kGet, "whatsapp_business_encryption", get_encryption},
    {NodeKind::kPhone, http::Method::kPost, "whatsapp_business_encryption", set_encryption},
    {NodeKind::kPhone, http::Method::kGet, "whatsapp_commerce_settings", get_commerce},
    {NodeKind::kPhone, http::Method::kPost, "whatsapp_commerce_settings", edit_commerce},
});

}  // namespace

std::span<const NodeRoute> profile_routes() { return kRoutes; }

}  // namespace flowsell::sim
