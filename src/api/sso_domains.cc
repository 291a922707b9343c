#include "call.h"
#include "json/reader.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using identity::Scope;

constexpr json::StringRule kDomain{4, 253};

std::string render(const sso::Domain& domain) {
  json::Writer out;
  out.begin_object().key("domain").string(domain.name).key("object").string("sso_domain");
  out.key("status").string(domain.verified_at ? "verified" : "pending");
  out.key("record").begin_object().key("type").string("TXT");
  out.key("name").string(domain.record_name());
  out.key("value").string(domain.record_text()).end_object();
  out.key("created_at").string(format_time(domain.created_at));
  write_time(out, "verified_at", domain.verified_at);
  out.end_object();
  return std::move(out).take();
}

Task<http::Response> claim_domain(Call& call) {
  CO_TRY(const auto text, only_field(call.request, "domain", kDomain));
  CO_TRY(std::string name, sso::check_domain(text));
  // As with providers: the workspace's record first.
  CO_CHECK_OK(co_await call.services.members.record(call.by(), "sso_domain.claimed", name, {}));
  CO_TRY(const auto domain, co_await call.sso->domains().claim(call.by(), std::move(name)));
  http::Response response;
  response.status = 201;
  response.body = render(domain);
  response.headers.push_back({"Location", "/v1/sso/domains/" + domain.name});
  co_return response;
}

Task<http::Response> list_domains(Call& call) {
  CO_TRY(const auto all, co_await call.sso->domains().list(call.caller.workspace));
  co_return whole_list(call.request, all, render);
}

Task<http::Response> get_domain(Call& call) {
  CO_TRY(const auto domain,
         co_await call.sso->domains().find(call.caller.workspace, call.request.params.at(0)));
  http::Response response;
  response.body = render(domain);
  co_return response;
}

Task<http::Response> verify_domain(Call& call) {
  auto& domains = call.sso->domains();
  CO_TRY(auto domain, co_await domains.look_up(call.caller.workspace, call.request.params.at(0)));
  if (!domain.verified_at) {
    CO_CHECK_OK(
        co_await call.services.members.record(call.by(), "sso_domain.verified", domain.name, {}));
    CO_TRY(domain, co_await domains.verify(call.by(), domain));
  }
  http::Response response;
  response.body = render(domain);
  co_return response;
}

Task<http::Response> remove_domain(Call& call) {
  CO_TRY(const auto domain,
         co_await call.sso->domains().find(call.caller.workspace, call.request.params.at(0)));
  CO_CHECK_OK(
      co_await call.services.members.record(call.by(), "sso_domain.removed", domain.name, {}));
  CO_CHECK_OK(co_await call.sso->domains().remove(call.by(), domain.name));
  co_return no_content();
}

}  // namespace

void add_sso_domain_routes(Routes& routes) {
  using http::Method;
  routes.add(Method::kPost, "/v1/sso/domains", Scope::kSsoManage, claim_domain);
  routes.add(Method::kGet, "/v1/sso/domains", Scope::kSsoManage, list_domains);
  routes.add(Method::kGet, "/v1/sso/domains/{}", Scope::kSsoManage, get_domain);
  routes.add(Method::kPost, "/v1/sso/domains/{}/verify", Scope::kSsoManage, verify_domain);
  routes.add(Method::kDelete, "/v1/sso/domains/{}", Scope::kSsoManage, remove_domain);
}

}  // namespace flowsell::api
