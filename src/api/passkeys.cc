#include "passkeys/passkeys.h"

#include "browser.h"
#include "call.h"
#include "json/writer.h"
#include "paging.h"
#include "passkey_body.h"
#include "render.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using passkeys::Passkey;

constexpr json::StringRule kPassword{1, 1024};
constexpr json::StringRule kName{1, 100};

std::string render(const Passkey& passkey) {
  json::Writer out;
  out.begin_object().key("id").string(passkey.id.str()).key("object").string("passkey");
  out.key("name").string(passkey.name).key("backed_up").boolean(passkey.backed_up);
  out.key("created_at").string(format_time(passkey.created_at));
  write_time(out, "last_used_at", passkey.used_at);
  out.end_object();
  return std::move(out).take();
}

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

Task<http::Response> begin(Visit& visit) {
  CO_TRY(Secret password, read_body(visit.request, [](json::ObjectReader& in) {
           return optional_secret_in(in, "password", kPassword);
         }));
  CO_TRY(std::string options,
         co_await visit.passkeys.begin(*visit.session, std::move(password), visit.origin()));
  co_return json_response(201, std::move(options));
}

struct NamedAnswer {
  std::string name;
  passkeys::RegistrationAnswer answer;
};

Task<http::Response> add(Visit& visit) {
  CO_TRY(auto wanted, read_body(visit.request, [](json::ObjectReader& in) {
           return NamedAnswer{text_in(in, "name", kName), registration_in(in)};
         }));
  CO_TRY(const Passkey passkey,
         co_await visit.passkeys.add(*visit.session, std::move(wanted.name),
                                     std::move(wanted.answer), visit.origin()));
  co_return json_response(201, render(passkey));
}

Task<http::Response> list(Visit& visit) {
  CO_TRY(const auto all, co_await visit.passkeys.of(visit.session->user.id));
  co_return whole_list(visit.request, all, render);
}

Task<http::Response> rename(Visit& visit) {
  CO_TRY(const auto id, PasskeyId::parse(visit.request.params.at(0)));
  CO_TRY(std::string name, only_field(visit.request, "name", kName));
  CO_TRY(const Passkey passkey,
         co_await visit.passkeys.rename(*visit.session, id, std::move(name), visit.origin()));
  co_return json_response(200, render(passkey));
}

Task<http::Response> remove(Visit& visit) {
  CO_TRY(const auto id, PasskeyId::parse(visit.request.params.at(0)));
  CO_CHECK_OK(co_await visit.passkeys.remove(*visit.session, id, visit.origin()));
  co_return no_content();
}

Task<http::Response> begin_sign_in(Visit& visit) {
  CO_TRY(auto browser, cookie(visit.request, kPasskeyCookie));
  CO_TRY(auto begun, co_await visit.passkeys.begin_sign_in(std::move(browser), visit.origin()));
  http::Response response = json_response(201, std::move(begun.options));
  set_cookie(response, kPasskeyCookie, begun.browser, passkeys::Passkeys::kChallengeLife);
  co_return response;
}

}  // namespace

void add_passkey_routes(Routes& routes) {
  using http::Method;
  routes.add_signed_in(Method::kPost, "/v1/user/passkeys/options", begin);
  routes.add_signed_in(Method::kPost, "/v1/user/passkeys", add);
  routes.add_signed_in(Method::kGet, "/v1/user/passkeys", list);
  routes.add_signed_in(Method::kPatch, "/v1/user/passkeys/{}", rename);
  routes.add_signed_in(Method::kDelete, "/v1/user/passkeys/{}", remove);
  routes.add_visit(Method::kPost, "/v1/passkey_sign_ins", begin_sign_in);
}

}  // namespace flowsell::api
