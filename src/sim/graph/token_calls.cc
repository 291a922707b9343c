// /oauth/access_token, /debug_token, /me (reference/whatsapp.md, 7.1 and 7.2).
#include <array>

#include "crypto/hash.h"
#include "graph/routes.h"
#include "graph/tokens.h"

namespace flowsell::sim {
namespace {

constexpr std::int64_t kLongLivedSeconds = 60LL * 24 * 3600;

std::unexpected<GraphError> refuse_exchange(int code, int subcode, std::string message) {
  return std::unexpected(GraphError{.code = code,
                                    .details = {},
                                    .subcode = subcode,
                                    .message = std::move(message),
                                    .http_status = 400,
                                    .is_graphs_own = true});
}

Checked<Node*> app_of_client(Graph& graph, const Call& call) {
  TRY(const auto id, call.params.required("client_id"));
  TRY(const auto secret, call.params.required("client_secret"));
  auto* app = graph.registry.find(NodeKind::kApp, id);
  if (!app) {
    return refuse_exchange(
        101, 0, "Error validating application. Cannot get application info due to a system error.");
  }
  if (!crypto::constant_time_equal(secret, app->text("_secret")))
    return refuse_exchange(1, 0, "Error validating client secret.");
  return app;
}

Reply token_reply(std::string_view token, std::int64_t expires_in) {
  json::Object body = {{"access_token", token}, {"token_type", "bearer"}};
  if (expires_in != 0) body["expires_in"] = expires_in;
  return reply_with(body);
}

Checked<Reply> exchange_code(Graph& graph, const Call& call, const Node& app) {
  TRY(const auto text, call.params.required("code"));
  auto* code = graph.registry.find(NodeKind::kCode, text);
  if (!code || code->text("app_id") != app.id)
    return refuse_exchange(100, 0, "Invalid verification code format.");
  if (code->flag("used"))
    return refuse_exchange(100, 36009, "This authorization code has been used.");
  if (code->number("expires_at") <= graph.now_seconds())
    return refuse_exchange(100, 36007, "This authorization code has expired.");
  if (call.params.text("redirect_uri") != code->text("redirect_uri")) {
    return refuse_exchange(100, 36008,
                           "Error validating verification code. Please make sure your redirect_uri "
                           "is identical to the one you used in the OAuth dialog request");
  }
  code->fields["used"] = true;
  graph.registry.touch(*code);
  const auto expires_in = code->number("expires_in");
  const auto token = make_token(graph, {.app_id = app.id,
                                        .scopes = texts_in(code->array("scopes")),
                                        .accounts = texts_in(code->array("accounts")),
                                        .expires_in_seconds = expires_in,
                                        .redirect_uri = {}});
  return token_reply(token, expires_in);
}

Checked<Reply> exchange_token(Graph& graph, const Call& call, const Node& app) {
  TRY(const auto text, call.params.required("fb_exchange_token"));
  CHECK_OK(graph.world.tokens.find(text, graph.now()));
  const auto* known = graph.registry.find(NodeKind::kToken, text);
  json::Object fields;
  if (known) fields = known->fields;
  const auto token = make_token(graph, {.app_id = app.id,
                                        .scopes = usual_scopes(),
                                        .accounts = {},
                                        .expires_in_seconds = kLongLivedSeconds,
                                        .redirect_uri = {}});
  if (known) {
    auto* made = graph.registry.find(NodeKind::kToken, token);
    made->fields["scopes"] = fields["scopes"];
    made->fields["granular_scopes"] = fields["granular_scopes"];
    made->fields["user_id"] = fields["user_id"];
  }
  return token_reply(token, kLongLivedSeconds);
}

Checked<Reply> access_token(Graph& graph, const Call& call) {
  TRY(const auto* app, app_of_client(graph, call));
  const auto grant = call.params.text("grant_type");
  if (grant == "client_credentials")
    return token_reply(app->id + "|" + std::string(app->text("_secret")), 0);
  if (grant == "fb_exchange_token") return exchange_token(graph, call, *app);
  return exchange_code(graph, call, *app);
}

json::Object described(Graph& graph, const Node& token) {
  const auto& app = graph.app(token.text("app_id"));
  json::Object data = {{"app_id", app.id},
                       {"type", token.text("type")},
                       {"application", app.text("name")},
                       {"data_access_expires_at", 0},
                       {"expires_at", token.number("expires_at")},
                       {"issued_at", token.number("issued_at")},
                       {"user_id", token.text("user_id")}};
  data["scopes"] = token.array("scopes");
  data["granular_scopes"] = token.array("granular_scopes");
  return data;
}

json::Object master_described(Graph& graph) {
  const auto& app = graph.app({});
  json::Object data = {{"app_id", app.id},
                       {"type", "SYSTEM_USER"},
                       {"application", app.text("name")},
                       {"data_access_expires_at", 0},
                       {"expires_at", 0},
                       {"issued_at", 0},
                       {"user_id", kSystemUserId}};
  json::Array scopes;
  json::Array granular;
  for (std::size_t i = 0; i < kScopes; ++i) {
    const auto name = scope_name(static_cast<Scope>(i));
    scopes.emplace_back(name);
    granular.push_back(json::Object{{"scope", name}});
  }
  data["scopes"] = std::move(scopes);
  data["granular_scopes"] = std::move(granular);
  return data;
}

Checked<Reply> debug_token(Graph& graph, const Call& call) {
  TRY(const auto text, call.params.required("input_token"));
  const auto valid = graph.world.tokens.find(text, graph.now());
  const auto* token = graph.registry.find(NodeKind::kToken, text);
  json::Object data;
  if (token) data = described(graph, *token);
  if (!token && valid) data = master_described(graph);
  if (!valid) {
    data["error"] = {
        {"code", 190}, {"message", valid.error().message}, {"subcode", valid.error().subcode}};
    if (!token) data["scopes"] = json::Array();
  }
  data["is_valid"] = valid.has_value();
  return reply_with_data(std::move(data));
}

Checked<Reply> me(Graph& graph, const Call& call) {
  const auto* token = graph.registry.find(NodeKind::kToken, call.token);
  json::Object body = {{"id", token ? token->text("user_id") : kSystemUserId},
                       {"name", "Simulated system user"}};
  return reply_with(body);
}

constexpr auto kRoutes = std::to_array<RootRoute>({
    {http::Method::kGet, "oauth/access_token", false, access_token},
    {http::Method::kPost, "oauth/access_token", false, access_token},
    {http::Method::kGet, "debug_token", true, debug_token},
    {http::Method::kGet, "me", true, me},
});

}  // namespace

std::span<const RootRoute> token_routes() { return kRoutes; }

}  // namespace flowsell::sim
