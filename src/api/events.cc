#include "webhook/events.h"

#include "call.h"
#include "messaging/render.h"
#include "paging.h"

namespace flowsell::api {
namespace {

/// What a webhook carries, and what of it is gone by now.
std::string render(const webhook::StoredEvent& event) {
  std::string text = webhook::Events::render(event.draft);
  const std::string head =
      "{\"id\":\"" + event.draft.id.str() +
      "\",\"object\":\"event\",\"content_expired\":" + (event.content_expired ? "true" : "false") +
      ",";
  return head + text.substr(1);
}

Task<http::Response> list_events(Call& call) {
  CO_TRY(auto in, QueryReader::parse(call.request.query));
  auto query = list_query<webhook::EventQuery>(in, call.caller);
  if (const auto type = in.text("type")) {
    query.type = webhook::parse_event_type(*type);
    if (!query.type)
      in.fault("type", "invalid_value", "no event has such a type",
               "Use, for example, message.sent.");
  }
  CO_CHECK_OK(in.finish());
  auto read = [&spool = call.services.spool, query](store::Connection& db) {
    return webhook::list_events(db, spool, query, messaging::event_body);
  };
  CO_TRY(const auto page, co_await call.services.db.read(std::move(read)));
  co_return list_response(call.request, page, render);
}

Task<http::Response> get_event(Call& call) {
  CO_TRY(const auto id, EventId::parse(call.request.params.at(0)));
  auto read = [&spool = call.services.spool, workspace = call.caller.workspace,
               id](store::Connection& db) {
    return webhook::read_event(db, spool, workspace, id, messaging::event_body);
  };
  CO_TRY(const auto event, co_await call.services.db.read(std::move(read)));
  if (!event || event->draft.mode != call.caller.mode)
    co_return fail(ErrorCode::kNotFound, "there is no such event");
  http::Response response;
  response.body = render(*event);
  co_return response;
}

}  // namespace

void add_event_routes(Routes& routes) {
  routes.add(http::Method::kGet, "/v1/events", identity::Scope::kMessagesRead, list_events);
  routes.add(http::Method::kGet, "/v1/events/{}", identity::Scope::kMessagesRead, get_event);
}

}  // namespace flowsell::api
