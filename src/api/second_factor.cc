#include "browser.h"
#include "call.h"
#include "json/reader.h"
#include "json/writer.h"
#include "render.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

constexpr json::StringRule kPassword{1, 1024};
constexpr json::StringRule kCode{6, 40};

/// What a body of this file may hold.
struct Proofs {
  Secret password, code;
};
enum class Needs { kPassword, kCode, kBoth };

/// A password may be missing: some have none.
Result<Proofs> proofs_of(const http::Request& request, Needs needs) {
  return read_body(request, [needs](json::ObjectReader& in) {
    Proofs proofs;
    if (needs != Needs::kCode) proofs.password = optional_secret_in(in, "password", kPassword);
    if (needs != Needs::kPassword) proofs.code = secret_in(in, "code", kCode);
    return proofs;
  });
}

http::Response codes_response(const std::vector<Secret>& codes, int status) {
  json::Writer out;
  out.begin_object().key("object").string("recovery_codes");
  out.key("recovery_codes").begin_array();
  for (const Secret& code : codes) out.string(code.reveal());
  out.end_array().end_object();
  http::Response response;
  response.status = status;
  response.body = std::move(out).take();
  return response;
}

Task<http::Response> get_factor(Visit& visit) {
  CO_TRY(const auto state, co_await visit.accounts.second_factor_of(visit.session->user.id));
  json::Writer out;
  out.begin_object().key("object").string("second_factor");
  out.key("enabled").boolean(state.enabled_at.has_value());
  write_time(out, "enabled_at", state.enabled_at);
  out.key("recovery_codes_left").integer(state.recovery_codes).end_object();
  http::Response response;
  response.body = std::move(out).take();
  co_return response;
}

Task<http::Response> begin_factor(Visit& visit) {
  CO_TRY(auto proofs, proofs_of(visit.request, Needs::kPassword));
  CO_TRY(const auto enrolment, co_await visit.accounts.begin_second_factor(
                                   *visit.session, std::move(proofs.password), visit.origin()));
  json::Writer out;
  out.begin_object().key("object").string("second_factor_enrolment");
  out.key("secret").string(enrolment.secret.reveal());
  out.key("uri").string(enrolment.uri.reveal()).end_object();
  http::Response response;
  response.status = 201;
  response.body = std::move(out).take();
  co_return response;
}

Task<http::Response> confirm_factor(Visit& visit) {
  CO_TRY(auto proofs, proofs_of(visit.request, Needs::kCode));
  CO_TRY(const auto enabled, co_await visit.accounts.confirm_second_factor(
                                 *visit.session, std::move(proofs.code), visit.origin()));
  http::Response response = codes_response(enabled.recovery_codes, 200);
  renew_session_cookie(response, enabled.token, *visit.session, visit.clock.now());
  co_return response;
}

Task<http::Response> disable_factor(Visit& visit) {
  CO_TRY(auto proofs, proofs_of(visit.request, Needs::kBoth));
  CO_TRY(const Secret token,
         co_await visit.accounts.disable_second_factor(*visit.session, std::move(proofs.password),
                                                       std::move(proofs.code), visit.origin()));
  http::Response response = no_content();
  renew_session_cookie(response, token, *visit.session, visit.clock.now());
  co_return response;
}

Task<http::Response> renew_codes(Visit& visit) {
  CO_TRY(auto proofs, proofs_of(visit.request, Needs::kBoth));
  CO_TRY(const auto codes,
         co_await visit.accounts.renew_recovery_codes(*visit.session, std::move(proofs.password),
                                                      std::move(proofs.code), visit.origin()));
  co_return codes_response(codes, 201);
}

}  // namespace

void add_second_factor_routes(Routes& routes) {
  using http::Method;
  routes.add_signed_in(Method::kGet, "/v1/user/second_factor", get_factor);
  routes.add_signed_in(Method::kPost, "/v1/user/second_factor", begin_factor);
  routes.add_signed_in(Method::kPost, "/v1/user/second_factor/confirm", confirm_factor);
  routes.add_signed_in(Method::kPost, "/v1/user/second_factor/disable", disable_factor);
  routes.add_signed_in(Method::kPost, "/v1/user/recovery_codes", renew_codes);
}

}  // namespace flowsell::api
