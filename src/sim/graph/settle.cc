// What calls changed, as sends and webhooks see it.
#include <algorithm>

#include "graph/graph.h"

namespace flowsell::sim {
namespace {

TokenFacts::Kind kind_of(const Node& token) {
  return token.text("type") == "APP" ? TokenFacts::Kind::kApp : TokenFacts::Kind::kUser;
}

TokenFacts facts_of(const Node& token) {
  TokenFacts facts{.kind = kind_of(token),
                   .app_id = std::string(token.text("app_id")),
                   .expires_ms = token.number("expires_at") * 1000,
                   .is_revoked = token.flag("_revoked")};
  const auto scopes = texts_in(token.array("scopes"));
  for (std::size_t i = 0; i < kScopes; ++i) {
    const auto name = scope_name(static_cast<Scope>(i));
    facts.grants[i].given = std::ranges::find(scopes, name) != scopes.end();
    for (const auto& granular : token.array("granular_scopes")) {
      const auto* grant = granular.if_object();
      if (!grant || text_in(*grant, "scope") != name) continue;
      std::ranges::move(texts_in(array_in(*grant, "target_ids")),
                        std::back_inserter(facts.grants[i].targets));
    }
  }
  return facts;
}

/// How routes name an app: 0 is the one the simulator was started with.
std::uint32_t route_name_of(const Node& app) {
  if (app.flag("_is_default")) return 0;
  return static_cast<std::uint32_t>(std::hash<std::string>{}(app.id) | 1);
}

/// Where one app hears of one number, or of the account where `phone` is null; the nearest callback
/// counts: the number's, the account's, the app's.
std::optional<WebhookRoute> route_of(Graph& graph, const Node& app, const Node& account,
                                     const Node* phone) {
  const auto& own = object_in(account.object("_subscribed_apps"), app.id);
  std::string_view url =
      phone ? text_in(object_in(phone->object("_callbacks"), app.id), "url") : std::string_view();
  if (url.empty()) url = text_in(own, "url");
  if (url.empty()) url = graph.callback_of(app);
  if (url.empty()) return std::nullopt;
  const auto target = graph.webhooks.target_of(url, app.text("_secret"));
  if (!target) return std::nullopt;
  const auto fields = texts_in(array_in(app.object("_subscription"), "fields"));
  return WebhookRoute{route_name_of(app), *target, fields};
}

void set_routes_of(Graph& graph, std::size_t place, const Node& account, const Node* phone) {
  std::vector<WebhookRoute> routes;
  for (const auto& [app_id, subscription] : account.object("_subscribed_apps")) {
    const auto* app = graph.registry.find(NodeKind::kApp, view_of(app_id));
    if (!app) continue;
    if (auto route = route_of(graph, *app, account, phone)) routes.push_back(*std::move(route));
  }
  graph.webhooks.set_routes(static_cast<std::uint16_t>(place), std::move(routes));
}

void settle_account(Graph& graph, std::string_view account_id) {
  const auto* account = graph.registry.find(NodeKind::kAccount, account_id);
  if (!account) return;
  const bool managed = graph.templates.manages(account_id);
  const auto* business = graph.business_of(*account);
  const auto tier = business ? business->text("_tier") : std::string_view();
  const auto& numbers = graph.world.options.numbers;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i].waba_id != account_id) continue;
    const Node* phone = numbers[i].phone_number_id.empty()
                            ? nullptr
                            : graph.registry.find(NodeKind::kPhone, numbers[i].phone_number_id);
    set_routes_of(graph, i, *account, phone);
    graph.world.numbers.set(i, NumberStates::kTemplatesManaged, managed);
    if (!phone) continue;
    graph.world.numbers.set(i, NumberStates::kUnregistered, !phone->flag("_registered"));
    graph.world.numbers.set(i, NumberStates::kOnBizApp, phone->flag("is_on_biz_app"));
    graph.world.numbers.set(i, NumberStates::kHighThroughput,
                            text_in(phone->object("throughput"), "level") == "HIGH");
    if (business) graph.world.limits.set_portfolio(i, business->id, people_of_tier(tier));
  }
}

void settle_token(Graph& graph, const std::string& id) {
  const auto* token = graph.registry.find(NodeKind::kToken, id);
  if (token) {
    graph.world.tokens.put(id, facts_of(*token));
  } else {
    graph.world.tokens.remove(id);
  }
}

void settle_app(Graph& graph, const Node& app) {
  const auto secret = app.text("_secret");
  graph.world.apps.put(app.id, std::string(secret), app.flag("_requires_proof"));
  if (!secret.empty()) {
    graph.world.tokens.put(app.id + "|" + std::string(secret),
                           {.kind = TokenFacts::Kind::kApp, .app_id = app.id});
  }
  if (!app.flag("_is_default")) return;
  const auto url = graph.callback_of(app);
  const auto target =
      url.empty() ? Result<const WebhookTarget*>(nullptr) : graph.webhooks.target_of(url, secret);
  if (target)
    graph.webhooks.set_default(*target, texts_in(array_in(app.object("_subscription"), "fields")));
}

}  // namespace

void settle_routes(Graph& graph, const Registry::Names& changed) {
  std::vector<std::string> accounts;
  const auto add = [&](std::string_view id) {
    if (!id.empty() && std::ranges::find(accounts, id) == accounts.end()) accounts.emplace_back(id);
  };
  for (const auto& [kind, id] : changed) {
    if (kind == NodeKind::kAccount) add(id);
    if (kind == NodeKind::kApp) {
      graph.registry.each(NodeKind::kAccount, [&](Node& account) {
        if (account.object("_subscribed_apps").contains(id)) add(account.id);
        return true;
      });
    }
    if (kind == NodeKind::kBusiness) {
      graph.registry.each(NodeKind::kAccount, [&](Node& account) {
        if (account.text("_business") == id) add(account.id);
        return true;
      });
    }
    if (kind == NodeKind::kPhone || kind == NodeKind::kTemplate) {
      if (const auto* node = graph.registry.find(kind, id)) add(node->text("_account"));
    }
  }
  for (const auto& account : accounts) settle_account(graph, account);
}

void Graph::settle(const Registry::Names& changed) {
  for (const auto& [kind, id] : changed) {
    if (kind == NodeKind::kToken) settle_token(*this, id);
    if (kind == NodeKind::kApp) {
      if (const auto* node = registry.find(kind, id)) settle_app(*this, *node);
    }
    if (kind == NodeKind::kMedia) {
      const auto* node = registry.find(kind, id);
      if (node) {
        world.media.put(id, std::string(node->text("_phone")), node->number("_until"));
      } else {
        world.media.remove(id);
      }
    }
    if (kind == NodeKind::kFlow) {
      if (const auto* node = registry.find(kind, id))
        world.flows.put(id, std::string(node->text("_account")), std::string(node->text("status")));
    }
    if (kind == NodeKind::kTemplate) {
      const auto* node = registry.find(kind, id);
      if (node) {
        templates.put(*node);
      } else {
        templates.remove(id);
      }
    }
  }
  settle_routes(*this, changed);
}

}  // namespace flowsell::sim
