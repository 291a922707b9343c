#include "graph/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/encoding.h"
#include "graph/health.h"

namespace flowsell::sim {
namespace {

/// Which fields a kind has: those shown when a call asks for none come first.
struct KindFields {
  NodeKind kind;
  std::size_t usual;
  std::vector<std::string_view> names;
};

const std::vector<KindFields>& kinds() {
  static const std::vector<KindFields> kKinds = {
      {NodeKind::kPhone,
       9,
       {"verified_name",
        "code_verification_status",
        "display_phone_number",
        "quality_rating",
        "platform_type",
        "throughput",
        "last_onboarded_time",
        "webhook_configuration",
        "id",
        "status",
        "name_status",
        "new_name_status",
        "new_display_name",
        "quality_score",
        "account_mode",
        "is_official_business_account",
        "is_pin_enabled",
        "is_on_biz_app",
        "is_preverified_number",
        "health_status",
        "messaging_limit_tier",
        "whatsapp_business_manager_messaging_limit",
        "country_code",
        "country_dial_code",
        "certificate",
        "new_certificate",
        "search_visibility",
        "conversational_automation",
        "owner_business_info",
        "eligibility_for_api_business_global_search",
        "username"}},
      {NodeKind::kAccount,
       4,
       {"id",
        "name",
        "timezone_id",
        "message_template_namespace",
        "currency",
        "country",
        "account_review_status",
        "business_verification_status",
        "ownership_type",
        "status",
        "owner_business_info",
        "on_behalf_of_business_info",
        "health_status",
        "primary_business_location",
        "primary_funding_id",
        "purchase_order_number",
        "is_enabled_for_insights",
        "marketing_messages_lite_api_status",
        "marketing_messages_onboarding_status",
        "disable_marketing_messages_on_cloud_api",
        "subscribed_apps",
        "creation_time",
        "whatsapp_business_manager_messaging_limit"}},
      {NodeKind::kBusiness,
       3,
       {"id", "name", "timezone_id", "verification_status", "created_time", "link",
        "whatsapp_business_manager_messaging_limit"}},
      {NodeKind::kApp, 4, {"category", "link", "name", "id", "namespace"}},
      {NodeKind::kTemplate,
       7,
       {"name", "parameter_format", "components", "language", "status", "category", "id",
        "sub_category", "previous_category", "correct_category", "rejected_reason", "quality_score",
        "message_send_ttl_seconds", "library_template_name", "cta_url_link_tracking_opted_out",
        "health_status", "rejection_info", "last_updated_time", "degrees_of_freedom_spec"}},
      {NodeKind::kFlow, 4, {"id", "name", "status", "categories"}},
  };
  return kKinds;
}

const KindFields* fields_of(NodeKind kind) {
  const auto found = std::ranges::find(kinds(), kind, &KindFields::kind);
  return found == kinds().end() ? nullptr : &*found;
}

struct Asked {
  std::string_view name;
  std::string_view inner;  ///< of "name{inner}"
};

/// Cuts "a,b{c,d},e.limit(2)" at the commas outside of braces.
std::vector<Asked> read_fields(std::string_view text) {
  std::vector<Asked> asked;
  while (!text.empty()) {
    int depth = 0;
    std::size_t end = 0;
    for (; end < text.size(); ++end) {
      if (text[end] == '{' || text[end] == '(') ++depth;
      if (text[end] == '}' || text[end] == ')') --depth;
      if (text[end] == ',' && depth == 0) break;
    }
    auto one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    const auto brace = one.find('{');
    Asked field{one.substr(0, one.find_first_of(".{(")), {}};
    if (brace != one.npos && one.ends_with('}'))
      field.inner = one.substr(brace + 1, one.size() - brace - 2);
    if (!field.name.empty()) asked.push_back(field);
  }
  return asked;
}

json::Value narrowed(const json::Value& value, std::string_view inner) {
  const auto* object = value.if_object();
  if (!object || inner.empty()) return json::Value(value, boost::json::storage_ptr());
  json::Object kept;
  for (const auto& field : read_fields(inner)) {
    if (const auto* found = object->if_contains(field.name)) kept[field.name] = *found;
  }
  return kept;
}

json::Value owner_of(Graph& graph, const Node& node) {
  const auto* business = graph.business_of(node);
  if (!business) return {};
  return json::Object{{"name", business->text("name")}, {"id", business->id}};
}

json::Value messaging_limit_of(Graph& graph, const Node& node) {
  const auto* business = graph.business_of(node);
  return business ? json::Value(business->text("_tier")) : json::Value();
}

json::Value callbacks_of(Graph& graph, const Call& call, const Node& phone) {
  const auto& app = graph.app_of(call);
  const auto* account = graph.account_of(phone);
  json::Object shown;
  const auto put = [&](std::string_view name, std::string_view text) {
    if (!text.empty()) shown[name] = text;
  };
  put("application", graph.callback_of(app));
  if (account) {
    put("whatsapp_business_account",
        text_in(object_in(account->object("_subscribed_apps"), app.id), "url"));
  }
  put("phone_number", text_in(object_in(phone.object("_callbacks"), app.id), "url"));
  return shown;
}

/// A field that is no part of the node's own; null: it is none of those.
json::Value computed(Graph& graph, const Call& call, const Node& node, std::string_view name) {
  if (name == "health_status") return health_of(graph, call, node);
  if (name == "whatsapp_business_manager_messaging_limit" || name == "messaging_limit_tier")
    return messaging_limit_of(graph, node);
  if (node.kind == NodeKind::kPhone || node.kind == NodeKind::kAccount) {
    if (name == "owner_business_info") return owner_of(graph, node);
  }
  if (node.kind == NodeKind::kPhone) {
    if (name == "is_pin_enabled") return !node.text("_pin").empty();
    if (name == "webhook_configuration") return callbacks_of(graph, call, node);
  }
  return {};
}

std::string cursor_of(std::string_view id) { return base64_encode(as_bytes(id)); }

std::string next_url(const Call& call, std::string_view name, std::string_view cursor) {
  auto url = fmt::format("{}/{}/{}/{}?", call.origin(), call.version, call.object, call.edge);
  std::string_view query = call.request->query;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto key = pair.substr(0, pair.find('='));
    if (key != "after" && key != "before" && !key.empty()) url += fmt::format("{}&", pair);
  }
  return url + fmt::format("{}={}", name, cursor);
}

}  // namespace

Checked<json::Object> show(Graph& graph, const Call& call, const Node& node) {
  json::Object shown;
  const auto* known = fields_of(node.kind);
  if (!known) return shown;
  const auto fields = call.params.text("fields");
  auto asked = read_fields(fields);
  if (asked.empty()) {
    for (std::size_t i = 0; i < known->usual; ++i) asked.push_back({known->names[i], {}});
  }
  for (const auto& field : asked) {
    if (std::ranges::find(known->names, field.name) == known->names.end()) {
      return refuse_parameter(
          fmt::format("Tried accessing nonexisting field ({}) on node type ({})", field.name,
                      node_type_name(node.kind)));
    }
    auto value = computed(graph, call, node, field.name);
    if (const auto* own = node.fields.if_contains(field.name); value.is_null() && own) value = *own;
    if (!value.is_null()) shown[field.name] = narrowed(value, field.inner);
  }
  shown["id"] = node.id;
  return shown;
}

Checked<Reply> get_node(Graph& graph, const Call& call, Node& node) {
  TRY(const auto shown, show(graph, call, node));
  return reply_with(shown);
}

Checked<Reply> get_managed_node(Graph& graph, const Call& call, Node& node) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  return get_node(graph, call, node);
}

Checked<std::vector<Row>> rows_of(Graph& graph, const Call& call, NodeKind kind,
                                  const std::function<bool(const Node&)>& belongs) {
  std::vector<Row> rows;
  std::optional<GraphError> refusal;
  graph.registry.each(kind, [&](Node& node) {
    if (!belongs(node)) return true;
    auto shown = show(graph, call, node);
    if (!shown) {
      refusal = std::move(shown).error();
      return false;
    }
    rows.push_back({node.id, *std::move(shown)});
    return true;
  });
  if (refusal) return std::unexpected(*std::move(refusal));
  return rows;
}

json::Object page_of(const Call& call, std::vector<Row> rows) {
  constexpr std::int64_t kLimit = 25;
  constexpr std::int64_t kLimitMax = 1000;
  const auto size = static_cast<std::size_t>(
      std::clamp<std::int64_t>(call.params.integer("limit").value_or(kLimit), 1, kLimitMax));
  const auto after = base64_decode(call.params.text("after")).value_or("");
  const auto before = base64_decode(call.params.text("before")).value_or("");
  std::size_t first = 0;
  if (!after.empty()) {
    const auto at = std::ranges::find(rows, after, &Row::id);
    first = at == rows.end() ? rows.size() : static_cast<std::size_t>(at - rows.begin()) + 1;
  } else if (!before.empty()) {
    const auto at = std::ranges::find(rows, before, &Row::id) - rows.begin();
    first = static_cast<std::size_t>(
        std::max<std::ptrdiff_t>(at - static_cast<std::ptrdiff_t>(size), 0));
  }
  const auto last = std::min(first + size, rows.size());
  json::Array data;
  for (auto i = first; i < last; ++i) data.push_back(std::move(rows[i].shown));
  json::Object page;
  page["data"] = std::move(data);
  if (first >= last) return page;
  const auto begin = cursor_of(rows[first].id);
  const auto end = cursor_of(rows[last - 1].id);
  json::Object paging = {{"cursors", {{"before", begin}, {"after", end}}}};
  if (last < rows.size()) paging["next"] = next_url(call, "after", end);
  if (first > 0) paging["previous"] = next_url(call, "before", begin);
  page["paging"] = std::move(paging);
  return page;
}

}  // namespace flowsell::sim
