#include "accounts/accounts.h"
#include "call.h"
#include "data_request_body.h"
#include "data_request_render.h"
#include "json/reader.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"
#include "telemetry/log.h"

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
audit::Act act_of(AdminCall& call, Desk& desk, std::string name, std::string target) {
  return operators::operator_act(desk.ids(), call.visit.clock.now(), call.by(), std::move(name),
                                 std::move(target));
}

// --- for somebody ---

constexpr json::StringRule kEmail{3, 254};

/// About whom.
struct Whom {
  std::optional<UserId> user;  ///< of an account: this or the address
  std::string email;
  std::optional<WorkspaceId> workspace;
};
struct Wish : DataWish {
  Whom whom;
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

Whom read_whom(json::ObjectReader& in, Subject subject) {
  Whom whom;
  if (subject != Subject::kAccount) {
    whom.workspace = read_id<WorkspaceId>(in, "workspace_id");
    return whom;
  }
  const auto text = in.string("email", kEmail);
  if (!text) {
    whom.user = read_id<UserId>(in, "user_id");
    return whom;
  }
  const auto email = accounts::normal_email(*text);
  if (!email) {
    in.fault("email", "invalid_format", "that is no address that mail can be sent to",
             "Send an address such as asha@example.com.");
  }
  if (in.string("user_id"))
    in.fault("user_id", "conflict", "email and user_id don't go together", "Send one of them.");
  whom.email = email.value_or("");
  return whom;
}

/// Whose account; none where it is about something else. Fails with kNotFound.
Task<UserId> user_of(AdminCall& call, Whom whom) {
  if (whom.email.empty()) co_return whom.user.value_or(UserId());
  CO_TRY(const auto user, co_await call.visit.accounts.find_by_email(std::move(whom.email)));
  if (!user) co_return fail(ErrorCode::kNotFound, "nobody has this address");
  co_return user->id;
}

Wish read_wish(json::ObjectReader& in) {
  Wish wish{read_data_wish(in), {}};
  wish.whom = read_whom(in, wish.subject);
  return wish;
}

/// A deletion has a mail of its own, with a link.
Awaitable<void> tell_of_export(AdminCall& call, const DataRequest& request) {
  std::string what =
      "The support of this server asked for an export of what is held about you. Only you can "
      "download it, for a week: request " +
      request.id.str();
  const auto told =
      co_await call.visit.accounts.tell({request.user}, std::move(what), call.visit.origin());
  if (!told) {
    log::warn("somebody could not be told of an export",
              {{"request", request.id.str()}, {"why", told.error().detail}});
  }
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
  asked.also = act_of(call, *desk, "data_request.asked", asked.id.str());
  CO_TRY(asked.user, co_await user_of(call, wish.whom));
  asked.workspace = wish.whom.workspace.value_or(WorkspaceId());
  if (wish.whom.workspace)
    co_return co_await ask_about_workspace(call, *desk, std::move(asked), std::move(wish));
  CO_CHECK_OK(co_await check_reach(call, asked.user));
  CO_TRY(const auto request, co_await desk->ask(std::move(asked), call.visit.origin()));
  if (request.kind == privacy::Kind::kExport) co_await tell_of_export(call, request);
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
  stepped.also = act_of(call, *desk, {}, id.str());
  CO_TRY(const auto changed, co_await desk->step(std::move(request), std::move(stepped)));
  co_return data_request_response(changed, 200, kAdminDataRequests);
}

// --- holds ---

struct HoldWish {
  DataWish wish;  ///< without a kind
  Whom whom;
};
HoldWish read_hold(json::ObjectReader& in) {
  HoldWish hold{read_subject(in), {}};
  hold.whom = read_whom(in, hold.wish.subject);
  return hold;
}

std::string render_hold(const privacy::LegalHold& hold) {
  json::Writer out;
  out.begin_object().key("id").string(hold.id.str()).key("object").string("legal_hold");
  out.key("subject").string(privacy::subject_name(hold.subject));
  write_id(out, "user_id", hold.user);
  write_id(out, "workspace_id", hold.workspace);
  write_text(out, "recipient", hold.recipient);
  out.key("reason").string(hold.reason).key("put_by").string(hold.put_by);
  out.key("created_at").string(format_time(hold.created_at)).end_object();
  return std::move(out).take();
}

http::Response hold_response(const privacy::LegalHold& hold) {
  http::Response response;
  response.status = 201;
  response.body = render_hold(hold);
  return response;
}

Task<http::Response> put_hold(AdminCall& call) {
  CO_TRY(Desk* const desk, desk_of(call.visit));
  CO_TRY(auto read, read_body(call.visit.request, read_hold));
  Desk::Holding wanted{{}, actor_of(call), call.visit.origin(), {}};
  wanted.also = act_of(call, *desk, "legal_hold.put", {});
  wanted.hold.subject = read.wish.subject;
  wanted.hold.reason = call.by().reason;
  CO_TRY(wanted.hold.user, co_await user_of(call, read.whom));
  if (!read.whom.workspace) {
    CO_TRY(const auto hold, co_await desk->put_hold(std::move(wanted)));
    co_return hold_response(hold);
  }
  wanted.hold.workspace = *read.whom.workspace;
  CO_TRY(auto home, co_await call.visit.homes.find_named(workspace_name(wanted.hold.workspace),
                                                         call.visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  CO_TRY([[maybe_unused]] const auto name,
         co_await home.services()->workspaces.name_of(wanted.hold.workspace));
  name_recipient(wanted.hold, read.wish, home.services()->accept);
  CO_TRY(const auto hold, co_await desk->put_hold(std::move(wanted)));
  co_return hold_response(hold);
}

Task<http::Response> list_holds(AdminCall& call) {
  CO_TRY(Desk* const desk, desk_of(call.visit));
  CO_TRY(const auto asked, ListRequest<AuditEventId>::parse(call.visit.request.query));
  CO_TRY(const auto page, co_await desk->list_holds({asked.after, asked.before, asked.limit}));
  co_return list_response(call.visit.request, page, render_hold);
}

Task<http::Response> lift_hold(AdminCall& call) {
  CO_TRY(Desk* const desk, desk_of(call.visit));
  CO_TRY(const auto id, AuditEventId::parse(call.visit.request.params.at(0)));
  auto also = act_of(call, *desk, "legal_hold.lifted", id.str());
  CO_CHECK_OK(co_await desk->lift_hold(id, actor_of(call), call.visit.origin(), std::move(also)));
  co_return no_content();
}

}  // namespace

void add_admin_data_request_routes(Routes& routes) {
  using http::Method;
  routes.add_admin(Method::kPost, "/admin/v1/data_requests", Power::kPrivacyManage, ask);
  routes.add_admin(Method::kGet, "/admin/v1/data_requests", Power::kPrivacyManage, list);
  routes.add_admin(Method::kGet, "/admin/v1/data_requests/{}", Power::kPrivacyManage, get_one);
  routes.add_admin(Method::kPost, "/admin/v1/data_requests/{}/steps", Power::kPrivacyManage, step);
  routes.add_admin(Method::kPost, "/admin/v1/legal_holds", Power::kPrivacyManage, put_hold);
  routes.add_admin(Method::kGet, "/admin/v1/legal_holds", Power::kPrivacyManage, list_holds);
  routes.add_admin(Method::kDelete, "/admin/v1/legal_holds/{}", Power::kPrivacyManage, lift_hold);
}

}  // namespace flowsell::api
