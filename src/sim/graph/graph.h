#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/call.h"
#include "state/media_files.h"
#include "state/registry.h"
#include "state/template_book.h"
#include "webhook_sender.h"
#include "world.h"

namespace flowsell::sim {

/// What the calls of the management side work on. All of it with the registry's lock held.
struct Graph {
  World& world;
  Registry& registry;
  WebhookSender& webhooks;
  MediaFiles& media;
  TemplateBook& templates;
  std::int64_t review_after_ms;  ///< changed by the control calls

  Time now() const { return world.clock.now(); }
  std::int64_t now_seconds() const { return to_unix_ms(now()) / 1000; }

  /// The node, where the caller may see it: otherwise 100/33, as if there were none.
  Checked<Node*> node(const Call& call, NodeKind kind, std::string_view id);
  Checked<Node*> node(const Call& call, std::string_view id);
  /// 403 where the caller's token has not that scope at all.
  static Checked<> require(const Call& call, Scope scope);
  /// The app that a call acts as.
  Node& app_of(const Call& call);
  Node& app(std::string_view app_id);
  /// The account that a node belongs to, or itself; nullptr where there is none.
  Node* account_of(const Node& node);
  /// The portfolio of the node's account, or itself; nullptr where there is none.
  const Node* business_of(const Node& node);
  bool is_verified(const Node& account);
  /// The callback of an app for all that has none of its own; empty: nowhere.
  std::string_view callback_of(const Node& app) const;

  /// Tells a field of a WhatsApp Business Account by webhook.
  void tell(std::string_view account_id, std::string_view field, const json::Object& value);
  /// After changes: tokens, numbers, templates and routes as sends and webhooks see them.
  void settle(const Registry::Names& changed);
};

/// The account that a node belongs to, or itself; empty for apps and what belongs to none.
std::string_view account_id_of(const Node& node);
/// Puts what `changed` names into the tables that sends and webhooks read.
void settle_routes(Graph& graph, const Registry::Names& changed);

/// "+15550783881" as Meta shows it: "+1 555-078-3881".
std::string shown_number(std::string_view digits);
/// All accounts, also those that nobody asked for yet.
void make_all_accounts(Graph& graph);

}  // namespace flowsell::sim
