#include "call.h"
#include "json/writer.h"
#include "metering/metering.h"
#include "paging.h"

namespace flowsell::api {
namespace {

using metering::QuotaKey;

constexpr std::int64_t kUsageDaysMax = 366;

Task<http::Response> get_quota(Call& call) {
  const Time now = call.services.clock.now();
  auto read = [key = QuotaKey{call.caller.workspace, call.caller.mode}, now,
               limits = call.services.limits](store::Connection& db) {
    return metering::read_quota(db, limits, key, now);
  };
  CO_TRY(const auto quota, co_await call.services.db.read(std::move(read)));
  call.quota = quota;
  json::Writer out;
  out.begin_object().key("object").string("quota").key("limit").integer(quota.limit);
  out.key("used").integer(quota.used).key("remaining").integer(quota.remaining());
  out.key("period_start").string(format_time(quota.period_start));
  out.key("period_end").string(format_time(quota.period_end)).end_object();
  http::Response response;
  response.body = std::move(out).take();
  co_return response;
}

std::string render(const metering::UsageDay& day) {
  json::Writer out;
  out.begin_object().key("date").string(day.date);
  for (std::size_t i = 0; i < metering::kMetricCount; ++i) {
    out.key(metering::metric_name(static_cast<metering::Metric>(i))).integer(day.counts[i]);
  }
  out.end_object();
  return std::move(out).take();
}

Task<http::Response> get_usage(Call& call) {
  const std::int64_t today = metering::day_of(call.services.clock.now());
  CO_TRY(auto in, QueryReader::parse(call.request.query));
  const auto [from, to] = in.days(today, kUsageDaysMax);
  CO_CHECK_OK(in.finish());
  auto read = [key = QuotaKey{call.caller.workspace, call.caller.mode}, from,
               to](store::Connection& db) { return metering::read_usage(db, key, from, to); };
  CO_TRY(const auto days, co_await call.services.db.read(std::move(read)));
  co_return whole_list(call.request, days, render);
}

}  // namespace

void add_quota_routes(Routes& routes) {
  routes.add(http::Method::kGet, "/v1/quota", identity::Scope::kUsageRead, get_quota);
  routes.add(http::Method::kGet, "/v1/usage", identity::Scope::kUsageRead, get_usage);
}

}  // namespace flowsell::api
