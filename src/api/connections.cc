// A workspace's accounts at providers.

#include <vector>

#include "call.h"
#include "connection_body.h"
#include "headers.h"
#include "paging.h"
#include "request_body.h"
#include "team/acts.h"

namespace flowsell::api {
namespace {

using connections::ConnectionDesk;
using connections::ConnectionRecord;
using connections::ConnectionView;

constexpr json::StringRule kLabel{0, 100};

connections::Acting acting(const Call& call) {
  return {team::actor_of(call.caller), origin_of(call.request)};
}

Task<ConnectionRecord> connection_of(Call& call) {
  CO_TRY(const auto id, ConnectionId::parse(call.request.params.at(0)));
  co_return co_await call.services.connection_desk.find(call.caller.workspace, call.caller.mode,
                                                        id);
}

http::Response shown(const Call& call, const ConnectionRecord& record, bool is_replay = false) {
  return connection_response(record, call.services.clock.now(), ConnectionView::kMembers,
                             is_replay);
}

Task<http::Response> list_connections(Call& call) {
  CO_TRY(const auto asked, ListRequest<ConnectionId>::parse(call.request.query));
  CO_TRY(const auto all,
         co_await call.services.connection_desk.list(call.caller.workspace, call.caller.mode));
  const Time now = call.services.clock.now();
  const auto page = page_of_rows(all, asked);
  co_return list_response(call.request, page, [now](const ConnectionRecord* each) {
    return connections::render(*each, now, ConnectionView::kMembers);
  });
}

Task<http::Response> get_connection(Call& call) {
  CO_TRY(const auto record, co_await connection_of(call));
  co_return shown(call, record);
}

ConnectionDesk::Edit read_edit(json::ObjectReader& in) {
  ConnectionDesk::Edit edit;
  if (const auto label = in.string("name", kLabel)) edit.label = std::string(*label);
  return edit;
}

Task<http::Response> change_connection(Call& call) {
  CO_TRY(auto edit, read_body(call.request, read_edit));
  CO_TRY(const auto record, co_await connection_of(call));
  CO_TRY(auto once, idempotent_call(call));
  CO_TRY(const auto changed, co_await call.services.connection_desk.change(record, std::move(edit),
                                                                           acting(call), once));
  co_return shown(call, changed.record, changed.is_replay);
}

/// Its steps are calls to the provider, which may be made but once for an Idempotency-Key.
Task<http::Response> resume_connection(Call& call) {
  CO_TRY(Secret pin, read_pin(call.request));
  CO_TRY(const auto record, co_await connection_of(call));
  CO_TRY(const auto once, idempotent_call(call));
  const auto& [workspace, id] = std::pair(record.workspace, record.id);
  connections::LeasedKeys& keys = call.services.leased_keys;
  CO_TRY(const auto earlier, co_await keys.take(workspace, once, id.bytes(), id.str()));
  if (earlier) co_return shown(call, record, /*is_replay=*/true);
  auto resumed =
      co_await call.services.connector.resume(workspace, id, std::move(pin), acting(call));
  co_await keys.end(workspace, once, id.bytes(), resumed.has_value());
  CO_CHECK_OK(resumed);
  co_return shown(call, *resumed);
}

Task<http::Response> disconnect(Call& call) {
  CO_TRY(auto record, co_await connection_of(call));
  CO_CHECK_OK(co_await call.services.connection_desk.disconnect(std::move(record), acting(call)));
  co_return no_content();
}

}  // namespace

void add_connection_routes(Routes& routes) {
  using enum identity::Scope;
  using http::Method;
  routes.add(Method::kGet, "/v1/connections", kConnectionsRead, list_connections);
  routes.add(Method::kGet, "/v1/connections/{}", kConnectionsRead, get_connection);
  routes.add(Method::kPatch, "/v1/connections/{}", kConnectionsManage, change_connection);
  routes.add(Method::kDelete, "/v1/connections/{}", kConnectionsManage, disconnect);
  routes.add(Method::kPost, "/v1/connections/{}/resume", kConnectionsManage, resume_connection);
}

}  // namespace flowsell::api
