#include "graph/graph.h"

#include <fmt/format.h>

#include "core/phone_number.h"
#include "json/writer.h"

namespace flowsell::sim {
namespace {

bool may_see(const Call& call, const Node& node) {
  const auto& caller = *call.caller;
  if (caller.kind == TokenFacts::Kind::kMaster) return true;
  if (node.kind == NodeKind::kApp) return node.id == caller.app_id;
  if (node.kind == NodeKind::kUpload) return node.text("_app") == caller.app_id;
  if (caller.kind == TokenFacts::Kind::kApp) return true;
  if (node.kind == NodeKind::kBusiness)
    return caller.has(Scope::kBusiness) || caller.has(Scope::kManagement);
  const auto account = account_id_of(node);
  return caller.allows(Scope::kManagement, account) || caller.allows(Scope::kMessaging, account);
}

}  // namespace

Checked<Node*> Graph::node(const Call& call, NodeKind kind, std::string_view id) {
  auto* found = registry.find(kind, id);
  if (found != nullptr && may_see(call, *found)) return found;
  return refuse_object(call.method_name(), id);
}

Checked<Node*> Graph::node(const Call& call, std::string_view id) {
  if (id == "app") return &app_of(call);  // the one that the token is of
  auto* found = registry.find(id);
  if (found != nullptr && may_see(call, *found)) return found;
  return refuse_object(call.method_name(), id);
}

Checked<> Graph::require(const Call& call, Scope scope) {
  if (call.caller->has(scope)) return {};
  return refuse_as_graph(
      200, fmt::format("(#200) Requires {} permission to manage the object", scope_name(scope)));
}

Node& Graph::app(std::string_view app_id) {
  if (auto* found = registry.find(NodeKind::kApp, app_id)) return *found;
  return *registry.find(NodeKind::kApp, world.options.app_id);
}

Node& Graph::app_of(const Call& call) { return app(call.caller->app_id); }

Node* Graph::account_of(const Node& node) {
  return registry.find(NodeKind::kAccount, account_id_of(node));
}

const Node* Graph::business_of(const Node& node) {
  if (node.kind == NodeKind::kBusiness) return &node;
  const auto* account = account_of(node);
  return account ? registry.find(NodeKind::kBusiness, account->text("_business")) : nullptr;
}

bool Graph::is_verified(const Node& account) {
  const auto* business = business_of(account);
  return business && business->text("verification_status") == "verified";
}

std::string_view Graph::callback_of(const Node& app) const {
  const auto url = text_in(app.object("_subscription"), "callback_url");
  return url.empty() && app.flag("_is_default") ? std::string_view(world.options.webhook_url) : url;
}

void Graph::tell(std::string_view account_id, std::string_view field, const json::Object& value) {
  const auto place = world.place_of_account(account_id);
  if (place == World::kNoNumber) return;
  settle_routes(*this, {{NodeKind::kAccount, std::string(account_id)}});
  webhooks.tell(static_cast<std::uint16_t>(place), field,
                std::move(json::Writer().value(json::Value(value))).take());
}

std::string_view account_id_of(const Node& node) {
  return node.kind == NodeKind::kAccount ? std::string_view(node.id) : node.text("_account");
}

std::string shown_number(std::string_view digits) {
  const auto country = country_code_length(digits);
  if (digits.size() != country + 10) return "+" + std::string(digits);
  const auto rest = digits.substr(country);
  return fmt::format("+{} {}-{}-{}", digits.substr(0, country), rest.substr(0, 3),
                     rest.substr(3, 3), rest.substr(6));
}

void make_all_accounts(Graph& graph) {
  for (std::size_t i = 0; i < graph.world.options.numbers.size(); ++i) {
    const auto& number = graph.world.options.numbers[i];
    graph.registry.find(NodeKind::kAccount, number.waba_id);
    if (!number.phone_number_id.empty())
      graph.registry.find(NodeKind::kPhone, number.phone_number_id);
  }
}

}  // namespace flowsell::sim
