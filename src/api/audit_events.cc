#include <limits>

#include "audit/audit_log.h"
#include "audit/export.h"
#include "audit/head_file.h"
#include "audit_query.h"
#include "call.h"
#include "paging.h"

namespace flowsell::api {
namespace {

constexpr std::int64_t kExportMax = 1000;

http::Response events_response(const http::Request& request, const audit::EventPage& page) {
  return list_response(request, page,
                       [](const audit::Event& event) { return audit::render(event); });
}

Task<http::Response> list_audit_events(Call& call) {
  CO_TRY(auto query, read_audit_query(call.request));
  query.scope = call.caller.workspace.blob();
  CO_TRY(const auto page, co_await call.services.db.read(
                              [&query](store::Connection& db) { return audit::list(db, query); }));
  co_return events_response(call.request, page);
}

Task<http::Response> list_own_events(Visit& visit) {
  CO_TRY(auto query, read_audit_query(visit.request));
  CO_TRY(const auto page,
         co_await visit.accounts.audit_events(visit.session->user.id, std::move(query)));
  co_return events_response(visit.request, page);
}

Task<http::Response> get_audit_event(Call& call) {
  CO_TRY(const auto id, AuditEventId::parse(call.request.params.at(0)));
  const std::string scope(call.caller.workspace.blob());
  CO_TRY(const auto event, co_await call.services.db.read(
                               [&](store::Connection& db) { return audit::find(db, scope, id); }));
  if (!event) co_return fail(ErrorCode::kNotFound, "there is no such event");
  http::Response response;
  response.body = audit::render(*event);
  co_return response;
}

/// From which place on, and how much.
struct ExportRequest {
  std::int64_t behind = 0;
  audit::ExportLimits limits;

  static Result<ExportRequest> read(const http::Request& request) {
    TRY(auto in, QueryReader::parse(request.query));
    ExportRequest wanted;
    wanted.behind = in.number("after_sequence", 0, std::numeric_limits<std::int64_t>::max(), 0);
    wanted.limits.events = static_cast<std::size_t>(in.number("limit", 1, kExportMax, kExportMax));
    CHECK_OK(in.finish());
    return wanted;
  }
};

/// A part of an export; the last one ends with the signed head, where there is one and all that it
/// is about was given.
http::Response export_response(const http::Request& request, const ExportRequest& wanted,
                               audit::ExportPart part, std::string_view scope,
                               const audit::HeadFile* heads) {
  http::Response response;
  response.content_type = "application/jsonl";
  response.body = std::move(part.lines);
  if (part.more) {
    response.headers.push_back(
        {"Link", "<" + std::string(request.path) + "?after_sequence=" + std::to_string(part.last) +
                     "&limit=" + std::to_string(wanted.limits.events) + ">; rel=\"next\""});
  } else if (heads != nullptr) {
    response.body += heads->newest_line(scope, part.last);
  }
  return response;
}

Task<http::Response> export_audit_events(Call& call, const audit::HeadFile* heads) {
  CO_TRY(const auto wanted, ExportRequest::read(call.request));
  const std::string scope(call.caller.workspace.blob());
  CO_TRY(auto part, co_await call.services.db.read([&](store::Connection& db) {
    return audit::export_part(db, scope, wanted.behind, wanted.limits);
  }));
  co_return export_response(call.request, wanted, std::move(part), scope, heads);
}

Task<http::Response> export_own_events(Visit& visit, const audit::HeadFile* heads) {
  CO_TRY(const auto wanted, ExportRequest::read(visit.request));
  const UserId user = visit.session->user.id;
  CO_TRY(auto part,
         co_await visit.accounts.export_audit_events(user, wanted.behind, wanted.limits));
  co_return export_response(visit.request, wanted, std::move(part), user.blob(), heads);
}

}  // namespace

void add_audit_routes(Routes& routes, const Api::Process& process) {
  using http::Method;
  const auto read = identity::Scope::kAuditRead;
  const audit::HeadFile* const heads = process.audit_heads;
  routes.add(Method::kGet, "/v1/audit_events", read, list_audit_events);
  routes.add(Method::kGet, "/v1/audit_events/{}", read, get_audit_event);
  routes.add(Method::kGet, "/v1/audit_events/export", read,
             [heads](Call& call) { return export_audit_events(call, heads); });
  routes.add_signed_in(Method::kGet, "/v1/user/audit_events", list_own_events);
  routes.add_signed_in(Method::kGet, "/v1/user/audit_events/export",
                       [heads](Visit& visit) { return export_own_events(visit, heads); });
}

}  // namespace flowsell::api
