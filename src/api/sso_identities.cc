#include "browser.h"
#include "call.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"
#include "sso_begun.h"

namespace flowsell::api {
namespace {

using sso::SignIns;

constexpr json::StringRule kPassword{1, 1024};

std::string render(const sso::Identity& identity) {
  json::Writer out;
  out.begin_object().key("id").string(identity.id.str()).key("object").string("sso_identity");
  out.key("provider_id").string(identity.provider).key("issuer").string(identity.issuer);
  out.key("subject").string(identity.subject);
  write_text(out, "email", identity.email);
  out.key("created_at").string(format_time(identity.created_at));
  out.key("last_used_at").string(format_time(identity.used_at)).end_object();
  return std::move(out).take();
}

Task<http::Response> list_identities(Visit& visit) {
  CO_TRY(const auto all, co_await visit.sso.sign_ins().identities_of(visit.session->user.id));
  co_return whole_list(visit.request, all, render);
}

struct WantedLink {
  SignIns::Wanted wanted;
  Secret password;  ///< empty: a session that has just begun proves as much
};

WantedLink read_link(json::ObjectReader& in) {
  WantedLink link;
  link.wanted.provider = text_in(in, "provider_id", kProviderKey);
  link.wanted.return_to = in.string("return_to", kReturnTo).value_or("/");
  link.password = optional_secret_in(in, "password", kPassword);
  return link;
}

/// With proof: what is linked signs in from then on, whatever becomes of the password.
Task<http::Response> begin_link(Visit& visit) {
  CO_TRY(auto link, read_body(visit.request, read_link));
  CO_CHECK_OK(co_await visit.accounts.confirm(*visit.session, std::move(link.password)));
  CO_TRY(const auto begun, co_await visit.sso.sign_ins().begin_link(
                               *visit.session, std::move(link.wanted), visit.origin()));
  co_return begun_response(begun);
}

Task<http::Response> unlink(Visit& visit) {
  CO_TRY(const auto id, IdentityId::parse(visit.request.params.at(0)));
  CO_CHECK_OK(co_await visit.sso.sign_ins().unlink(*visit.session, id, visit.origin()));
  co_return no_content();
}

}  // namespace

http::Response begun_response(const SignIns::Begun& begun) {
  json::Writer out;
  out.begin_object().key("object").string("sso_sign_in");
  out.key("authorization_url").string(begun.authorization_url);
  out.key("expires_at").string(format_time(begun.expires_at)).end_object();
  http::Response response;
  response.status = 201;
  response.body = std::move(out).take();
  set_cookie(response, kSsoCookie, begun.browser, SignIns::kAttemptLife);
  return response;
}

void add_sso_identity_routes(Routes& routes) {
  using http::Method;
  routes.add_signed_in(Method::kGet, "/v1/sso/identities", list_identities);
  routes.add_signed_in(Method::kPost, "/v1/sso/identities", begin_link);
  routes.add_signed_in(Method::kDelete, "/v1/sso/identities/{}", unlink);
}

}  // namespace flowsell::api
