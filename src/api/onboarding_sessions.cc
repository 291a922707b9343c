#include "call.h"
#include "connect_pages.h"
#include "headers.h"
#include "onboarding_render.h"
#include "paging.h"
#include "request_body.h"
#include "staff_door.h"
#include "team/acts.h"

namespace flowsell::api {
namespace {

using identity::Scope;
using onboarding::Session;
using onboarding::Sessions;
using operators::Power;

/// Only a test's customers come back to a computer of their own.
bool takes_loopback(identity::Mode mode) { return mode == identity::Mode::kTest; }

/// A link that nobody could use is not made.
Result<> check_place(const Services& services, identity::Mode mode, onboarding::Way way) {
  const auto* const place = services.onboarding_door.places().of(mode);
  if (place == nullptr) {
    return fail(ErrorCode::kConflict,
                "this server has no app at Meta in " + std::string(identity::mode_name(mode)) +
                    " mode: its operator sets whatsapp.app_id and whatsapp.app_secret");
  }
  // The simulator takes any configuration, and none.
  if (mode == identity::Mode::kLive && way == onboarding::Way::kEmbeddedSignup &&
      place->login_config.empty()) {
    return fail(ErrorCode::kConflict,
                "Embedded Signup is not set up: this server's operator sets whatsapp.login_config");
  }
  return {};
}

Task<http::Response> create_session(Call& call) {
  const auto mode = call.caller.mode;
  CO_TRY(auto draft, read_body(call.request, [mode](json::ObjectReader& in) {
           return read_onboarding_draft(in, takes_loopback(mode));
         }));
  CO_CHECK_OK(check_place(call.services, mode, draft.way));
  draft.workspace = call.caller.workspace;
  draft.mode = mode;
  CO_TRY(auto once, idempotent_call(call));
  CO_TRY(const auto created,
         co_await call.services.onboarding.create(std::move(draft), team::actor_of(call.caller),
                                                  origin_of(call.request), {}, once));
  co_return created_response(call.services, created);
}

Task<http::Response> get_session(Call& call) {
  CO_TRY(const auto id, OnboardingSessionId::parse(call.request.params.at(0)));
  CO_TRY(const auto session, co_await call.services.onboarding.find(call.caller, id));
  http::Response response;
  response.body = render(session, call.services.clock.now());
  co_return response;
}

Task<http::Response> list_sessions(Call& call) {
  CO_TRY(auto in, QueryReader::parse(call.request.query));
  auto query = list_query<onboarding::Query>(in, call.caller);
  CO_CHECK_OK(in.finish());
  CO_TRY(const auto page, co_await call.services.onboarding.list(query));
  const Time now = call.services.clock.now();
  co_return list_response(call.request, page,
                          [now](const Session& session) { return render(session, now); });
}

Task<http::Response> revoke_session(Call& call) {
  CO_TRY(const auto id, OnboardingSessionId::parse(call.request.params.at(0)));
  CO_CHECK_OK(co_await call.services.onboarding.revoke(call.by(), id));
  co_return no_content();
}

struct OperatorsDraft {
  Sessions::Draft draft;
  identity::Mode mode = identity::Mode::kLive;
};

OperatorsDraft read_operators_draft(json::ObjectReader& in) {
  OperatorsDraft read;
  if (const auto name = in.string("mode")) {
    const auto mode = identity::mode_named(*name);
    if (!mode) in.fault("mode", "invalid_value", "there is no such mode", "Send live or test.");
    read.mode = mode.value_or(read.mode);
  }
  read.draft = read_onboarding_draft(in, takes_loopback(read.mode));
  return read;
}

/// For a workspace that an operator helps.
Task<http::Response> create_for_workspace(AdminCall& call) {
  CO_TRY(const auto workspace, WorkspaceId::parse(call.visit.request.params.at(0)));
  CO_TRY(auto read, read_body(call.visit.request, read_operators_draft));
  CO_TRY(auto home,
         co_await call.visit.homes.find_named(workspace_name(workspace), call.visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  const Services& services = *home.services();
  // On SQLite every name has its home there: whether there is such a workspace is asked here.
  CO_CHECK_OK(co_await services.workspaces.name_of(workspace));
  CO_CHECK_OK(check_place(services, read.mode, read.draft.way));
  read.draft.workspace = workspace;
  read.draft.mode = read.mode;
  CO_TRY(auto once, idempotent_call(call, services, workspace, read.mode));
  CO_TRY(auto reason, stated_reason(call.visit.request, /*is_needed=*/true));
  const audit::Actor actor{audit::ActorKind::kOperator, call.who.user.str()};
  // Before it is made: the staff's record is in another database than the workspace's.
  CO_CHECK_OK(co_await call.staff.operators.record(
      call.by(), "operator.onboarding_session_created",
      operation_name(http::Method::kPost, "/admin/v1/workspaces/{}/onboarding_sessions"),
      workspace.str(), {}));
  CO_TRY(const auto created,
         co_await services.onboarding.create(std::move(read.draft), actor, call.visit.origin(),
                                             std::move(reason), once));
  co_return created_response(services, created);
}

}  // namespace

void add_onboarding_routes(Routes& routes) {
  add_connect_routes(routes);
  using http::Method;
  routes.add(Method::kPost, "/v1/onboarding_sessions", Scope::kConnectionsManage, create_session);
  routes.add(Method::kGet, "/v1/onboarding_sessions", Scope::kConnectionsRead, list_sessions);
  routes.add(Method::kGet, "/v1/onboarding_sessions/{}", Scope::kConnectionsRead, get_session);
  routes.add(Method::kDelete, "/v1/onboarding_sessions/{}", Scope::kConnectionsManage,
             revoke_session);
  routes.add_admin(Method::kPost, "/admin/v1/workspaces/{}/onboarding_sessions",
                   Power::kConnectionsManage, create_for_workspace);
}

}  // namespace flowsell::api
