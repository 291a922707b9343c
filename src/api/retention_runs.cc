#include "team/retention_runs.h"

#include "call.h"
#include "json/writer.h"
#include "paging.h"

namespace flowsell::api {
namespace {

constexpr std::int64_t kDaysMax = 366;

std::string render(const team::RetentionRun& run) {
  json::Writer out;
  out.begin_object().key("object").string("retention_run");
  out.key("date").string(format_time(Time{std::chrono::days(run.day)}).substr(0, 10));
  out.key("status").string(run.is_over ? "complete" : "running");
  out.key("removed").begin_object();
  for (std::size_t i = 0; i < team::kRemovedKinds; ++i)
    out.key(team::removed_name(static_cast<team::Removed>(i))).integer(run.counts.at(i));
  out.end_object().end_object();
  return std::move(out).take();
}

Task<http::Response> list_runs(Call& call) {
  const std::int64_t today = metering::day_of(call.services.clock.now());
  CO_TRY(auto in, QueryReader::parse(call.request.query));
  const auto [from, to] = in.days(today, kDaysMax);
  CO_CHECK_OK(in.finish());
  auto read = [workspace = call.caller.workspace, from, to](store::Connection& db) {
    return team::list_retention_runs(db, workspace, from, to);
  };
  CO_TRY(const auto runs, co_await call.services.db.read(std::move(read)));
  co_return whole_list(call.request, runs, render);
}

}  // namespace

void add_retention_run_routes(Routes& routes) {
  routes.add(http::Method::kGet, "/v1/retention_runs", identity::Scope::kAuditRead, list_runs);
}

}  // namespace flowsell::api
