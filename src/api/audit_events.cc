#include "audit/audit_log.h"
#include "call.h"
#include "paging.h"

namespace flowsell::api {
namespace {

Result<audit::Query> read_query(const Call& call) {
  TRY(auto in, QueryReader::parse(call.request.query));
  const auto page = ListRequest<AuditEventId>::read(in);
  audit::Query query;
  query.scope = call.caller.workspace.blob();
  query.actor_id = in.text("actor_id").value_or("");
  query.act = in.text("act").value_or("");
  query.target = in.text("target").value_or("");
  query.from = in.time("created[gte]");
  query.to = in.time("created[lt]");
  query.after = page.after;
  query.before = page.before;
  query.limit = page.limit;
  CHECK_OK(in.finish());
  return query;
}

Task<http::Response> list_audit_events(Call& call) {
  CO_TRY(const auto query, read_query(call));
  CO_TRY(const auto page, co_await call.services.db.read(
                              [&query](store::Connection& db) { return audit::list(db, query); }));
  co_return list_response(call.request, page,
                          [](const audit::Event& event) { return audit::render(event); });
}

}  // namespace

void add_audit_routes(Routes& routes) {
  routes.add(http::Method::kGet, "/v1/audit_events", identity::Scope::kAuditRead,
             list_audit_events);
}

}  // namespace flowsell::api
