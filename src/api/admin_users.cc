#include "call.h"
#include "json/reader.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"
#include "second_factor_removals.h"
#include "staff_door.h"

// How operators find somebody, and take away a second factor that was lost.

namespace flowsell::api {
namespace {

using operators::Power;
using recovery::Removal;
using recovery::Removals;

std::string render(const accounts::User& user, const accounts::Accounts::FactorState& factor) {
  json::Writer out;
  out.begin_object().key("id").string(user.id.str()).key("object").string("user");
  out.key("name").string(user.name).key("email").string(user.email);
  out.key("email_verified").boolean(user.email_verified_at.has_value());
  out.key("second_factor").boolean(factor.enabled_at.has_value());
  out.key("recovery_codes_left").integer(factor.recovery_codes);
  out.key("created_at").string(format_time(user.created_at)).end_object();
  return std::move(out).take();
}

/// By the whole address only: nobody looks through people here.
Task<http::Response> find_users(AdminCall& call) {
  accounts::Accounts& accounts = call.visit.accounts;
  CO_TRY(auto in, QueryReader::parse(call.visit.request.query));
  auto email = in.text("email");
  if (!email) in.fault("email", "required", "an address is needed", "Send the whole address.");
  CO_CHECK_OK(in.finish());
  CO_TRY(const auto user, co_await accounts.find_by_email(*std::move(email)));
  std::vector<std::string> items;
  if (user) {
    CO_TRY(const auto factor, co_await accounts.second_factor_of(user->id));
    items.push_back(render(*user, factor));
  }
  co_return list_response(call.visit.request, items);
}

Removals::Asked read_asked(json::ObjectReader& in, const AdminCall& call) {
  Removals::Asked asked;
  asked.by = call.by();
  StatedCase stated = read_case(in);
  asked.by.reason = std::move(stated.reason);
  asked.ticket = std::move(stated.ticket);
  return asked;
}

http::Response answer(const Removal& removal, int status) {
  http::Response response;
  response.status = status;
  response.body = render_removal(removal, Shown::kToOperators);
  return response;
}

Task<http::Response> ask(AdminCall& call) {
  CO_TRY(Removals* const removals, removals_of(call.visit));
  CO_TRY(const auto user, UserId::parse(call.visit.request.params.at(0)));
  CO_TRY(auto asked, read_body(call.visit.request,
                               [&call](json::ObjectReader& in) { return read_asked(in, call); }));
  asked.user = user;
  CO_TRY(const auto removal, co_await removals->ask(std::move(asked)));
  co_return answer(removal, 201);
}

Task<http::Response> list(AdminCall& call) {
  CO_TRY(Removals* const removals, removals_of(call.visit));
  CO_TRY(const auto user, UserId::parse(call.visit.request.params.at(0)));
  CO_TRY(const auto all, co_await removals->of_user(user));
  co_return whole_list(call.visit.request, all, [](const Removal& each) {
    return render_removal(each, Shown::kToOperators);
  });
}

Task<http::Response> cancel(AdminCall& call) {
  CO_TRY(Removals* const removals, removals_of(call.visit));
  CO_TRY(const auto user, UserId::parse(call.visit.request.params.at(0)));
  CO_TRY(const auto removal, co_await removals->cancel(call.by(), user));
  co_return answer(removal, 200);
}

}  // namespace

void add_admin_user_routes(Routes& routes) {
  using http::Method;
  using enum Routes::Reason;
  constexpr auto kPower = Power::kSecondFactorsRemove;
  routes.add_admin(Method::kGet, "/admin/v1/users", kPower, find_users);
  routes.add_admin(Method::kPost, "/admin/v1/users/{}/second_factor_removals", kPower, ask,
                   kElsewhere);
  routes.add_admin(Method::kGet, "/admin/v1/users/{}/second_factor_removals", kPower, list);
  routes.add_admin(Method::kPost, "/admin/v1/users/{}/second_factor_removals/cancel", kPower,
                   cancel);
}

}  // namespace flowsell::api
