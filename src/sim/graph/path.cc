#include "graph/path.h"

#include <fmt/format.h>

#include "core/encoding.h"
#include "ids.h"

namespace flowsell::sim {
namespace {

constexpr std::string_view kNewest = "v25.0";  // what an unversioned path is answered with
constexpr std::string_view kAppUsage = R"({"call_count":1,"total_cputime":1,"total_time":1})";

bool is_version(std::string_view segment) {
  if (segment.size() < 2 || segment[0] != 'v') return false;
  return segment.find_first_not_of("0123456789.", 1) == std::string_view::npos;
}

http::Response response_of(int status, std::string body, std::string_view version,
                           std::string usage, std::string trace_id) {
  http::Response response{.status = status, .body = std::move(body)};
  response.headers.reserve(6);
  response.headers.push_back({"facebook-api-version", std::string(version)});
  response.headers.push_back({"X-App-Usage", std::string(kAppUsage)});
  if (!usage.empty()) response.headers.push_back({"X-Business-Use-Case-Usage", std::move(usage)});
  response.headers.push_back({"x-fb-trace-id", trace_id.substr(0, 11)});
  response.headers.push_back({"x-fb-request-id", std::move(trace_id)});
  return response;
}

}  // namespace

GraphPath GraphPath::of(std::string_view path) {
  GraphPath parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  const auto next = [&path] {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
    return segment;
  };
  auto segment = next();
  parts.version = kNewest;
  if (is_version(segment)) {
    parts.version = segment;
    segment = next();
  }
  parts.object = segment;
  parts.edge = path;
  while (parts.edge.ends_with('/')) parts.edge.remove_suffix(1);
  return parts;
}

std::string query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == query.npos ? std::string_view() : query.substr(end + 1);
    const auto equals = pair.find('=');
    if (equals == pair.npos || pair.substr(0, equals) != name) continue;
    return percent_decode(pair.substr(equals + 1), /*plus_is_space=*/false).value_or("");
  }
  return {};
}

http::Response graph_response(int status, std::string body, std::string_view version,
                              std::string usage) {
  return response_of(status, std::move(body), version, std::move(usage), make_trace_id());
}

http::Response graph_refusal(const GraphError& error, std::string_view version, std::string usage) {
  auto trace_id = make_trace_id();
  auto body = error_body(error, trace_id);
  auto response = response_of(http_status_of(error), std::move(body), version, std::move(usage),
                              std::move(trace_id));
  if (response.status == 401) {
    response.headers.push_back(
        {"WWW-Authenticate", R"(OAuth "Facebook Platform" "invalid_token")"});
  }
  return response;
}

std::string usage_of(std::string_view use_case, std::string_view account_id,
                     std::int64_t used_percent, std::int64_t regain_minutes) {
  return fmt::format(R"({{"{}":[{{"type":"{}","call_count":{},"total_cputime":1,"total_time":1,)"
                     R"("estimated_time_to_regain_access":{}}}]}})",
                     account_id, use_case, used_percent, regain_minutes);
}

}  // namespace flowsell::sim
