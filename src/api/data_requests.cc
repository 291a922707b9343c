#include "accounts/accounts.h"
#include "call.h"
#include "data_request_body.h"
#include "data_request_render.h"
#include "identity/permissions.h"
#include "json/reader.h"
#include "paging.h"
#include "privacy/export.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using privacy::DataRequest;
using privacy::Desk;
using privacy::Kind;
using privacy::Subject;

constexpr json::StringRule kPassword{1, 1024};
constexpr json::StringRule kToken{1, 100};

http::Response lines(std::string body) {
  http::Response response;
  response.content_type = "application/jsonl";
  response.body = std::move(body);
  return response;
}

audit::Actor actor_of(const Visit& visit) {
  return {audit::ActorKind::kUser, visit.session->user.id.str()};
}

Error no_such_request() { return {ErrorCode::kNotFound, "there is no such request"}; }

// --- whose workspace ---

/// The one that the request names, or the user's only one.
Task<WorkspaceId> workspace_of(Visit& visit) {
  if (const auto named = visit.request.header("Connect-Workspace"); !named.empty())
    co_return WorkspaceId::parse(named);
  CO_TRY(const auto all, co_await visit.accounts.workspaces_of(visit.session->user.id));
  if (all.size() == 1) co_return all.front().id;
  co_return fail(ErrorCode::kWorkspaceRequired,
                 all.empty() ? "you have no workspace" : "you have several workspaces");
}

/// What a member must be for it.
bool may(identity::Role role, Subject subject) {
  return subject == Subject::kWorkspace
             ? role == identity::Role::kOwner
             : identity::scopes_of(role).has(identity::Scope::kPrivacyManage);
}

/// What the visitor is there. Fails with kNotFound for who is no member, and as check_entry().
Task<identity::Role> role_in(Visit& visit, const Services& services, WorkspaceId workspace) {
  CO_TRY(const auto role, co_await services.members.role_of(workspace, visit.session->user.id));
  if (!role) co_return fail(ErrorCode::kNotFound, "there is no such workspace");
  CO_CHECK_OK(check_entry(services, workspace, *visit.session, *role, visit.request));
  co_return *role;
}

/// Fails as role_in(), and with kInsufficientScope.
Task<> check_role(Visit& visit, const Services& services, WorkspaceId workspace, Subject subject) {
  CO_TRY(const auto role, co_await role_in(visit, services, workspace));
  if (may(role, subject)) co_return Result<>{};
  co_return fail(ErrorCode::kInsufficientScope, subject == Subject::kWorkspace
                                                    ? "only an owner may do that"
                                                    : "the caller lacks the scope privacy:manage");
}

// --- asking ---

struct Wish : DataWish {
  Secret password;
};

Wish read_wish(json::ObjectReader& in) {
  return {read_data_wish(in), optional_secret_in(in, "password", kPassword)};
}

Task<http::Response> ask_about_workspace(Visit& visit, Desk& desk, Desk::Asked asked, Wish wish) {
  CO_TRY(asked.workspace, co_await workspace_of(visit));
  CO_TRY(auto home,
         co_await visit.homes.find_named(workspace_name(asked.workspace), visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  const Services& services = *home.services();
  CO_CHECK_OK(co_await check_role(visit, services, asked.workspace, wish.subject));
  if (wish.kind == Kind::kDeletion)
    CO_CHECK_OK(co_await visit.accounts.confirm(*visit.session, std::move(wish.password)));
  name_recipient(asked, wish, services.accept);
  CO_CHECK_OK(co_await desk.note_in_workspace(services.db, asked, visit.origin()));
  CO_TRY(auto owners, co_await owners_to_tell(services, asked));
  CO_TRY(const auto request, co_await desk.ask(std::move(asked), visit.origin()));
  co_await tell(visit, std::move(owners), request);
  co_return data_request_response(request, 201);
}

Task<http::Response> ask(Visit& visit) {
  CO_TRY(Desk* const desk, desk_of(visit));
  CO_TRY(auto wish, read_body(visit.request, read_wish));
  Desk::Asked asked{desk->new_id(), wish.kind, wish.subject, {}, {}, {}, {}, actor_of(visit)};
  if (wish.subject != Subject::kAccount)
    co_return co_await ask_about_workspace(visit, *desk, std::move(asked), std::move(wish));
  asked.user = visit.session->user.id;
  if (wish.kind == Kind::kDeletion)
    CO_CHECK_OK(co_await visit.accounts.confirm(*visit.session, std::move(wish.password)));
  CO_TRY(const auto request, co_await desk->ask(std::move(asked), visit.origin()));
  co_return data_request_response(request, 201);
}

// --- looking ---

bool is_mine(const Visit& visit, const DataRequest& request) {
  const UserId& me = visit.session->user.id;
  return request.user == me || request.requested_by == me.str();
}

/// A request that the visitor may see, and the home of its workspace where it is about one.
struct Seen {
  DataRequest request;
  std::optional<Home> home;
  bool may_change = true;  ///< false: he asked for it, and is no owner any more
};

/// The request of the path. Where it was answered elsewhere, its home says so.
Task<Seen> see(Visit& visit, Desk& desk) {
  CO_TRY(const auto id, DataRequestId::parse(visit.request.params.at(0)));
  Seen seen;
  CO_TRY(seen.request, co_await desk.find(id));
  if (seen.request.workspace.is_none()) {
    if (!is_mine(visit, seen.request)) co_return std::unexpected(no_such_request());
    co_return seen;
  }
  CO_TRY(auto home,
         co_await visit.homes.find_named(workspace_name(seen.request.workspace), visit.request));
  if (home.services() != nullptr) {
    const auto role =
        co_await check_role(visit, *home.services(), seen.request.workspace, seen.request.subject);
    // Who asked for a workspace's end is no member of it afterwards.
    const bool asked_for_its_end =
        seen.request.subject == Subject::kWorkspace && is_mine(visit, seen.request);
    if (!role && !asked_for_its_end) {
      const bool is_member = role.error().code != ErrorCode::kNotFound;
      co_return std::unexpected(is_member ? role.error() : no_such_request());
    }
    seen.may_change = role.has_value();
  }
  seen.home.emplace(std::move(home));
  co_return seen;
}

bool was_answered(const Seen& seen) { return seen.home && seen.home->services() == nullptr; }

Task<http::Response> get_one(Visit& visit) {
  CO_TRY(Desk* const desk, desk_of(visit));
  CO_TRY(auto seen, co_await see(visit, *desk));
  if (was_answered(seen)) co_return seen.home->take_answer();
  co_return data_request_response(seen.request, 200);
}

Task<http::Response> list(Visit& visit) {
  CO_TRY(Desk* const desk, desk_of(visit));
  CO_TRY(auto in, QueryReader::parse(visit.request.query));
  Desk::Query query;
  read_page(in, query);
  CO_CHECK_OK(in.finish());
  if (visit.request.header("Connect-Workspace").empty()) {
    query.of_user = visit.session->user.id;
  } else {
    CO_TRY(query.workspace, co_await workspace_of(visit));
    CO_TRY(auto home,
           co_await visit.homes.find_named(workspace_name(query.workspace), visit.request));
    if (home.services() == nullptr) co_return home.take_answer();
    CO_CHECK_OK(co_await check_role(visit, *home.services(), query.workspace, Subject::kRecipient));
  }
  CO_TRY(const auto page, co_await desk->list(query));
  co_return list_response(visit.request, page, render_data_request);
}

Task<http::Response> cancel(Visit& visit) {
  CO_TRY(Desk* const desk, desk_of(visit));
  CO_TRY(auto seen, co_await see(visit, *desk));
  if (was_answered(seen)) co_return seen.home->take_answer();
  if (!seen.may_change) co_return fail(ErrorCode::kInsufficientScope, "only an owner may do that");
  CO_TRY(const auto request,
         co_await desk->cancel(std::move(seen.request), actor_of(visit), visit.origin()));
  co_return data_request_response(request, 200);
}

// --- downloading ---

/// Where the parts of an account's export are that lie in workspaces.
Task<std::vector<std::string>> parts_of(Visit& visit, DataRequest request) {
  CO_TRY(const auto all, co_await visit.accounts.workspaces_of(visit.session->user.id));
  std::vector<std::string> parts;
  parts.reserve(all.size());
  for (const accounts::UserWorkspace& each : all)
    parts.push_back(download_of(request) + "?workspace_id=" + each.id.str());
  co_return parts;
}

/// Which part of which export.
struct Download {
  std::optional<WorkspaceId> workspace;
  privacy::ExportCursor from;

  static Result<Download> read(const http::Request& request) {
    TRY(auto in, QueryReader::parse(request.query));
    Download download;
    download.workspace = in.id<WorkspaceId>("workspace_id");
    const auto cursor = in.text("cursor");
    CHECK_OK(in.finish());
    TRY(download.from, privacy::ExportCursor::parse(cursor.value_or("")));
    return download;
  }
};

/// One that begins is on record; the rest of it belongs to that.
Task<> note(Visit& visit, Desk& desk, const DataRequest& request, const Download& wanted) {
  if (wanted.from.is_first())
    co_return co_await desk.note_download(request, actor_of(visit), visit.origin());
  co_return desk.check_download(request);
}

http::Response part_response(const http::Request& request, const Download& wanted,
                             privacy::ExportPart part) {
  http::Response response = lines(std::move(part.lines));
  if (part.next.empty()) return response;
  std::string next = "<" + std::string(request.path) + "?cursor=" + part.next;
  if (wanted.workspace) next += "&workspace_id=" + wanted.workspace->str();
  response.headers.push_back({"Link", next + ">; rel=\"next\""});
  return response;
}

Task<privacy::ExportPart> part_of_member(Visit& visit, Desk& desk, const Services& services,
                                         DataRequest request, Download wanted) {
  const WorkspaceId workspace = *wanted.workspace;
  CO_TRY([[maybe_unused]] const auto role, co_await role_in(visit, services, workspace));
  CO_CHECK_OK(co_await note(visit, desk, request, wanted));
  co_return co_await desk.export_member(services.db, std::move(request), visit.session->user,
                                        workspace, std::move(wanted.from));
}

Task<http::Response> download_member(Visit& visit, Desk& desk, DataRequest request,
                                     Download wanted) {
  CO_TRY(auto home,
         co_await visit.homes.find_named(workspace_name(*wanted.workspace), visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  auto reading = part_of_member(visit, desk, *home.services(), std::move(request), wanted);
  CO_TRY(auto part, co_await std::move(reading));
  co_return part_response(visit.request, wanted, std::move(part));
}

Task<privacy::ExportPart> part_of(Visit& visit, Desk& desk, const Seen& seen, Download wanted) {
  switch (seen.request.subject) {
    case Subject::kRecipient:
      co_return co_await privacy::export_recipient(seen.home->services()->db, seen.request,
                                                   visit.clock.now(), std::move(wanted.from));
    case Subject::kWorkspace:
      co_return co_await desk.export_workspace(seen.home->services()->db, seen.request,
                                               std::move(wanted.from));
    case Subject::kAccount:
      break;
  }
  CO_TRY(auto more, co_await parts_of(visit, seen.request));
  co_return co_await desk.export_account(seen.request, std::move(more), std::move(wanted.from));
}

Task<http::Response> download(Visit& visit) {
  CO_TRY(Desk* const desk, desk_of(visit));
  CO_TRY(const Download wanted, Download::read(visit.request));
  CO_TRY(auto seen, co_await see(visit, *desk));
  if (was_answered(seen)) co_return seen.home->take_answer();
  const bool is_account = seen.request.subject == Subject::kAccount;
  // An operator who asked for somebody has no part in what is in it.
  if (is_account && seen.request.user != visit.session->user.id)
    co_return std::unexpected(no_such_request());
  if (is_account && wanted.workspace)
    co_return co_await download_member(visit, *desk, std::move(seen.request), wanted);
  if (!seen.may_change) co_return fail(ErrorCode::kInsufficientScope, "only an owner may do that");
  CO_CHECK_OK(co_await note(visit, *desk, seen.request, wanted));
  CO_TRY(auto part, co_await part_of(visit, *desk, seen, wanted));
  co_return part_response(visit.request, wanted, std::move(part));
}

// --- by a mail's link ---

Task<http::Response> show_linked(Visit& visit) {
  CO_TRY(Desk* const desk, desk_of(visit));
  CO_TRY(auto token, only_secret(visit.request, "token", kToken));
  CO_TRY(const auto request, co_await desk->find_by_link(std::move(token)));
  co_return data_request_response(request, 200);
}

Task<http::Response> cancel_linked(Visit& visit) {
  CO_TRY(Desk* const desk, desk_of(visit));
  CO_TRY(auto token, only_secret(visit.request, "token", kToken));
  CO_TRY(auto request, co_await desk->find_by_link(std::move(token)));
  // Whoever has the link has the account's mail; no session says more.
  const audit::Actor by{audit::ActorKind::kUser, request.user.str()};
  CO_TRY(const auto cancelled, co_await desk->cancel(std::move(request), by, visit.origin()));
  co_return data_request_response(cancelled, 200);
}

}  // namespace

void add_data_request_routes(Routes& routes) {
  using http::Method;
  routes.add_signed_in(Method::kPost, "/v1/data_requests", ask);
  routes.add_signed_in(Method::kGet, "/v1/data_requests", list);
  routes.add_signed_in(Method::kGet, "/v1/data_requests/{}", get_one);
  routes.add_signed_in(Method::kGet, "/v1/data_requests/{}/export", download);
  routes.add_signed_in(Method::kPost, "/v1/data_requests/{}/cancel", cancel);
  routes.add_visit(Method::kPost, "/v1/data_request_links", show_linked, Routes::Guard::kByNetwork);
  routes.add_visit(Method::kPost, "/v1/data_request_links/cancel", cancel_linked,
                   Routes::Guard::kByNetwork);
}

}  // namespace flowsell::api
