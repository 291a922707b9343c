#include "call.h"
#include "json/reader.h"
#include "json/writer.h"
#include "paging.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using identity::Role;
using identity::Scope;
using sso::Providers;

constexpr json::StringRule kName{1, 100};
constexpr json::StringRule kIssuer{8, 512};
constexpr json::StringRule kClientId{1, 512};
constexpr json::StringRule kClientSecret{1, 1024};

std::string render(const sso::Provider& provider) {
  json::Writer out;
  out.begin_object().key("id").string(provider.key).key("object").string("sso_provider");
  out.key("name").string(provider.name).key("issuer").string(provider.issuer);
  out.key("client_id").string(provider.client_id);
  out.key("client_auth").string(sso::auth_name(provider.auth));
  out.key("default_role").string(identity::role_name(provider.role));
  out.key("trust_email").boolean(provider.trusts_email);
  out.key("enabled").boolean(provider.is_enabled);
  out.key("created_at").string(format_time(provider.created_at));
  out.key("updated_at").string(format_time(provider.updated_at)).end_object();
  return std::move(out).take();
}

/// What may be sent at first and changed later.
Providers::Change read_change(json::ObjectReader& in) {
  Providers::Change change;
  change.name = in.string("name", kName);
  change.client_id = in.string("client_id", kClientId);
  if (const auto secret = in.string("client_secret", kClientSecret))
    change.client_secret = Secret(std::string(*secret));
  if (const auto name = in.string("client_auth")) {
    change.auth = sso::auth_named(*name);
    if (!change.auth) {
      in.fault("client_auth", "invalid_value", "there is no such way",
               "Use client_secret_basic, client_secret_post or none.");
    }
  }
  if (const auto name = in.string("default_role")) {
    change.role = identity::role_named(*name);
    if (!change.role || change.role == Role::kOwner) {
      in.fault("default_role", "invalid_value", "nobody becomes that by a provider's word",
               "Use admin, developer, billing or viewer.");
    }
  }
  change.trusts_email = in.boolean("trust_email");
  change.is_enabled = in.boolean("enabled");
  return change;
}

Providers::Draft draft_of(const Providers::Change& read, std::string issuer) {
  Providers::Draft draft;
  draft.name = read.name.value_or("");
  draft.issuer = std::move(issuer);
  draft.client_id = read.client_id.value_or("");
  draft.client_secret = read.client_secret.value_or(Secret());
  draft.auth = read.auth.value_or(draft.auth);
  draft.role = read.role.value_or(draft.role);
  draft.trusts_email = read.trusts_email.value_or(false);
  draft.is_enabled = read.is_enabled.value_or(true);
  return draft;
}

Providers::Draft read_draft(json::ObjectReader& in) {
  for (const std::string_view required : {"name", "client_id"}) (void)in.require(required);
  std::string issuer = text_in(in, "issuer", kIssuer);
  return draft_of(read_change(in), std::move(issuer));
}

Task<http::Response> create_provider(Call& call) {
  CO_TRY(const auto draft, read_body(call.request, read_draft));
  CO_CHECK_OK(call.sso->providers().check(draft));
  const auto id = call.sso->providers().next_id();
  // The workspace's record first: it may tell of what then was not done, and never lacks what was.
  CO_CHECK_OK(
      co_await call.services.members.record(call.by(), "sso_provider.created", id.str(), {}));
  CO_TRY(const auto provider, co_await call.sso->providers().create(call.by(), id, draft));
  http::Response response;
  response.status = 201;
  response.body = render(provider);
  response.headers.push_back({"Location", "/v1/sso/providers/" + provider.key});
  co_return response;
}

Task<http::Response> list_providers(Call& call) {
  CO_TRY(const auto all, co_await call.sso->providers().list(call.caller.workspace));
  co_return whole_list(call.request, all, render);
}

Task<http::Response> get_provider(Call& call) {
  CO_TRY(const auto id, IdentityProviderId::parse(call.request.params.at(0)));
  CO_TRY(const auto provider, co_await call.sso->providers().find(call.caller.workspace, id));
  http::Response response;
  response.body = render(provider);
  co_return response;
}

Task<http::Response> change_provider(Call& call) {
  CO_TRY(const auto id, IdentityProviderId::parse(call.request.params.at(0)));
  CO_TRY(auto change, read_body(call.request, read_change));
  CO_TRY([[maybe_unused]] const auto before,
         co_await call.sso->providers().find(call.caller.workspace, id));
  CO_CHECK_OK(
      co_await call.services.members.record(call.by(), "sso_provider.changed", id.str(), {}));
  CO_TRY(const auto provider,
         co_await call.sso->providers().change(call.by(), id, std::move(change)));
  http::Response response;
  response.body = render(provider);
  co_return response;
}

Task<http::Response> delete_provider(Call& call) {
  CO_TRY(const auto id, IdentityProviderId::parse(call.request.params.at(0)));
  CO_TRY([[maybe_unused]] const auto before,
         co_await call.sso->providers().find(call.caller.workspace, id));
  CO_CHECK_OK(
      co_await call.services.members.record(call.by(), "sso_provider.deleted", id.str(), {}));
  CO_CHECK_OK(co_await call.sso->providers().remove(call.by(), id));
  co_return no_content();
}

}  // namespace

void add_sso_provider_routes(Routes& routes) {
  using http::Method;
  routes.add(Method::kPost, "/v1/sso/providers", Scope::kSsoManage, create_provider);
  routes.add(Method::kGet, "/v1/sso/providers", Scope::kSsoManage, list_providers);
  routes.add(Method::kGet, "/v1/sso/providers/{}", Scope::kSsoManage, get_provider);
  routes.add(Method::kPatch, "/v1/sso/providers/{}", Scope::kSsoManage, change_provider);
  routes.add(Method::kDelete, "/v1/sso/providers/{}", Scope::kSsoManage, delete_provider);
}

}  // namespace flowsell::api
