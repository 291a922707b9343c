#include "webhook/deliveries.h"

#include "call.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"

namespace flowsell::api {
namespace {

std::string render(const webhook::DeliveryRow& row) {
  json::Writer out;
  out.begin_object().key("id").string(row.id.str()).key("object").string("delivery");
  out.key("endpoint_id").string(row.endpoint.str()).key("event_id").string(row.event.str());
  out.key("event_type").string(webhook::event_type_name(row.type));
  out.key("status").string(webhook::delivery_status_name(row.status));
  out.key("attempts").raw("[" + row.attempts_json + "]");
  write_time(out, "next_attempt_at", row.next_attempt_at);
  out.key("created_at").string(format_time(row.created_at));
  write_time(out, "finished_at", row.finished_at);
  out.end_object();
  return std::move(out).take();
}

Task<http::Response> list_deliveries(Call& call) {
  CO_TRY(auto in, QueryReader::parse(call.request.query));
  auto query = list_query<webhook::DeliveryQuery>(in, call.caller);
  query.endpoint = in.id<EndpointId>("endpoint_id");
  query.event = in.id<EventId>("event_id");
  if (const auto status = in.text("status")) {
    query.status = webhook::parse_delivery_status(*status);
    if (!query.status)
      in.fault("status", "invalid_value", "no such status",
               "Use pending, succeeded, failed or canceled.");
  }
  CO_CHECK_OK(in.finish());
  // Memory first: a delivery that leaves it between the two looks is in the table then.
  const auto begun = call.services.begun_deliveries.matching(query);
  auto read = [&query, &begun](store::Connection& db) {
    return webhook::list_deliveries(db, query, begun);
  };
  CO_TRY(const auto page, co_await call.services.db.read(std::move(read)));
  co_return list_response(call.request, page, render);
}

}  // namespace

void add_delivery_routes(Routes& routes) {
  routes.add(http::Method::kGet, "/v1/deliveries", identity::Scope::kWebhooksManage,
             list_deliveries);
}

}  // namespace flowsell::api
