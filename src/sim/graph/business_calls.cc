// /{business} and the accounts of a portfolio (reference/whatsapp.md, 7.3).
#include <array>

#include "graph/fields.h"
#include "graph/routes.h"

namespace flowsell::sim {
namespace {

/// Accounts whose `owner_field` names the portfolio, as far as the caller may see them.
Checked<Reply> list_accounts(Graph& graph, const Call& call, const Node& business,
                             std::string_view owner_field) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  make_all_accounts(graph);
  TRY(auto rows, rows_of(graph, call, NodeKind::kAccount, [&](const Node& account) {
        return account.text(owner_field) == business.id &&
               call.caller->allows(Scope::kManagement, account.id);
      }));
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
    {NodeKind::kBusiness, http::Method::kGet, "", get_node},
    {NodeKind::kBusiness, http::Method::kGet, "owned_whatsapp_business_accounts", owned_accounts},
    {NodeKind::kBusiness, http::Method::kGet, "client_whatsapp_business_accounts", client_accounts},
    {NodeKind::kBusiness, http::Method::kGet, "extendedcredits", extended_credits},
});

}  // namespace

std::span<const NodeRoute> business_routes() { return kRoutes; }

}  // namespace flowsell::sim
