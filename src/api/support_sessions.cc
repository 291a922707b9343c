// What a workspace sees of the operators who look into it.
#include <algorithm>

#include "call.h"
#include "paging.h"
#include "support_render.h"

namespace flowsell::api {
namespace {

using identity::Scope;
using team::SupportSession;

Task<std::vector<accounts::User>> operators_of(Call& call,
                                               const std::vector<SupportSession>& sessions) {
  std::vector<UserId> ids;
  for (const SupportSession& each : sessions) {
    if (std::ranges::find(ids, each.user) == ids.end()) ids.push_back(each.user);
  }
  co_return co_await call.accounts->find_all(std::move(ids));
}

Task<http::Response> answer(Call& call, SupportSession session) {
  CO_TRY(const auto users, co_await call.accounts->find_all({session.user}));
  http::Response response;
  response.body = render(session, user_in(users, session.user), call.services.clock.now());
  co_return response;
}

Task<http::Response> list_sessions(Call& call) {
  CO_TRY(const auto asked, ListRequest<SupportSessionId>::parse(call.request.query));
  CO_TRY(const auto page, co_await call.services.support_sessions.list(
                              {call.caller.workspace, asked.after, asked.before, asked.limit}));
  CO_TRY(const auto users, co_await operators_of(call, page.rows));
  const Time now = call.services.clock.now();
  co_return list_response(call.request, page, [&users, now](const SupportSession& session) {
    return render(session, user_in(users, session.user), now);
  });
}

Task<http::Response> get_session(Call& call) {
  CO_TRY(const auto id, SupportSessionId::parse(call.request.params.at(0)));
  CO_TRY(auto session, co_await call.services.support_sessions.find(call.caller.workspace, id));
  co_return co_await answer(call, std::move(session));
}

Task<http::Response> approve_session(Call& call) {
  CO_TRY(const auto id, SupportSessionId::parse(call.request.params.at(0)));
  CO_TRY(auto session, co_await call.services.support_sessions.approve(call.by(), id));
  CO_TRY(auto response, co_await answer(call, std::move(session)));
  response.status = 201;
  co_return response;
}

Task<http::Response> end_session(Call& call) {
  CO_TRY(const auto id, SupportSessionId::parse(call.request.params.at(0)));
  const audit::Actor by{audit::ActorKind::kUser, call.caller.user.str()};
  CO_TRY([[maybe_unused]] const auto ended,
         co_await call.services.support_sessions.end(call.caller.workspace, id, by,
                                                     origin_of(call.request)));
  co_return no_content();
}

}  // namespace

void add_support_session_routes(Routes& routes) {
  using http::Method;
  routes.add(Method::kGet, "/v1/support_sessions", Scope::kMembersRead, list_sessions);
  routes.add(Method::kGet, "/v1/support_sessions/{}", Scope::kMembersRead, get_session);
  routes.add(Method::kPost, "/v1/support_sessions/{}/approvals", Scope::kWorkspaceManage,
             approve_session);
  routes.add(Method::kDelete, "/v1/support_sessions/{}", Scope::kWorkspaceManage, end_session);
}

}  // namespace flowsell::api
