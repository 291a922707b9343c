#include "audit_query.h"
#include "call.h"
#include "json/writer.h"
#include "paging.h"
#include "staff_door.h"

namespace flowsell::api {
namespace {

using accounts::ListedWorkspace;
using operators::Power;

std::string render(const ListedWorkspace& workspace) {
  json::Writer out;
  out.begin_object().key("id").string(workspace.id.str()).key("object").string("workspace");
  out.key("name").string(workspace.name).key("members").integer(workspace.members);
  out.key("created_at").string(format_time(workspace.id.time())).end_object();
  return std::move(out).take();
}

/// Of the one who has an address, newest first.
Task<std::vector<std::string>> those_of(accounts::Accounts& accounts, std::string email) {
  std::vector<std::string> items;
  CO_TRY(const auto user, co_await accounts.find_by_email(std::move(email)));
  if (!user) co_return items;
  CO_TRY(const auto mine, co_await accounts.workspaces_of(user->id));
  for (auto each = mine.rbegin(); each != mine.rend(); ++each) {
    CO_TRY(const auto found, co_await accounts.find_workspace(each->id));
    if (found) items.push_back(render(*found));
  }
  co_return items;
}

Task<http::Response> list_workspaces(AdminCall& call) {
  accounts::Accounts& accounts = call.visit.accounts;
  CO_TRY(auto in, QueryReader::parse(call.visit.request.query));
  auto email = in.text("email");
  const auto id = in.id<WorkspaceId>("id");
  const auto asked = ListRequest<WorkspaceId>::read(in);
  if (email && id) in.fault("email", "conflict", "id and email don't go together", "Send one.");
  CO_CHECK_OK(in.finish());
  if (email) {
    CO_TRY(const auto items, co_await those_of(accounts, *std::move(email)));
    co_return list_response(call.visit.request, items);
  }
  if (id) {
    CO_TRY(const auto found, co_await accounts.find_workspace(*id));
    std::vector<std::string> items;
    if (found) items.push_back(render(*found));
    co_return list_response(call.visit.request, items);
  }
  CO_TRY(const auto page,
         co_await accounts.list_workspaces({asked.after, asked.before, asked.limit}));
  co_return list_response(call.visit.request, page,
                          [](const ListedWorkspace& each) { return render(each); });
}

Task<http::Response> list_acts(AdminCall& call) {
  CO_TRY(auto query, read_audit_query(call.visit.request));
  CO_TRY(const auto page, co_await call.staff.operators.acts(std::move(query)));
  co_return list_response(call.visit.request, page,
                          [](const audit::Event& event) { return audit::render(event); });
}

}  // namespace

void add_admin_workspace_routes(Routes& routes) {
  using http::Method;
  routes.add_admin(Method::kGet, "/admin/v1/workspaces", Power::kWorkspacesRead, list_workspaces);
  routes.add_admin(Method::kGet, "/admin/v1/audit_events", Power::kAuditRead, list_acts);
}

}  // namespace flowsell::api
