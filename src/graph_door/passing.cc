#include "passing.h"

#include <algorithm>
#include <array>
#include <utility>

#include "acts.h"
#include "core/encoding.h"
#include "graph_error.h"
#include "json/json.h"
#include "json/writer.h"
#include "links.h"
#include "query.h"

namespace flowsell::graph_door {
namespace {

using enum NodeKind;
using enum http::Method;
using enum identity::Scope;

// What changes who gets the provider's webhooks, who else may use an account, or which numbers it
// has, is not here: that is what a connection is.
constexpr auto kPassed = std::to_array<PassedCall>({
    {kNumber, kGet, "", kConnectionsRead},
    {kNumber, kPost, "", kConnectionsManage},
    {kNumber, kPost, "register", kConnectionsManage},
    {kNumber, kPost, "deregister", kConnectionsManage},
    {kNumber, kPost, "request_code", kConnectionsManage},
    {kNumber, kPost, "verify_code", kConnectionsManage},
    {kNumber, kGet, "settings", kConnectionsRead},
    {kNumber, kPost, "settings", kConnectionsManage},
    {kNumber, kGet, "whatsapp_business_profile", kConnectionsRead},
    {kNumber, kPost, "whatsapp_business_profile", kConnectionsManage},
    {kNumber, kGet, "whatsapp_business_encryption", kConnectionsRead},
    {kNumber, kPost, "whatsapp_business_encryption", kConnectionsManage},
    {kNumber, kGet, "whatsapp_commerce_settings", kConnectionsRead},
    {kNumber, kPost, "whatsapp_commerce_settings", kConnectionsManage},
    {kNumber, kGet, "conversational_automation", kConnectionsRead},
    {kNumber, kPost, "conversational_automation", kConnectionsManage},
    {kNumber, kGet, "block_users", kConnectionsRead},
    {kNumber, kPost, "block_users", kConnectionsManage},
    {kNumber, kDelete, "block_users", kConnectionsManage},
    {kNumber, kGet, "message_qrdls", kConnectionsRead, true},
    {kNumber, kPost, "message_qrdls", kConnectionsManage, true},
    {kNumber, kDelete, "message_qrdls", kConnectionsManage, true},
    {kAccount, kGet, "", kConnectionsRead},
    {kAccount, kGet, "phone_numbers", kConnectionsRead},
    {kAccount, kGet, "subscribed_apps", kConnectionsRead},
    {kAccount, kGet, "message_templates", kTemplatesRead},
    {kAccount, kPost, "message_templates", kTemplatesManage},
    {kAccount, kDelete, "message_templates", kTemplatesManage},
    {kAccount, kPost, "upsert_message_templates", kTemplatesManage},
    {kTemplate, kGet, "", kTemplatesRead},
    {kTemplate, kPost, "", kTemplatesManage},
    {kTemplate, kPost, "unpause", kTemplatesManage},
    {kLibrary, kGet, "", kTemplatesRead},
});

struct RefusedEdge {
  std::string_view edge;
  std::string_view why;
};
constexpr auto kRefusedEdges = std::to_array<RefusedEdge>({
    {"assigned_users", "Who may use an account is managed by the connection, not by this door."},
    {"migrate_message_templates",
     "Templates are copied between accounts of a workspace, not from an account that is named "
     "here."},
    {"phone_numbers", "Numbers are added where the account is connected, not by this door."},
    {"subscribed_apps",
     "The provider's webhooks come to this server: make an endpoint with POST "
     "/v1/webhook_endpoints and format graph."},
    {"subscriptions",
     "The provider's webhooks come to this server: make an endpoint with POST "
     "/v1/webhook_endpoints and format graph."},
    {"uploads", "Resumable uploads belong to an app of the provider's, which a key has none of."},
});

// What says how near the account is to the provider's limits.
constexpr std::array<std::string_view, 3> kPassedHeaders = {"Retry-After", "X-App-Usage",
                                                            "X-Business-Use-Case-Usage"};

/// A body that may reach the provider.
struct PassedBody {
  std::string_view content_type;
  std::string text;
};

std::unexpected<GraphError> fault(const Error& error) {
  return std::unexpected(error_of(error, Asked::kManagement));
}

std::expected<PassedBody, GraphError> body_as_json(std::string_view body) {
  const auto document = json::parse(body);
  if (!document) return fault(document.error());
  const json::Object* fields = document->root().if_object();
  if (fields == nullptr) return fault({ErrorCode::kInvalidJson, "the body must be a JSON object"});
  for (const auto& [name, value] : *fields) {
    json::Writer text;
    text.value(value);
    if (auto refused = check_parameter(name, std::move(text).take()))
      return std::unexpected(*std::move(refused));
  }
  return PassedBody{"application/json", std::string(body)};
}

std::expected<PassedBody, GraphError> body_as_form(std::string_view body) {
  const auto parameters = parse_parameters(body);
  if (!parameters) return fault({ErrorCode::kInvalidRequest, "the form can't be read"});
  if (auto refused = check_parameters(*parameters)) return std::unexpected(*std::move(refused));
  return PassedBody{"application/x-www-form-urlencoded", parameters_text(*parameters)};
}

std::expected<PassedBody, GraphError> body_of(const http::Request& request) {
  if (request.body.empty()) return PassedBody{};
  auto type = request.header("Content-Type");
  type = type.substr(0, type.find(';'));
  if (equals_ignoring_case(type, "application/x-www-form-urlencoded"))
    return body_as_form(request.body);
  if (type.empty() || equals_ignoring_case(type, "application/json"))
    return body_as_json(request.body);
  return fault({ErrorCode::kUnsupportedMediaType, "the body must be JSON or a form"});
}

std::string target_of(const GraphPath& path, const Parameters& parameters) {
  std::string out = "/" + std::string(path.node);
  for (const auto segment : {path.edge, path.rest}) {
    if (!segment.empty()) out.append("/").append(segment);
  }
  if (!parameters.empty()) out.append("?").append(parameters_text(parameters));
  return out;
}

/// The connection's own token is refused: the caller's key is good all the same.
bool is_about_our_token(const http::Exchange& exchange) { return exchange.status == 401; }

bool is_json_object(const std::string& body) {
  const auto document = json::parse(body);
  return document && document->root().is_object();
}

}  // namespace

const PassedCall* find_passed(NodeKind kind, http::Method method, const GraphPath& path) {
  const auto* found = std::ranges::find_if(kPassed, [&](const PassedCall& each) {
    return each.kind == kind && each.method == method && each.edge == path.edge &&
           (path.rest.empty() || each.may_have_rest);
  });
  return found == kPassed.end() ? nullptr : found;
}

std::string_view refusal_of_edge(const GraphPath& path, http::Method method) {
  const auto* refused = std::ranges::find(kRefusedEdges, path.edge, &RefusedEdge::edge);
  return refused == kRefusedEdges.end() || method == kGet ? std::string_view() : refused->why;
}

http::Response passed_back(const GraphCall& call, http::Exchange exchange, const Secret& token,
                           Again again) {
  if (is_about_our_token(exchange)) {
    Error error{ErrorCode::kProviderRejected, "the provider refuses the connection's token"};
    error.provider = ProviderError{};
    error.provider->code = 190;
    error.provider->reason = "token_invalid";
    error.provider->fix = "Connect the WhatsApp account again, so that it gets a new access token.";
    return render(error_of(error, Asked::kManagement), call.trace_id);
  }
  if (!is_json_object(exchange.body))
    return render(error_of_no_words(exchange.status, again), call.trace_id);
  http::Response response;
  response.status = exchange.status;
  response.body = rewrite_links(std::move(exchange.body), call.base);
  for (const std::string_view name : kPassedHeaders) {
    if (const auto value = exchange.header(name); !value.empty())
      response.headers.push_back({std::string(name), std::string(value)});
  }
  if (token.empty() || response.body.find(token.reveal()) == std::string::npos) return response;
  const Error told{ErrorCode::kInternal, "the provider's answer has what nobody may see"};
  return render(error_of(told, Asked::kManagement), call.trace_id);
}

Task<http::Response> pass_on(const GraphCall& call) {
  if (const auto why = refusal_of_edge(call.path, call.request.method); !why.empty())
    co_return render(refused_parameter(call.path.edge, why), call.trace_id);
  if (!call.parameters) co_return fail(ErrorCode::kInvalidRequest, "the query can't be read");
  auto body = body_of(call.request);
  if (!body) co_return render(body.error(), call.trace_id);
  CO_TRY(const Node node, co_await find_node(call));
  const PassedCall* const passed = find_passed(node.kind, call.request.method, call.path);
  if (passed == nullptr) co_return fail(ErrorCode::kNotFound, "there is no such edge");
  CO_CHECK_OK(require(call, passed->scope));
  if (!call.is_read())
    CO_CHECK_OK(co_await record_call(call, node.target, std::string(call.path.edge)));

  auto& calls = call.services.provider_calls;
  http::OutRequest request;
  request.method = call.request.method;
  request.url = calls.route(*node.connection).at(target_of(call.path, *call.parameters));
  if (!body->text.empty())
    request.headers.push_back({"Content-Type", std::string(body->content_type)});
  request.body = std::move(body->text);
  CO_TRY(auto exchange, co_await calls.exchange(node.connection, std::move(request)));
  const Again again = call.is_read() ? Again::kHarmless : Again::kUnknown;
  co_return passed_back(call, std::move(exchange), node.connection->token, again);
}

}  // namespace flowsell::graph_door
