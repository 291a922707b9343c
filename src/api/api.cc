#include "api/api.h"

#include <array>
#include <chrono>
#include <unordered_map>

#include "call.h"
#include "headers.h"
#include "problem.h"
#include "telemetry/log.h"

namespace flowsell::api {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view kVersion = "2026-11-01";
constexpr std::array<std::string_view, 6> kStatusClasses = {"0xx", "1xx", "2xx",
                                                            "3xx", "4xx", "5xx"};

/// Requests of one route, by class of status.
struct RouteMetrics {
  std::array<metrics::Counter*, kStatusClasses.size()> answers{};
};

}  // namespace

class Api::Impl final : public Routes {
 public:
  explicit Impl(Process process)
      : process_(process),
        request_time_(process_.metrics.histogram("connect_request_seconds",
                                                 "Time from a whole request to its answer.")) {
    add_message_routes(*this);
    add_webhook_endpoint_routes(*this);
    add_event_routes(*this);
    add_delivery_routes(*this);
    add_sender_routes(*this);
    add_quota_routes(*this);
    add_hook_routes(*this, process_);
    add_health_routes(*this, process_);
    unmatched_ = count_route("none");
  }

  void add(http::Method method, std::string pattern, identity::Scope scope,
           CallHandler handler) override {
    auto authorized = [this, scope, handler = std::move(handler)](const http::Request& request) {
      return answer_call(request, scope, handler);
    };
    add_open(method, std::move(pattern), std::move(authorized));
  }

  void add_open(http::Method method, std::string pattern, http::Handler handler) override {
    if (!routes_.contains(pattern)) routes_.emplace(pattern, count_route(pattern));
    router_.add(method, std::move(pattern), std::move(handler));
  }

  Awaitable<http::Response> handle(http::Request& request) {
    const auto begun = SteadyClock::now();
    const RequestId id = process_.ids.next<IdKind::kRequest>();
    auto match = router_.find(request.method, request.path);
    request.params = std::move(match.params);
    http::Response response;
    if (match.handler != nullptr) {
      response = co_await (*match.handler)(request);
    } else {
      response = no_route(match);
    }
    finish(request, response, match.pattern, id, SteadyClock::now() - begun);
    co_return response;
  }

  http::Response refuse(const Error& error) {
    const std::string id = process_.ids.next<IdKind::kRequest>().str();
    http::Response response = problem(error, id);
    response.headers.push_back({"Request-Id", id});
    return response;
  }

 private:
  static http::Response no_route(const http::Router::Match& match) {
    if (match.pattern.empty()) return problem({ErrorCode::kNotFound, "there is no such path"}, {});
    auto response = problem({ErrorCode::kMethodNotAllowed, "the path takes " + match.allow}, {});
    response.headers.push_back({"Allow", match.allow});
    return response;
  }

  Awaitable<http::Response> answer_call(const http::Request& request, identity::Scope scope,
                                        const CallHandler& handler) {
    if (auto home = process_.homes.find_now(request))
      co_return co_await answer_at(*home, request, scope, handler);
    auto home = co_await process_.homes.find(request);
    if (!home) co_return problem(home.error(), {});
    if (home->services() == nullptr) co_return home->take_answer();
    co_return co_await answer_at(*home, request, scope, handler);
  }

  Awaitable<http::Response> answer_at(const Home& home, const http::Request& request,
                                      identity::Scope scope, const CallHandler& handler) {
    const Services& services = *home.services();
    const auto authorization = request.header("Authorization");
    auto caller = services.api_keys.find_cached(authorization);
    if (!caller) {
      auto found = co_await services.api_keys.authenticate(std::string(authorization));
      if (!found) co_return problem(found.error(), {});
      caller = *std::move(found);
    }
    const auto rate = services.rate_limit.take(caller->key, services.clock.steady_now());
    Call call{request, services, *caller, std::nullopt};
    http::Response response;
    if (!rate.admitted) {
      Error limited{ErrorCode::kRateLimited, "the key's requests of this second are used"};
      limited.retry_after = rate.reset;
      response = problem(limited, {});
    } else if (request.body.size() > services.body_bytes_max) {
      response =
          problem({ErrorCode::kPayloadTooLarge,
                   "the body may have " + std::to_string(services.body_bytes_max) + " bytes"},
                  {});
    } else if (const auto wanted = request.header("FlowSell-Version");
               !wanted.empty() && wanted != kVersion) {
      response = problem(
          {ErrorCode::kUnsupportedVersion, "this server speaks version " + std::string(kVersion)},
          {});
    } else if (!caller->scopes.has(scope)) {
      response = problem({ErrorCode::kInsufficientScope,
                          "the key lacks the scope " + std::string(identity::scope_name(scope))},
                         {});
    } else {
      auto answered = co_await handler(call);
      response = answered ? *std::move(answered) : problem(answered.error(), {});
    }
    add_rate_headers(response, services.rate_limit, rate, call.quota, services.clock.now());
    // Only here, where a key was found: what a balancer learns is bounded by the keys that exist.
    if (!process_.name_at_balancer.empty())
      response.headers.push_back({"Connect-Served-By", process_.name_at_balancer});
    co_return response;
  }

  void finish(const http::Request& request, http::Response& response, std::string_view pattern,
              const RequestId& id, SteadyClock::duration took) {
    const std::string id_text = id.str();
    constexpr std::string_view kNoInstance = "\"instance\":\"\"";
    if (response.content_type == "application/problem+json") {
      // Problems are made where the request's id is not known.
      if (const auto at = response.body.find(kNoInstance); at != std::string::npos) {
        response.body.insert(at + kNoInstance.size() - 1, id_text);
      }
    }
    request_time_.observe(took);
    // What another process answered has it all, and is in its log and its numbers.
    if (response.is_relayed) return;
    response.headers.push_back({"Request-Id", id_text});
    response.headers.push_back({"FlowSell-Version", std::string(kVersion)});
    add_timing(response, "total", took);
    const auto route = routes_.find(std::string(pattern));
    const RouteMetrics& metrics = route == routes_.end() ? unmatched_ : route->second;
    const auto status_class = static_cast<std::size_t>(response.status / 100);
    if (status_class < kStatusClasses.size()) metrics.answers[status_class]->add();
    if (response.status >= 500) {
      log::warn("a request failed", {{"request_id", id_text},
                                     {"trace_id", trace_id(request.header("traceparent"))},
                                     {"route", pattern},
                                     {"status", response.status}});
    } else if (log::enabled(log::Level::kDebug)) {
      const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
      log::debug("request", {{"request_id", id_text},
                             {"trace_id", trace_id(request.header("traceparent"))},
                             {"method", http::method_name(request.method)},
                             {"route", pattern},
                             {"status", response.status},
                             {"took_us", std::int64_t{micros}}});
    }
  }

  RouteMetrics count_route(const std::string& pattern) {
    RouteMetrics metrics;
    for (std::size_t i = 0; i < kStatusClasses.size(); ++i) {
      metrics.answers[i] = &process_.metrics.counter(
          "connect_http_requests_total", "Requests answered, by route and class of status.",
          "route=\"" + pattern + "\",status=\"" + std::string(kStatusClasses[i]) + "\"");
    }
    return metrics;
  }

  Process process_;
  http::Router router_;
  std::unordered_map<std::string, RouteMetrics> routes_;
  RouteMetrics unmatched_;
  metrics::Histogram& request_time_;
};

http::Response problem_of(const Error& error) { return problem(error, {}); }

Api::Api(Process process) : impl_(std::make_unique<Impl>(process)) {}
Api::~Api() = default;
Awaitable<http::Response> Api::handle(http::Request& request) { return impl_->handle(request); }
http::Response Api::refuse(const Error& error) const { return impl_->refuse(error); }

}  // namespace flowsell::api
