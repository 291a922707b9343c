// /{phone}: the number itself, its PIN, callback and display name
// (reference/whatsapp.md, 4.1, 7.3).
#include <array>

#include "graph/fields.h"
#include "graph/routes.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

/// The callback of this app for this number; an empty URI removes it.
Checked<std::optional<Verification>> set_callback(Graph& graph, const Call& call, Node& phone,
                                                  const json::Object& configuration) {
  const auto& app = graph.app_of(call);
  const auto url = text_in(configuration, "override_callback_uri");
  auto callbacks = phone.object("_callbacks");
  if (url.empty()) {
    callbacks.erase(app.id);
  } else {
    CHECK_OK(check_override(graph.account_of(phone), app, url));
    if (text_in(configuration, "verify_token").empty()) return refuse_absent("verify_token");
    if (!call.verified) {
      return Verification{std::string(url), std::string(text_in(configuration, "verify_token"))};
    }
    callbacks[app.id] = json::Object{{"url", url}};
  }
  phone.fields["_callbacks"] = std::move(callbacks);
  return std::nullopt;
}

Checked<> set_pin(Graph& graph, const Call& call, Node& phone) {
  const auto pin = call.params.text("pin");
  if (!is_pin(pin)) return refuse(131009, "Parameter pin must be 6 digits");
  if (!phone.flag("_registered")) return refuse(133010, "");
  phone.fields["_pin"] = pin;
  graph.tell(phone.text("_account"), "security",
             {{"display_phone_number", phone.text("_digits")}, {"event", "PIN_CHANGED"}});
  return {};
}

void ask_for_name(Graph& graph, Node& phone, std::string_view name) {
  phone.fields["new_display_name"] = name;
  phone.fields["new_name_status"] = "PENDING_REVIEW";
  phone.fields["_review_due"] = to_unix_ms(graph.now()) + graph.review_after_ms;
}

Checked<Reply> edit_phone(Graph& graph, const Call& call, Node& phone) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  const auto configuration = call.params.structure("webhook_configuration");
  if (configuration.is_object()) {
    TRY(auto verify, set_callback(graph, call, phone, configuration.get_object()));
    if (verify) return Reply{.body = {}, .verify = std::move(verify)};
  }
  if (call.params.has("pin")) CHECK_OK(set_pin(graph, call, phone));
  const auto name = call.params.text("new_display_name");
  if (!name.empty()) ask_for_name(graph, phone, name);
  const auto visibility = call.params.text("search_visibility");
  if (!visibility.empty()) phone.fields["search_visibility"] = visibility;
  graph.registry.touch(phone);
  return success();
}

/// What a coexistence number hands over once: contacts and history.
Checked<Reply> app_data(Graph& graph, const Call& call, Node& phone) {
  constexpr std::int64_t kDaySeconds = 24LL * 3600;
  TRY(const auto type, call.params.required("sync_type"));
  if (type != "smb_app_state_sync" && type != "history")
    return refuse_parameter("Param sync_type must be one of {SMB_APP_STATE_SYNC, HISTORY}");
  if (!phone.flag("is_on_biz_app"))
    return refuse_parameter("The phone number is not on the WhatsApp Business app");
  const auto mark = "_synced_" + type;
  if (phone.flag(mark))
    return std::unexpected(GraphError{2593107, "The sync was asked for before"});
  if (graph.now_seconds() - phone.number("_onboarded_at") > kDaySeconds)
    return std::unexpected(GraphError{2593108, "The sync is outside of the allowed 24 hours"});
  phone.fields[mark] = true;
  graph.registry.touch(phone);
  return reply_with({{"messaging_product", "whatsapp"}, {"request_id", graph.registry.new_id()}});
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kPhone, http::Method::kGet, "", get_node},
    {NodeKind::kPhone, http::Method::kPost, "", edit_phone},
    {NodeKind::kPhone, http::Method::kPost, "smb_app_data", app_data},
});

}  // namespace

std::span<const NodeRoute> phone_routes() { return kRoutes; }

}  // namespace flowsell::sim
