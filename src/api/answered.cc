#include "answered.h"

#include "headers.h"
#include "telemetry/log.h"

namespace flowsell::api {

Answered::Answered(metrics::Registry& metrics)
    : metrics_(metrics),
      unmatched_(count("none")),
      request_time_(metrics.histogram("connect_request_seconds",
                                      "Time from a whole request to its answer.")) {}

void Answered::add_route(const std::string& pattern) {
  if (!routes_.contains(pattern)) routes_.emplace(pattern, count(pattern));
}

Answered::Counters Answered::count(const std::string& pattern) {
  Counters counters{};
  for (std::size_t i = 0; i < kStatusClasses.size(); ++i) {
    counters[i] = &metrics_.counter(
        "connect_http_requests_total", "Requests answered, by route and class of status.",
        "route=\"" + pattern + "\",status=\"" + std::string(kStatusClasses[i]) + "\"");
  }
  return counters;
}

void Answered::finish(const http::Request& request, http::Response& response,
                      std::string_view pattern, const std::string& id,
                      std::chrono::steady_clock::duration took) {
  constexpr std::string_view kNoInstance = "\"instance\":\"\"";
  if (response.content_type == "application/problem+json") {
    // Problems are made where the request's id is not known.
    if (const auto at = response.body.find(kNoInstance); at != std::string::npos) {
      response.body.insert(at + kNoInstance.size() - 1, id);
    }
  }
  request_time_.observe(took);
  // What another process answered has it all, and is in its log and its numbers.
  if (response.is_relayed) return;
  response.headers.push_back({"Request-Id", id});
  response.headers.push_back({"FlowSell-Version", std::string(kVersion)});
  // Most answers are about people, messages or secrets, and none gains by a cache.
  response.headers.push_back({"Cache-Control", "no-store"});
  add_timing(response, "total", took);
  const auto route = routes_.find(std::string(pattern));
  const Counters& counters = route == routes_.end() ? unmatched_ : route->second;
  const auto status_class = static_cast<std::size_t>(response.status / 100);
  if (status_class < kStatusClasses.size()) counters[status_class]->add();
  note(request, response, pattern, id, took);
}

void Answered::note(const http::Request& request, const http::Response& response,
                    std::string_view pattern, const std::string& id,
                    std::chrono::steady_clock::duration took) const {
  if (response.status >= 500) {
    log::warn("a request failed", {{"request_id", id},
                                   {"trace_id", trace_id(request.header("traceparent"))},
                                   {"route", pattern},
                                   {"status", response.status}});
  } else if (log::enabled(log::Level::kDebug)) {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    log::debug("request", {{"request_id", id},
                           {"trace_id", trace_id(request.header("traceparent"))},
                           {"method", http::method_name(request.method)},
                           {"route", pattern},
                           {"status", response.status},
                           {"took_us", std::int64_t{micros}}});
  }
}

}  // namespace flowsell::api
