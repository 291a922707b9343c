#include "second_factor_removals.h"

#include "json/reader.h"
#include "json/writer.h"
#include "render.h"
#include "request_body.h"

// What the link of a mail about the removal of a second factor leads to.

namespace flowsell::api {
namespace {

using recovery::Removal;
using recovery::Removals;

constexpr json::StringRule kToken{1, 100};

http::Response answer(const Removal& removal) {
  http::Response response;
  response.body = render_removal(removal, Shown::kToUser);
  return response;
}

Task<http::Response> show_linked(Visit& visit) {
  CO_TRY(Removals* const removals, removals_of(visit));
  CO_TRY(auto token, only_secret(visit.request, "token", kToken));
  CO_TRY(const auto removal, co_await removals->find_by_link(std::move(token)));
  co_return answer(removal);
}

Task<http::Response> cancel_linked(Visit& visit) {
  CO_TRY(Removals* const removals, removals_of(visit));
  CO_TRY(auto token, only_secret(visit.request, "token", kToken));
  CO_TRY(const auto removal, co_await removals->cancel_by_link(std::move(token), visit.origin()));
  co_return answer(removal);
}

}  // namespace

Result<Removals*> removals_of(Visit& visit) {
  if (Removals* const removals = visit.homes.removals()) return removals;
  return fail(ErrorCode::kStoreUnavailable, "the server is starting");
}

std::string render_removal(const Removal& removal, Shown shown) {
  const bool is_for_operators = shown == Shown::kToOperators;
  json::Writer out;
  out.begin_object().key("object").string("second_factor_removal");
  out.key("user_id").string(removal.user.str());
  out.key("state").string(recovery::state_name(removal.state));
  write_id(out, "requested_by", is_for_operators ? removal.requested_by : UserId());
  write_text(out, "reason", is_for_operators ? std::string_view(removal.reason) : "");
  write_text(out, "ticket", is_for_operators ? std::string_view(removal.ticket) : "");
  out.key("created_at").string(format_time(removal.created_at));
  out.key("effective_at").string(format_time(removal.effective_at));
  write_time(out, "ended_at", removal.ended_at);
  out.end_object();
  return std::move(out).take();
}

void add_second_factor_removal_routes(Routes& routes) {
  using http::Method;
  routes.add_visit(Method::kPost, "/v1/second_factor_removal_links", show_linked);
  routes.add_visit(Method::kPost, "/v1/second_factor_removal_links/cancel", cancel_linked);
}

}  // namespace flowsell::api
