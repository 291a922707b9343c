#include "call.h"
#include "headers.h"
#include "json/writer.h"
#include "paging.h"
#include "request_body.h"
#include "webhook/endpoints.h"

namespace flowsell::api {
namespace {

using webhook::Endpoint;
using webhook::Endpoints;

constexpr std::size_t kPatternsMax = 20;
constexpr json::StringRule kUrl{1, 2048};
constexpr json::StringRule kDescription{0, 200};
constexpr std::size_t kVerifyTokenMax = 200;

enum class SecretShown : std::uint8_t {
  kNever,     ///< nobody expects it
  kNow,       ///< by the call that made the endpoint
  kNotAgain,  ///< by its replay
};

/// A path may hold what lets one in: an operator sees where it leads, no more.
std::string url_for(const Call& call, const Endpoint& endpoint) {
  return call.caller.support.is_none() ? endpoint.url.str() : endpoint.url.origin();
}

std::string render(const Call& call, const Endpoint& endpoint,
                   SecretShown shown = SecretShown::kNever) {
  json::Writer out;
  out.begin_object().key("id").string(endpoint.id.str()).key("object").string("webhook_endpoint");
  out.key("url").string(url_for(call, endpoint)).key("events").begin_array();
  for (const auto& pattern : endpoint.events) out.string(pattern);
  out.end_array().key("description").string(endpoint.description);
  out.key("format").string(webhook::format_name(endpoint.format));
  out.key("has_verify_token").boolean(!endpoint.verify_token.empty());
  out.key("status").string(endpoint.enabled ? "enabled" : "disabled");
  out.key("created_at").string(format_time(endpoint.created_at));
  if (shown == SecretShown::kNow) out.key("secret").string(endpoint.secret.reveal());
  if (shown == SecretShown::kNotAgain) {
    out.key("fix").string(
        "The secret was shown once. If it was lost, delete this endpoint and create another.");
  }
  out.end_object();
  return std::move(out).take();
}

std::optional<std::vector<std::string>> read_patterns(json::ObjectReader& in) {
  const json::Array* array = in.array("events", 1, kPatternsMax);
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> patterns;
  for (const json::Value& value : *array) {
    if (!value.is_string()) {
      in.fault("events", "wrong_type", "every pattern must be a string",
               "Send, for example, [\"message.*\"].");
      return std::nullopt;
    }
    patterns.emplace_back(std::string_view(value.get_string()));
  }
  return patterns;
}

std::optional<webhook::Format> read_format(json::ObjectReader& in) {
  const auto name = in.string("format");
  if (!name) return std::nullopt;
  const auto format = webhook::format_named(*name);
  if (!format) in.fault("format", "invalid_value", "no such format", "Use standard or graph.");
  return format;
}

Endpoints::Draft read_draft(json::ObjectReader& in) {
  Endpoints::Draft draft;
  draft.url = text_in(in, "url", kUrl);
  draft.events = read_patterns(in).value_or(std::vector<std::string>{});
  draft.description = in.string("description", kDescription).value_or("");
  draft.format = read_format(in).value_or(webhook::Format::kStandard);
  if (const auto token = in.string("verify_token", {1, kVerifyTokenMax}))
    draft.verify_token = Secret(std::string(*token));
  return draft;
}

Task<http::Response> create_endpoint(Call& call) {
  CO_TRY(auto draft, read_body(call.request, read_draft));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto created,
         co_await call.services.endpoints.create(call.by(), std::move(draft), key));
  http::Response response;
  response.status = 201;
  response.body = render(call, *created.endpoint,
                         created.replayed ? SecretShown::kNotAgain : SecretShown::kNow);
  response.headers.push_back({"Location", "/v1/webhook_endpoints/" + created.endpoint->id.str()});
  mark_replay(response, created.replayed);
  co_return response;
}

Endpoints::Change read_change(json::ObjectReader& in) {
  Endpoints::Change change;
  change.url = in.string("url", kUrl);
  change.events = read_patterns(in);
  change.description = in.string("description", kDescription);
  change.format = read_format(in);
  // Empty: none from now on.
  if (const auto token = in.string("verify_token", {0, kVerifyTokenMax}))
    change.verify_token = Secret(std::string(*token));
  if (const auto status = in.string("status")) {
    change.enabled = *status == "enabled";
    if (*status != "enabled" && *status != "disabled") {
      in.fault("status", "invalid_value", "no such status", "Use enabled or disabled.");
    }
  }
  return change;
}

Task<http::Response> change_endpoint(Call& call) {
  CO_TRY(const auto id, EndpointId::parse(call.request.params.at(0)));
  CO_TRY(auto change, read_body(call.request, read_change));
  // Where events go their content goes, which no operator sees.
  const bool says_where = change.url || change.events || change.format || change.verify_token;
  if (!call.caller.support.is_none() && says_where)
    co_return fail(ErrorCode::kInsufficientScope,
                   "a support session may not say where events go, or which");
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto changed,
         co_await call.services.endpoints.change(call.by(), id, std::move(change), key));
  http::Response response;
  response.body = render(call, *changed.endpoint);
  mark_replay(response, changed.replayed);
  co_return response;
}

Task<http::Response> get_endpoint(Call& call) {
  CO_TRY(const auto id, EndpointId::parse(call.request.params.at(0)));
  const auto endpoint = call.services.endpoints.find(call.caller, id);
  if (!endpoint) co_return fail(ErrorCode::kNotFound, "there is no such webhook endpoint");
  http::Response response;
  response.body = render(call, *endpoint);
  co_return response;
}

Task<http::Response> delete_endpoint(Call& call) {
  CO_TRY(const auto id, EndpointId::parse(call.request.params.at(0)));
  CO_CHECK_OK(co_await call.services.endpoints.remove(call.by(), id));
  co_return no_content();
}

Task<http::Response> list_endpoints(Call& call) {
  CO_TRY(const auto asked, ListRequest<EndpointId>::parse(call.request.query));
  const auto page =
      page_of(call.services.endpoints.list(call.caller.workspace, call.caller.mode), asked);
  co_return list_response(call.request, page, [&call](const webhook::EndpointPtr& endpoint) {
    return render(call, *endpoint);
  });
}

}  // namespace

void add_webhook_endpoint_routes(Routes& routes) {
  using enum identity::Scope;
  using http::Method;
  routes.add(Method::kPost, "/v1/webhook_endpoints", kWebhooksManage, create_endpoint);
  routes.add(Method::kGet, "/v1/webhook_endpoints", kWebhooksManage, list_endpoints);
  routes.add(Method::kGet, "/v1/webhook_endpoints/{}", kWebhooksManage, get_endpoint);
  routes.add(Method::kPatch, "/v1/webhook_endpoints/{}", kWebhooksManage, change_endpoint);
  routes.add(Method::kDelete, "/v1/webhook_endpoints/{}", kWebhooksManage, delete_endpoint);
}

}  // namespace flowsell::api
