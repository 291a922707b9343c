// How operators open support sessions, and see what became of them.

#include "call.h"
#include "headers.h"
#include "ip_ranges.h"
#include "json/reader.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"
#include "staff_door.h"
#include "support_render.h"

namespace flowsell::api {
namespace {

using operators::Opening;
using operators::Power;
using team::SupportSession;
using team::SupportSessions;

SupportSessions::Draft read_draft(json::ObjectReader& in, const AdminCall& call) {
  SupportSessions::Draft draft;
  const auto workspace = WorkspaceId::parse(in.required_string("workspace_id").value_or(""));
  if (!workspace && in.find("workspace_id") != nullptr)
    in.fault("workspace_id", "invalid_id", workspace.error().detail, "Use the workspace's id.");
  draft.workspace = workspace.value_or(WorkspaceId());
  const auto category = in.required_string("category");
  if (category && !team::category_named(*category)) {
    in.fault("category", "invalid_value", "there is no such category",
             "Use onboarding, payment_setup, debugging or customer_request.");
  }
  draft.category =
      team::category_named(category.value_or("")).value_or(team::SupportCategory::kDebugging);
  StatedCase stated = read_case(in);
  draft.reason = std::move(stated.reason);
  draft.ticket = std::move(stated.ticket);
  draft.user = call.who.user;
  draft.reads = operators::readable_by(call.who.role);
  draft.writes = read_scopes(in, 0, operators::writable_by(call.who.role),
                             "your role does not write by such a scope",
                             "Use those that docs/permissions.md lists for your role.");
  constexpr std::int64_t kMax = SupportSessions::kSpanMax.count();
  draft.span = std::chrono::minutes(
      in.integer("minutes", 1, kMax).value_or(SupportSessions::kSpanDefault.count()));
  draft.origin = call.visit.origin();
  return draft;
}

/// Owners hear of it before it lets anybody in.
Task<> tell_owners(AdminCall& call, const Services& services, const SupportSession& session,
                   std::string workspace) {
  CO_TRY(auto owners,
         co_await services.members.with_roles(session.workspace, {identity::Role::kOwner}));
  co_return co_await call.visit.accounts.tell_of_support(
      std::move(owners),
      {std::move(workspace), call.user().name, session.reason, !session.approved_at.has_value(),
       session.created_at, session.expires_at});
}

/// `workspace`: its name.
Task<> make_usable(AdminCall& call, const Services& services, const SupportSession& session,
                   std::string workspace) {
  CO_TRY(const auto noted, co_await call.staff.openings.find(session.id));
  if (noted) co_return Result<>{};
  CO_CHECK_OK(co_await tell_owners(call, services, session, std::move(workspace)));
  CO_TRY([[maybe_unused]] const bool is_new,
         co_await call.staff.openings.note(
             call.by(), {session.id, session.workspace, session.user, session.category,
                         session.reason, session.ticket, session.created_at}));
  co_return Result<>{};
}

Task<http::Response> open_session(AdminCall& call) {
  CO_TRY(auto draft, read_body(call.visit.request,
                               [&call](json::ObjectReader& in) { return read_draft(in, call); }));
  CO_TRY(auto home,
         co_await call.visit.homes.find_named(workspace_name(draft.workspace), call.visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  const Services& services = *home.services();
  // On SQLite every name has its home there: whether there is such a workspace is asked here.
  CO_TRY(std::string name, co_await services.workspaces.name_of(draft.workspace));
  draft.needs_approval = services.workspaces.settings().of(draft.workspace)->support_needs_approval;
  CO_TRY(auto once, idempotent_call(call, services, draft.workspace, identity::Mode::kLive));
  CO_TRY(const auto opened, co_await services.support_sessions.open(std::move(draft), once));
  // What is cut short here lets nobody in; the same call with its Idempotency-Key goes on.
  CO_CHECK_OK(co_await make_usable(call, services, opened.session, std::move(name)));
  http::Response response;
  response.status = 201;
  response.body = render(opened.session, &call.user(), services.clock.now());
  response.headers.push_back({"Location", "/admin/v1/support_sessions/" + opened.session.id.str()});
  mark_replay(response, opened.replayed);
  co_return response;
}

/// One's own, or all of an overseer's. Others' are as if they were not there.
Task<Opening> opening_of(AdminCall& call) {
  CO_TRY(const auto id, SupportSessionId::parse(call.visit.request.params.at(0)));
  CO_TRY(auto opening, co_await call.staff.openings.find(id));
  const bool may_see = opening && (opening->user == call.who.user ||
                                   operators::may(call.who.role, Power::kSupportOversee));
  if (!may_see) co_return fail(ErrorCode::kNotFound, "there is no such support session");
  co_return *std::move(opening);
}

Task<http::Response> get_session(AdminCall& call) {
  CO_TRY(const Opening opening, co_await opening_of(call));
  CO_TRY(auto home, co_await call.visit.homes.find_named(workspace_name(opening.workspace),
                                                         call.visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  const Services& services = *home.services();
  CO_TRY(const auto session,
         co_await services.support_sessions.find(opening.workspace, opening.id));
  CO_TRY(const auto users, co_await call.visit.accounts.find_all({session.user}));
  http::Response response;
  response.body = render(session, user_in(users, session.user), services.clock.now());
  co_return response;
}

Task<http::Response> end_session(AdminCall& call) {
  CO_TRY(const Opening opening, co_await opening_of(call));
  CO_TRY(auto home, co_await call.visit.homes.find_named(workspace_name(opening.workspace),
                                                         call.visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  const audit::Actor by{audit::ActorKind::kOperator, call.who.user.str()};
  CO_TRY([[maybe_unused]] const auto ended,
         co_await home.services()->support_sessions.end(opening.workspace, opening.id, by,
                                                        call.visit.origin()));
  CO_CHECK_OK(co_await call.staff.openings.note_end(call.by(), opening.id));
  co_return no_content();
}

std::string render(const Opening& opening) {
  json::Writer out;
  out.begin_object().key("id").string(opening.id.str());
  out.key("object").string("support_opening");
  out.key("workspace_id").string(opening.workspace.str());
  out.key("operator_id").string(opening.user.str());
  out.key("category").string(team::category_name(opening.category));
  out.key("reason").string(opening.reason);
  write_text(out, "ticket", opening.ticket);
  out.key("created_at").string(format_time(opening.created_at)).end_object();
  return std::move(out).take();
}

Task<http::Response> list_sessions(AdminCall& call) {
  CO_TRY(auto in, QueryReader::parse(call.visit.request.query));
  const auto asked = ListRequest<SupportSessionId>::read(in);
  auto of = in.id<UserId>("operator_id");
  CO_CHECK_OK(in.finish());
  if (!operators::may(call.who.role, Power::kSupportOversee)) {
    if (of && *of != call.who.user)
      co_return std::unexpected(check_power(call.who, Power::kSupportOversee).error());
    of = call.who.user;
  }
  CO_TRY(const auto page,
         co_await call.staff.openings.list({of, asked.after, asked.before, asked.limit}));
  co_return list_response(call.visit.request, page,
                          [](const Opening& each) { return render(each); });
}

}  // namespace

void add_admin_support_routes(Routes& routes) {
  using http::Method;
  using enum Routes::Reason;
  routes.add_admin(Method::kPost, "/admin/v1/support_sessions", Power::kSupportOpen, open_session,
                   kElsewhere);
  routes.add_admin(Method::kGet, "/admin/v1/support_sessions", Power::kSupportOpen, list_sessions);
  routes.add_admin(Method::kGet, "/admin/v1/support_sessions/{}", Power::kSupportOpen, get_session);
  routes.add_admin(Method::kDelete, "/admin/v1/support_sessions/{}", Power::kSupportOpen,
                   end_session, kElsewhere);
}

}  // namespace flowsell::api
