// How operators connect an account by a system user's token, and work on a workspace's onboarding.

#include "call.h"
#include "connection_body.h"
#include "headers.h"
#include "paging.h"
#include "request_body.h"
#include "staff_door.h"

namespace flowsell::api {
namespace {

using connections::ConnectionRecord;
using connections::ConnectionView;
using operators::Power;

constexpr json::StringRule kToken{8, 1024};
constexpr json::StringRule kProviderId{1, 64};

connections::Acting acting(const AdminCall& call) {
  const operators::By by = call.by();
  return {{audit::ActorKind::kOperator, call.who.user.str()}, by.origin, by.reason};
}

/// The workspace that the path names, and where it is; nothing where that has answered.
struct Place {
  WorkspaceId workspace;
  Home home;
  const Services& services() const noexcept { return *home.services(); }
};
Task<Place> place_of(AdminCall& call) {
  CO_TRY(const auto workspace, WorkspaceId::parse(call.visit.request.params.at(0)));
  CO_TRY(auto home,
         co_await call.visit.homes.find_named(workspace_name(workspace), call.visit.request));
  // On SQLite every name has its home there: whether there is such a workspace is asked here.
  if (home.services() != nullptr)
    CO_CHECK_OK(co_await home.services()->workspaces.name_of(workspace));
  co_return Place{workspace, std::move(home)};
}

/// On the operators' own chain too, before anything is done: the workspace's is in its cell.
Task<> put_on_record(AdminCall& call, const Place& place, std::string act) {
  co_return co_await call.staff.operators.record(
      call.by(), std::move(act), operation_name(call.visit.request.method, call.visit.request.path),
      place.workspace.str(), {});
}

Result<std::optional<metering::IdempotentCall>> idempotent(const AdminCall& call,
                                                           const Place& place,
                                                           identity::Mode mode) {
  return idempotent_call(call, place.services(), place.workspace, mode);
}

http::Response shown(const Place& place, const ConnectionRecord& record, bool is_replay = false) {
  return connection_response(record, place.services().clock.now(), ConnectionView::kOperators,
                             is_replay);
}

connections::ConnectOrder read_order(json::ObjectReader& in, identity::Mode default_mode) {
  connections::ConnectOrder order;
  order.channel = in.string("channel").value_or("whatsapp");
  order.token = secret_in(in, "token", kToken);
  order.account = in.string("account_id", kProviderId).value_or("");
  order.address = in.string("phone_number_id", kProviderId).value_or("");
  order.pin = pin_in(in);
  order.is_on_app = in.boolean("coexistence").value_or(false);
  order.mode = default_mode;
  if (const auto mode = in.string("mode")) {
    const auto known = identity::mode_named(*mode);
    if (!known) in.fault("mode", "invalid_value", "there is no such mode", "Use test or live.");
    order.mode = known.value_or(default_mode);
  }
  return order;
}

Task<http::Response> earlier_one(const Place& place, ConnectionId id) {
  auto record = co_await place.services().connection_desk.find(place.workspace, std::nullopt, id);
  if (!record)
    co_return fail(ErrorCode::kConflict,
                   "an earlier call with this key has connected the account again: the list of "
                   "connections has it");
  auto response = shown(place, *record, /*is_replay=*/true);
  response.status = 201;
  co_return response;
}

/// What new connections are made with.
struct Setup {
  IdSource& ids;
  identity::Mode default_mode;
};

Task<http::Response> connect(AdminCall& call, Setup setup) {
  CO_TRY(auto order, read_body(call.visit.request, [setup](json::ObjectReader& in) {
           return read_order(in, setup.default_mode);
         }));
  CO_TRY(Place place, co_await place_of(call));
  if (place.home.services() == nullptr) co_return place.home.take_answer();
  const Services& services = place.services();
  order.id = setup.ids.next<IdKind::kConnection>();
  order.workspace = place.workspace;
  order.via = connections::ConnectedVia::kSystemToken;
  order.by = acting(call);
  const ConnectionId id = order.id;
  CO_TRY(const auto once, idempotent(call, place, order.mode));
  CO_CHECK_OK(co_await put_on_record(call, place, "operator.connection_created"));
  CO_TRY(const auto earlier,
         co_await services.leased_keys.take(place.workspace, once, id.bytes(), id.str()));
  if (earlier) co_return co_await earlier_one(place, ConnectionId(*earlier));
  auto made = co_await services.connector.connect(std::move(order));
  co_await services.leased_keys.end(place.workspace, once, id.bytes(), made.has_value());
  CO_CHECK_OK(made);
  auto response = shown(place, *made);
  response.status = 201;
  response.headers.push_back({"Location", "/admin/v1/workspaces/" + place.workspace.str() +
                                              "/connections/" + made->id.str()});
  co_return response;
}

Task<http::Response> list_connections(AdminCall& call, Setup setup) {
  CO_TRY(auto in, QueryReader::parse(call.visit.request.query));
  const auto text = in.text("mode");
  const auto mode = text ? identity::mode_named(*text) : std::optional(setup.default_mode);
  const auto asked = ListRequest<ConnectionId>::read(in);
  if (!mode) in.fault("mode", "invalid_value", "there is no such mode", "Send test or live.");
  CO_CHECK_OK(in.finish());
  CO_TRY(Place place, co_await place_of(call));
  if (place.home.services() == nullptr) co_return place.home.take_answer();
  CO_TRY(const auto all, co_await place.services().connection_desk.list(place.workspace, *mode));
  const Time now = place.services().clock.now();
  co_return list_response(call.visit.request, page_of_rows(all, asked),
                          [now](const ConnectionRecord* each) {
                            return connections::render(*each, now, ConnectionView::kOperators);
                          });
}

Task<ConnectionRecord> connection_of(AdminCall& call, const Place& place) {
  CO_TRY(const auto id, ConnectionId::parse(call.visit.request.params.at(1)));
  co_return co_await place.services().connection_desk.find(place.workspace, std::nullopt, id);
}

Task<http::Response> get_connection(AdminCall& call) {
  CO_TRY(Place place, co_await place_of(call));
  if (place.home.services() == nullptr) co_return place.home.take_answer();
  CO_TRY(const auto record, co_await connection_of(call, place));
  co_return shown(place, record);
}

Task<http::Response> change_connection(AdminCall& call) {
  CO_TRY(auto edit, read_body(call.visit.request, read_operators_edit));
  CO_TRY(Place place, co_await place_of(call));
  if (place.home.services() == nullptr) co_return place.home.take_answer();
  CO_TRY(const auto record, co_await connection_of(call, place));
  CO_TRY(const auto once, idempotent(call, place, record.mode));
  CO_CHECK_OK(co_await put_on_record(call, place, "operator.connection_changed"));
  CO_TRY(const auto changed, co_await place.services().connection_desk.change(
                                 record, std::move(edit), acting(call), once));
  co_return shown(place, changed.record, changed.is_replay);
}

Task<http::Response> resume_connection(AdminCall& call) {
  CO_TRY(Secret pin, read_pin(call.visit.request));
  CO_TRY(Place place, co_await place_of(call));
  if (place.home.services() == nullptr) co_return place.home.take_answer();
  CO_TRY(const auto record, co_await connection_of(call, place));
  CO_TRY(const auto once, idempotent(call, place, record.mode));
  CO_CHECK_OK(co_await put_on_record(call, place, "operator.connection_resumed"));
  connections::LeasedKeys& keys = place.services().leased_keys;
  const ConnectionId id = record.id;
  CO_TRY(const auto earlier, co_await keys.take(place.workspace, once, id.bytes(), id.str()));
  if (earlier) co_return shown(place, record, /*is_replay=*/true);
  auto resumed =
      co_await place.services().connector.resume(place.workspace, id, std::move(pin), acting(call));
  co_await keys.end(place.workspace, once, id.bytes(), resumed.has_value());
  CO_CHECK_OK(resumed);
  co_return shown(place, *resumed);
}

}  // namespace

void add_admin_connection_routes(Routes& routes, const Api::Process& process) {
  using http::Method;
  const Setup setup{process.ids, process.default_mode};
  const std::string all = "/admin/v1/workspaces/{}/connections";
  const std::string one = all + "/{}";
  routes.add_admin(Method::kPost, all, Power::kConnectionsManage,
                   [setup](AdminCall& call) { return connect(call, setup); });
  routes.add_admin(Method::kGet, all, Power::kConnectionsRead,
                   [setup](AdminCall& call) { return list_connections(call, setup); });
  routes.add_admin(Method::kGet, one, Power::kConnectionsRead, get_connection);
  routes.add_admin(Method::kPatch, one, Power::kConnectionsManage, change_connection);
  routes.add_admin(Method::kPost, one + "/resume", Power::kConnectionsManage, resume_connection);
}

}  // namespace flowsell::api
