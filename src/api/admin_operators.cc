#include "call.h"
#include "json/reader.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"
#include "staff_door.h"

namespace flowsell::api {
namespace {

using operators::Operator;
using operators::Power;

constexpr json::StringRule kEmail{3, 254};

std::string render(const Operator& of, const accounts::User* user) {
  json::Writer out;
  out.begin_object().key("user_id").string(of.user.str()).key("object").string("operator");
  write_text(out, "name", user == nullptr ? std::string_view() : std::string_view(user->name));
  write_text(out, "email", user == nullptr ? std::string_view() : std::string_view(user->email));
  out.key("role").string(operators::role_name(of.role));
  out.key("disabled").boolean(of.disabled_at.has_value());
  write_text(out, "made_by", of.made_by);
  out.key("since").string(format_time(of.since)).end_object();
  return std::move(out).take();
}

std::optional<operators::Role> read_role(json::ObjectReader& in,
                                         std::optional<std::string_view> name) {
  if (!name) return std::nullopt;
  const auto role = operators::role_named(*name);
  if (!role) {
    in.fault("role", "invalid_value", "there is no such role",
             "Use support, onboarding, billing or superadmin.");
  }
  return role;
}

Task<http::Response> answer(AdminCall& call, Operator of, int status) {
  CO_TRY(const auto users, co_await call.visit.accounts.find_all({of.user}));
  http::Response response;
  response.status = status;
  response.body = render(of, user_in(users, of.user));
  co_return response;
}

Task<http::Response> list_operators(AdminCall& call) {
  CO_TRY(const auto all, co_await call.staff.operators.list());
  std::vector<UserId> ids;
  ids.reserve(all.size());
  for (const Operator& each : all) ids.push_back(each.user);
  CO_TRY(const auto users, co_await call.visit.accounts.find_all(std::move(ids)));
  co_return whole_list(call.visit.request, all, [&users](const Operator& each) {
    return render(each, user_in(users, each.user));
  });
}

struct NewOperator {
  std::string email;
  std::optional<operators::Role> role;  ///< nullopt: a fault
};
NewOperator read_new(json::ObjectReader& in) {
  std::string email = text_in(in, "email", kEmail);
  return {std::move(email), read_role(in, in.required_string("role"))};
}

Task<http::Response> add_operator(AdminCall& call) {
  CO_TRY(const auto wanted, read_body(call.visit.request, read_new));
  CO_TRY(const auto user, co_await call.visit.accounts.find_by_email(wanted.email));
  if (!user || !user->email_verified_at) {
    co_return fail_field("/email", "not_found", "nobody with that verified address has an account",
                         "Let them sign up first.");
  }
  CO_TRY(const auto made, co_await call.staff.operators.add(call.by(), user->id, *wanted.role));
  CO_TRY(auto response, co_await answer(call, made, 201));
  response.headers.push_back({"Location", "/admin/v1/operators/" + user->id.str()});
  co_return response;
}

operators::Operators::Change read_change(json::ObjectReader& in) {
  operators::Operators::Change change;
  change.role = read_role(in, in.string("role"));
  change.disabled = in.boolean("disabled");
  return change;
}

Task<http::Response> change_operator(AdminCall& call) {
  CO_TRY(const auto user, UserId::parse(call.visit.request.params.at(0)));
  CO_TRY(const auto change, read_body(call.visit.request, read_change));
  CO_TRY(auto changed, co_await call.staff.operators.change(call.by(), user, change));
  co_return co_await answer(call, std::move(changed), 200);
}

Task<http::Response> remove_operator(AdminCall& call) {
  CO_TRY(const auto user, UserId::parse(call.visit.request.params.at(0)));
  CO_CHECK_OK(co_await call.staff.operators.remove(call.by(), user));
  co_return no_content();
}

}  // namespace

void add_admin_operator_routes(Routes& routes) {
  using http::Method;
  routes.add_admin(Method::kGet, "/admin/v1/operators", Power::kOperatorsManage, list_operators);
  routes.add_admin(Method::kPost, "/admin/v1/operators", Power::kOperatorsManage, add_operator);
  routes.add_admin(Method::kPatch, "/admin/v1/operators/{}", Power::kOperatorsManage,
                   change_operator);
  routes.add_admin(Method::kDelete, "/admin/v1/operators/{}", Power::kOperatorsManage,
                   remove_operator);
}

}  // namespace flowsell::api
