#include "call.h"
#include "data_request_body.h"
#include "data_request_render.h"
#include "json/reader.h"
#include "paging.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using operators::Power;
using privacy::DataRequest;
using privacy::Desk;
using privacy::Subject;

constexpr std::string_view kAdminDataRequests = "/admin/v1/data_requests/";

audit::Actor actor_of(const AdminCall& call) {
  return {audit::ActorKind::kOperator, call.who.user.str()};
}

/// On the operators' own record.
audit::Act act_of(AdminCall& call, Desk& desk, std::string name, const DataRequestId& id) {
  return operators::operator_act(desk.ids(), call.visit.clock.now(), call.by(), std::move(name),
                                 id.str());
}

// --- for somebody ---

struct Wish : DataWish {
  std::optional<UserId> user;
  std::optional<WorkspaceId> workspace;
};

template <class IdType>
std::optional<IdType> read_id(json::ObjectReader& in, std::string_view name) {
  const auto text = in.required_string(name);
  if (!text) return std::nullopt;
  const auto id = IdType::parse(*text);
  if (id) return *id;
  in.fault(name, "invalid_id", id.error().detail, "Use an id as the API returned it.");
  return std::nullopt;
}

Wish read_wish(json::ObjectReader& in) {
  Wish wish{read_data_wish(in), std::nullopt, std::nullopt};
  if (wish.subject == Subject::kAccount) {
    wish.user = read_id<UserId>(in, "user_id");
  } else {
    wish.workspace = read_id<WorkspaceId>(in, "workspace_id");
  }
  return wish;
}

Task<http::Response> ask_about_workspace(AdminCall& call, Desk& desk, Desk::Asked asked,
                                         Wish wish) {
  CO_TRY(auto home,
         co_await call.visit.homes.find_named(workspace_name(asked.workspace), call.visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  const Services& services = *home.services();
  CO_TRY([[maybe_unused]] const auto name, co_await services.workspaces.name_of(asked.workspace));
  name_recipient(asked, wish, services.accept);
  CO_CHECK_OK(co_await desk.note_in_workspace(services.db, asked, call.visit.origin()));
  CO_TRY(auto owners, co_await owners_to_tell(services, asked));
  CO_TRY(const auto request, co_await desk.ask(std::move(asked), call.visit.origin()));
  co_await tell(call.visit, std::move(owners), request);
  co_return data_request_response(request, 201, kAdminDataRequests);
}

/// An operator's account ends by the word of who may end operators.
Task<> check_reach(AdminCall& call, UserId user) {
  CO_TRY(const auto found, co_await call.staff.operators.find(user));
  if (!found || operators::may(call.who.role, Power::kOperatorsManage)) co_return Result<>{};
  co_return fail(ErrorCode::kInsufficientScope, "the account is an operator's");
}

Task<http::Response> ask(AdminCall& call) {
  CO_TRY(Desk* const desk, desk_of(call.visit));
  CO_TRY(auto wish, read_body(call.visit.request, read_wish));
  Desk::Asked asked{desk->new_id(), wish.kind, wish.subject, {}, {}, {}, {}, actor_of(call)};
  asked.also = act_of(call, *desk, "data_request.asked", asked.id);
  asked.user = wish.user.value_or(UserId());
  if (wish.user) CO_CHECK_OK(co_await check_reach(call, *wish.user));
  asked.workspace = wish.workspace.value_or(WorkspaceId());
  if (wish.workspace)
    co_return co_await ask_about_workspace(call, *desk, std::move(asked), std::move(wish));
  CO_TRY(const auto request, co_await desk->ask(std::move(asked), call.visit.origin()));
  co_return data_request_response(request, 201, kAdminDataRequests);
}

// --- looking, and working ---

Task<http::Response> list(AdminCall& call) {
  CO_TRY(Desk* const desk, desk_of(call.visit));
  CO_TRY(auto in, QueryReader::parse(call.visit.request.query));
  Desk::Query query;
  read_page(in, query);
  query.of_user = in.id<UserId>("user_id").value_or(UserId());
  query.workspace = in.id<WorkspaceId>("workspace_id").value_or(WorkspaceId());
  const auto state = in.text("state");
  if (state) query.state = privacy::state_named(*state);
  if (state && !query.state)
    in.fault("state", "invalid_value", "there is no such state", "See the contract.");
  const auto overdue = in.text("overdue");
  query.overdue = overdue == "true";
  if (overdue && *overdue != "true")
    in.fault("overdue", "invalid_value", "only true has a meaning", "Send true, or leave it out.");
  CO_CHECK_OK(in.finish());
  CO_TRY(const auto page, co_await desk->list(query));
  co_return list_response(call.visit.request, page, render_data_request);
}

Task<http::Response> get_one(AdminCall& call) {
  CO_TRY(Desk* const desk, desk_of(call.visit));
  CO_TRY(const auto id, DataRequestId::parse(call.visit.request.params.at(0)));
  CO_TRY(const auto request, co_await desk->find(id));
  co_return data_request_response(request, 200, kAdminDataRequests);
}

/// nullopt: a fault.
std::optional<privacy::OperatorStep> read_step(json::ObjectReader& in) {
  const auto name = in.required_string("step");
  const auto step = privacy::operator_step_named(name.value_or("review"));
  if (!step) {
    in.fault("step", "invalid_value", "there is no such step",
             "Send review, hold, release, approve or refuse.");
  }
  return step;
}

Task<http::Response> step(AdminCall& call) {
  CO_TRY(Desk* const desk, desk_of(call.visit));
  CO_TRY(const auto id, DataRequestId::parse(call.visit.request.params.at(0)));
  CO_TRY(const auto wanted, read_body(call.visit.request, read_step));
  CO_TRY(auto request, co_await desk->find(id));
  Desk::Stepped stepped{*wanted, call.by().reason, actor_of(call), call.visit.origin()};
  stepped.also = act_of(call, *desk, {}, id);
  CO_TRY(const auto changed, co_await desk->step(std::move(request), std::move(stepped)));
  co_return data_request_response(changed, 200, kAdminDataRequests);
}

}  // namespace

void add_admin_data_request_routes(Routes& routes) {
  using http::Method;
  routes.add_admin(Method::kPost, "/admin/v1/data_requests", Power::kPrivacyManage, ask);
  routes.add_admin(Method::kGet, "/admin/v1/data_requests", Power::kPrivacyManage, list);
  routes.add_admin(Method::kGet, "/admin/v1/data_requests/{}", Power::kPrivacyManage, get_one);
  routes.add_admin(Method::kPost, "/admin/v1/data_requests/{}/steps", Power::kPrivacyManage, step);
}

}  // namespace flowsell::api
