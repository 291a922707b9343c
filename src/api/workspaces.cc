#include "call.h"
#include "identity/permissions.h"
#include "json/reader.h"
#include "json/writer.h"
#include "paging.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

constexpr json::StringRule kName{1, 100};
/// That one person is in: each costs every server some memory.
constexpr std::size_t kPerUserMax = 100;

std::string render(const accounts::UserWorkspace& workspace) {
  json::Writer out;
  out.begin_object().key("id").string(workspace.id.str()).key("object").string("workspace");
  out.key("name").string(workspace.name);
  out.key("role").string(identity::role_name(static_cast<identity::Role>(workspace.role)));
  out.key("created_at").string(format_time(workspace.id.time())).end_object();
  return std::move(out).take();
}

Task<http::Response> list_workspaces(Visit& visit) {
  CO_TRY(const auto all, co_await visit.accounts.workspaces_of(visit.session->user.id));
  std::vector<std::string> items;
  for (auto each = all.rbegin(); each != all.rend(); ++each) items.push_back(render(*each));
  co_return list_response(visit.request, items);
}

Task<http::Response> create_workspace(Visit& visit) {
  CO_TRY(const auto document, json_body(visit.request));
  std::vector<FieldError> faults;
  json::ObjectReader in(document.root(), "", faults);
  const std::string name(in.required_string("name", kName).value_or(""));
  in.finish();
  CO_CHECK_OK(json::as_result(std::move(faults)));
  CO_TRY(const auto mine, co_await visit.accounts.workspaces_of(visit.session->user.id));
  if (mine.size() >= kPerUserMax)
    co_return fail(ErrorCode::kConflict, "somebody is in at most 100 workspaces");
  CO_TRY(auto home, co_await visit.homes.find_new(visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  const Services& services = *home.services();
  // What is interrupted behind the first step is a workspace that nobody is in, and nobody lists.
  CO_TRY(const auto workspace, co_await services.workspaces.make(name));
  CO_CHECK_OK(co_await services.publish(workspace_name(workspace)));
  const UserId user = visit.session->user.id;
  const accounts::UserWorkspace listed{workspace, name, static_cast<int>(identity::Role::kOwner)};
  CO_CHECK_OK(co_await visit.accounts.list_workspace(user, listed));
  CO_CHECK_OK(co_await services.members.found(workspace, user, visit.origin()));
  http::Response response;
  response.status = 201;
  response.body = render(listed);
  response.headers.push_back({"Location", "/v1/workspaces/" + workspace.str()});
  co_return response;
}

}  // namespace

void add_workspace_routes(Routes& routes) {
  using http::Method;
  routes.add_signed_in(Method::kGet, "/v1/workspaces", list_workspaces);
  routes.add_signed_in(Method::kPost, "/v1/workspaces", create_workspace);
}

}  // namespace flowsell::api
