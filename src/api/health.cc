#include "call.h"
#include "contract.h"
#include "problem.h"

namespace flowsell::api {
namespace {

http::Response text(std::string content_type, std::string body) {
  http::Response response;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  return response;
}

Awaitable<http::Response> alive(const http::Request&) {
  co_return text("application/json", R"({"status":"ok"})");
}

Awaitable<http::Response> ready(const Homes& homes) {
  const auto code = homes.unready();
  if (!code) co_return text("application/json", R"({"status":"ready"})");
  co_return problem({*code, "this server takes no requests now"}, {});
}

Awaitable<http::Response> show_metrics(const metrics::Registry& metrics) {
  co_return text("text/plain; version=0.0.4; charset=utf-8", metrics.render());
}

Awaitable<http::Response> show_contract(const http::Request&) {
  co_return text("application/yaml", std::string(openapi_yaml()));
}

/// What an error's `type` leads to.
Awaitable<http::Response> explain(const http::Request& request) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(ErrorCode::kOutcomeUnknown); ++i) {
    const ErrorInfo& info = error_info(static_cast<ErrorCode>(i));
    if (info.code != request.params.at(0)) continue;
    std::string page =
        std::string(info.code) + " (HTTP " + std::to_string(info.http_status) + ")\n\n";
    page.append(info.title).append(".\n").append(info.fix).append("\n");
    page.append(info.retryable ? "The same request may succeed later.\n"
                               : "The same request will fail again.\n");
    co_return text("text/plain; charset=utf-8", std::move(page));
  }
  co_return problem({ErrorCode::kNotFound, "there is no such error code"}, {});
}

}  // namespace

void add_health_routes(Routes& routes, const Api::Process& process) {
  using http::Method;
  routes.add_open(Method::kGet, "/healthz", alive);
  routes.add_open(Method::kGet, "/readyz",
                  [&homes = process.homes](const http::Request&) { return ready(homes); });
  routes.add_open(Method::kGet, "/metrics", [&metrics = process.metrics](const http::Request&) {
    return show_metrics(metrics);
  });
  routes.add_open(Method::kGet, "/openapi.yaml", show_contract);
  routes.add_open(Method::kGet, "/errors/{}", explain);
}

}  // namespace flowsell::api
