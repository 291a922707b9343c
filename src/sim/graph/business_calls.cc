// /{business} and the accounts of a portfolio (reference/whatsapp.md, 7.3).
#include <array>

#include "graph/fields.h"
#include "graph/routes.h"

namespace flowsell::sim {
namespace {

Checked<Reply> get_business(Graph& graph, const Call& call, Node& business) {
  TRY(const auto shown, show(graph, call, business));
  return reply_with(shown);
}

/// Accounts whose `owner_field` names the portfolio, as far as the caller may see them.
Checked<Reply> list_accounts(Graph& graph, const Call& call, const Node& business,
                             std::string_view owner_field) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  make_all_accounts(graph);
  std::vector<Row> rows;
  std::optional<GraphError> refusal;
  graph.registry.each(NodeKind::kAccount, [&](Node& account) {
    if (account.text(owner_field) != business.id) return true;
    if (!call.caller->allows(Scope::kManagement, account.id)) return true;
    auto shown = show(graph, call, account);
    if (!shown) {
      refusal = std::move(shown).error();
      return false;
    }
    rows.push_back({account.id, *std::move(shown)});
    return true;
  });
  if (refusal) return std::unexpected(*std::move(refusal));
  return reply_with(page_of(call, std::move(rows)));
}

Checked<Reply> owned_accounts(Graph& graph, const Call& call, Node& business) {
  return list_accounts(graph, call, business, "_business");
}

Checked<Reply> client_accounts(Graph& graph, const Call& call, Node& business) {
  return list_accounts(graph, call, business, "_partner");
}

Checked<Reply> extended_credits(Graph&, const Call& call, Node&) {
  return reply_with(page_of(call, {}));
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kBusiness, http::Method::kGet, "", get_business},
    {NodeKind::kBusiness, http::Method::kGet, "owned_whatsapp_business_accounts", owned_accounts},
    {NodeKind::kBusiness, http::Method::kGet, "client_whatsapp_business_accounts", client_accounts},
    {NodeKind::kBusiness, http::Method::kGet, "extendedcredits", extended_credits},
});

}  // namespace

std::span<const NodeRoute> business_routes() { return kRoutes; }

}  // namespace flowsell::sim
