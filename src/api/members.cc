#include "call.h"
#include "json/writer.h"
#include "paging.h"
#include "request_body.h"
#include "workspace_limit.h"

namespace flowsell::api {
namespace {

using identity::Role;
using identity::Scope;

constexpr json::StringRule kEmail{3, 254};
constexpr json::StringRule kToken{1, 100};

std::string render(const team::Member& member, const accounts::User* user) {
  json::Writer out;
  out.begin_object().key("user_id").string(member.user.str()).key("object").string("member");
  out.key("name").string_or_null(user == nullptr ? "" : user->name);
  out.key("email").string_or_null(user == nullptr ? "" : user->email);
  out.key("role").string(identity::role_name(member.role));
  out.key("joined_at").string(format_time(member.joined_at)).end_object();
  return std::move(out).take();
}

std::string render(const team::Invitation& invitation) {
  json::Writer out;
  out.begin_object().key("id").string(invitation.id.str()).key("object").string("invitation");
  out.key("email").string(invitation.email);
  out.key("role").string(identity::role_name(invitation.role));
  out.key("invited_by").string(invitation.invited_by.str());
  out.key("created_at").string(format_time(invitation.created_at));
  out.key("expires_at").string(format_time(invitation.expires_at)).end_object();
  return std::move(out).take();
}

std::optional<Role> read_role(json::ObjectReader& in) {
  const auto name = in.required_string("role");
  if (!name) return std::nullopt;
  const auto role = identity::role_named(*name);
  if (!role) {
    in.fault("role", "invalid_value", "there is no such role",
             "Use owner, admin, developer, billing or viewer.");
  }
  return role;
}

Task<http::Response> list_members(Call& call) {
  CO_TRY(const auto members, co_await call.services.members.list(call.caller.workspace));
  std::vector<UserId> ids;
  ids.reserve(members.size());
  for (const team::Member& member : members) ids.push_back(member.user);
  CO_TRY(const auto users, co_await call.accounts->find_all(std::move(ids)));
  co_return whole_list(call.request, members, [&users](const team::Member& member) {
    return render(member, user_in(users, member.user));
  });
}

/// The user's list of workspaces shows what the workspace says by now.
Task<> show_in_list(Call& call, UserId user) {
  const WorkspaceId workspace = call.caller.workspace;
  CO_TRY(const auto role, co_await call.services.members.role_of(workspace, user));
  if (!role) co_return co_await call.accounts->unlist_workspace(user, workspace);
  CO_TRY(std::string name, co_await call.services.workspaces.name_of(workspace));
  co_return co_await call.accounts->list_workspace(
      user, {workspace, std::move(name), static_cast<int>(*role)});
}

Task<http::Response> change_member(Call& call) {
  CO_TRY(const auto user, UserId::parse(call.request.params.at(0)));
  CO_TRY(const auto role, read_body(call.request, read_role));
  CO_TRY(const auto member, co_await call.services.members.change_role(call.by(), user, *role));
  CO_CHECK_OK(co_await show_in_list(call, user));
  CO_TRY(const auto users, co_await call.accounts->find_all({user}));
  http::Response response;
  response.body = render(member, user_in(users, user));
  co_return response;
}

Task<http::Response> remove_member(Call& call, UserId user) {
  const auto removed = co_await call.services.members.remove(call.by(), user);
  // Who is not there any more may still be listed, where an earlier call was cut short.
  const bool is_gone = removed || removed.error().code == ErrorCode::kNotFound;
  if (is_gone) CO_CHECK_OK(co_await show_in_list(call, user));
  if (!removed) co_return std::unexpected(removed.error());
  co_return no_content();
}

Task<http::Response> remove_other(Call& call) {
  CO_TRY(const auto user, UserId::parse(call.request.params.at(0)));
  co_return co_await remove_member(call, user);
}

/// Everybody may leave.
Task<http::Response> leave(Call& call) { return remove_member(call, call.caller.user); }

struct Invitee {
  std::string email;
  std::optional<Role> role;  ///< nullopt: a fault
};
Invitee read_invitee(json::ObjectReader& in) {
  const std::string text = text_in(in, "email", kEmail);
  const auto email = accounts::normal_email(text);
  if (!email && in.faults().empty()) {
    in.fault("email", "invalid_format", "that is no address that mail can be sent to",
             "Send an address such as asha@example.com.");
  }
  return {email.value_or(""), read_role(in)};
}

Task<http::Response> invite(Call& call) {
  CO_TRY(const auto wanted, read_body(call.request, read_invitee));
  // First: an invitation that can't be mailed must not replace one that was.
  CO_CHECK_OK(co_await call.accounts->take_invitation_attempt(
      wanted.email, call.caller.user, call.caller.workspace, origin_of(call.request)));
  CO_TRY(const auto made,
         co_await call.services.members.invite(call.by(), wanted.email, *wanted.role));
  CO_TRY(const auto inviters, co_await call.accounts->find_all({call.caller.user}));
  CO_TRY(std::string name, co_await call.services.workspaces.name_of(call.caller.workspace));
  const team::Invitation& invitation = made.invitation;
  CO_CHECK_OK(co_await call.accounts->send_invitation(
      {invitation.email, std::move(name), inviters.empty() ? "somebody" : inviters.front().name,
       std::string(identity::role_name(invitation.role)), made.token,
       team::Members::kInvitationLife}));
  http::Response response;
  response.status = 201;
  response.body = render(invitation);
  co_return response;
}

Task<http::Response> list_invitations(Call& call) {
  CO_TRY(const auto all, co_await call.services.members.invitations(call.caller.workspace));
  co_return whole_list(call.request, all,
                       [](const team::Invitation& each) { return render(each); });
}

Task<http::Response> withdraw_invitation(Call& call) {
  CO_TRY(const auto id, InvitationId::parse(call.request.params.at(0)));
  CO_CHECK_OK(co_await call.services.members.withdraw(call.by(), id));
  co_return no_content();
}

/// Who is not in it yet has it in his list from here on. Fails with kConflict: he is in too many.
Task<> make_room(Visit& visit, const Services& services, accounts::UserWorkspace listed) {
  const UserId user = visit.session->user.id;
  CO_TRY(const auto role, co_await services.members.role_of(listed.id, user));
  if (role) co_return Result<>{};
  CO_TRY(const bool has_room, co_await visit.accounts.list_new_workspace(user, std::move(listed),
                                                                         kWorkspacesPerUserMax));
  if (!has_room) co_return std::unexpected(too_many_workspaces());
  co_return Result<>{};
}

Task<http::Response> accept_invitation(Visit& visit) {
  CO_TRY(const Secret token, only_secret(visit.request, "token", kToken));
  CO_TRY(const auto workspace, team::Members::workspace_of(token));
  auto home = co_await visit.homes.find_named(workspace_name(workspace), visit.request);
  if (!home && home.error().code == ErrorCode::kNotFound)
    co_return fail(ErrorCode::kInvalidToken, "the token is wrong, used or too old");
  if (!home) co_return std::unexpected(std::move(home).error());
  if (home->services() == nullptr) co_return home->take_answer();
  const Services& services = *home->services();
  const accounts::User& user = visit.session->user;
  CO_TRY(const auto invitation, co_await services.members.find_invitation(token, user.email));
  CO_TRY(std::string name, co_await services.workspaces.name_of(workspace));
  CO_CHECK_OK(
      co_await make_room(visit, services, {workspace, name, static_cast<int>(invitation.role)}));
  CO_TRY(const auto member,
         co_await services.members.accept(token, user.id, user.email, visit.origin()));
  CO_CHECK_OK(co_await visit.accounts.list_workspace(
      user.id, {workspace, std::move(name), static_cast<int>(member.role)}));
  http::Response response;
  response.status = 201;
  response.body = render(member, &user);
  co_return response;
}

}  // namespace

void add_member_routes(Routes& routes) {
  using http::Method;
  routes.add(Method::kGet, "/v1/members", Scope::kMembersRead, list_members);
  routes.add(Method::kDelete, "/v1/members/me", Scope::kMembersRead, leave);
  routes.add(Method::kPatch, "/v1/members/{}", Scope::kMembersManage, change_member);
  routes.add(Method::kDelete, "/v1/members/{}", Scope::kMembersManage, remove_other);
  routes.add(Method::kPost, "/v1/invitations", Scope::kMembersManage, invite);
  routes.add(Method::kGet, "/v1/invitations", Scope::kMembersRead, list_invitations);
  routes.add_signed_in(Method::kPost, "/v1/invitations/accept", accept_invitation);
  routes.add(Method::kDelete, "/v1/invitations/{}", Scope::kMembersManage, withdraw_invitation);
}

}  // namespace flowsell::api
