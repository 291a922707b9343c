#include "browser.h"
#include "call.h"
#include "json/writer.h"
#include "paging.h"
#include "passkey_body.h"
#include "render.h"
#include "request_body.h"
#include "session_response.h"

namespace flowsell::api {
namespace {

using accounts::Session;
using SignedIn = accounts::Accounts::SignedIn;

constexpr json::StringRule kEmail{3, 254};
constexpr json::StringRule kPassword{1, 1024};
constexpr json::StringRule kCode{6, 40};

std::string render(const Session& session, const SessionId& current) {
  json::Writer out;
  out.begin_object().key("id").string(session.id.str()).key("object").string("session");
  out.key("user_id").string(session.user.id.str());
  out.key("is_current").boolean(session.id == current);
  out.key("address").string(session.address).key("user_agent").string(session.user_agent);
  out.key("second_factor").boolean(session.has_second_factor);
  out.key("provider_id");
  session.voucher ? out.string(session.voucher->provider) : out.null();
  write_id(out, "passkey_id", session.passkey);
  out.key("created_at").string(format_time(session.created_at));
  out.key("last_seen_at").string(format_time(session.seen_at));
  out.key("last_seen_address").string(session.seen_address);
  out.key("expires_at").string(format_time(session.expires_at)).end_object();
  return std::move(out).take();
}

/// By a passkey, or by address and password.
struct WantedSession {
  std::optional<passkeys::AssertionAnswer> answer;
  accounts::Accounts::SignIn by_password;
};

WantedSession read_wanted(json::ObjectReader& in) {
  WantedSession wanted;
  if (in.find("passkey") != nullptr) {
    wanted.answer = assertion_in(in);
    return wanted;
  }
  wanted.by_password.email = text_in(in, "email", kEmail);
  wanted.by_password.password = secret_in(in, "password", kPassword);
  wanted.by_password.code = optional_secret_in(in, "code", kCode);
  return wanted;
}

Task<SignedIn> enter(Visit& visit, WantedSession wanted) {
  CO_TRY(auto device, cookie(visit.request, kDeviceCookie));
  if (!wanted.answer) {
    wanted.by_password.device = std::move(device);
    co_return co_await visit.accounts.sign_in(std::move(wanted.by_password), visit.origin());
  }
  CO_TRY(auto browser, cookie(visit.request, kPasskeyCookie));
  co_return co_await visit.passkeys.sign_in(*std::move(wanted.answer), std::move(browser),
                                            std::move(device), visit.origin());
}

Task<http::Response> sign_in(Visit& visit) {
  CO_TRY(auto wanted, read_body(visit.request, read_wanted));
  const bool is_by_passkey = wanted.answer.has_value();
  CO_TRY(const auto signed_in, co_await enter(visit, std::move(wanted)));
  http::Response response = signed_in_response(visit, signed_in);
  if (is_by_passkey) clear_cookie(response, kPasskeyCookie);
  co_return response;
}

Task<http::Response> list_sessions(Visit& visit) {
  CO_TRY(auto all, co_await visit.accounts.sessions_of(visit.session->user.id));
  // A workspace's provider learns nothing of what its people do elsewhere.
  if (is_confined(*visit.session))
    std::erase_if(all, [&](const Session& each) { return each.id != visit.session->id; });
  co_return whole_list(visit.request, all,
                       [&visit](const Session& each) { return render(each, visit.session->id); });
}

Task<http::Response> end_session(Visit& visit) {
  const std::string& asked = visit.request.params.at(0);
  SessionId id = visit.session->id;
  if (asked != "current") {
    CO_TRY(id, SessionId::parse(asked));
  }
  if (is_confined(*visit.session) && id != visit.session->id)
    co_return fail(ErrorCode::kNotFound, "there is no such session");
  CO_CHECK_OK(co_await visit.accounts.end_session(*visit.session, id, visit.origin()));
  http::Response response = no_content();
  if (id == visit.session->id) clear_cookie(response, kSessionCookie);
  co_return response;
}

}  // namespace

void set_signed_in_cookies(http::Response& response, const Visit& visit,
                           const accounts::Accounts::SignedIn& in) {
  set_cookie(response, kSessionCookie, in.token, visit.session_life);
  set_cookie(response, kDeviceCookie, in.device, kDeviceLife);
}

http::Response signed_in_response(const Visit& visit, const accounts::Accounts::SignedIn& in) {
  http::Response response;
  response.status = 201;
  response.body = render(in.session, in.session.id);
  set_signed_in_cookies(response, visit, in);
  response.headers.push_back({"Location", "/v1/sessions/" + in.session.id.str()});
  return response;
}

void add_session_routes(Routes& routes) {
  using http::Method;
  routes.add_visit(Method::kPost, "/v1/sessions", sign_in);
  routes.add_signed_in_anyhow(Method::kGet, "/v1/sessions", list_sessions);
  routes.add_signed_in_anyhow(Method::kDelete, "/v1/sessions/{}", end_session);
}

}  // namespace flowsell::api
