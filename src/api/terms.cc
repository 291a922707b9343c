#include "call.h"
#include "json/reader.h"
#include "json/writer.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"
#include "team/policies.h"

namespace flowsell::api {
namespace {

using identity::Scope;

constexpr json::StringRule kVersionText{1, 40};
constexpr std::string_view kTerms = "terms";
constexpr std::string_view kPolicies = "provider_policies";

/// One acceptance, of either kind.
struct Shown {
  std::string_view kind;
  AcceptanceId id;
  std::string version;
  UserId user;
  Time accepted_at;
};

std::string render(const Shown& shown) {
  json::Writer out;
  out.begin_object().key("id").string(shown.id.str()).key("object").string("terms_acceptance");
  out.key("kind").string(shown.kind).key("version").string(shown.version);
  out.key("user_id").string(shown.user.str());
  out.key("accepted_at").string(format_time(shown.accepted_at)).end_object();
  return std::move(out).take();
}

Shown shown_of(const accounts::TermsAcceptance& acceptance, const UserId& user) {
  return {kTerms, acceptance.id, acceptance.version, user, acceptance.accepted_at};
}

Shown shown_of(const team::PolicyAcceptance& acceptance) {
  return {kPolicies, acceptance.id, acceptance.version, acceptance.user, acceptance.accepted_at};
}

http::Response accepted_response(const Shown& shown, bool is_new) {
  http::Response response;
  response.status = is_new ? 201 : 200;
  response.body = render(shown);
  return response;
}

struct Wanted {
  bool is_terms = false;
  std::string version;
};

Wanted read_wanted(json::ObjectReader& in, const TermsVersions& current) {
  Wanted wanted;
  const auto kind = in.required_string("kind");
  wanted.is_terms = kind == kTerms;
  if (kind && *kind != kTerms && *kind != kPolicies) {
    in.fault("kind", "invalid_value", "there is nothing of that kind to accept",
             "Use terms or provider_policies.");
  }
  wanted.version = text_in(in, "version", kVersionText);
  const std::string& asked = wanted.is_terms ? current.terms : current.provider_policies;
  if (kind && !wanted.version.empty() && !asked.empty() && wanted.version != asked) {
    in.fault("version", "not_current", "the current version is " + asked,
             "Read that version, and accept it.");
  }
  return wanted;
}

Task<http::Response> accept(Call& call, const TermsVersions& current) {
  CO_TRY(auto wanted, read_body(call.request, [&current](json::ObjectReader& in) {
           return read_wanted(in, current);
         }));
  if (wanted.is_terms) {
    CO_TRY(const auto accepted,
           co_await call.accounts->accept_terms(call.caller.user, std::move(wanted.version),
                                                origin_of(call.request)));
    co_return accepted_response(shown_of(accepted.acceptance, call.caller.user), accepted.is_new);
  }
  CO_TRY(const auto accepted,
         co_await call.services.policies.accept(call.by(), std::move(wanted.version)));
  co_return accepted_response(shown_of(accepted.acceptance), accepted.is_new);
}

/// The workspace's, and the caller's own.
Task<http::Response> list_acceptances(Call& call) {
  CO_TRY(const auto policies, co_await call.services.policies.list(call.caller.workspace));
  CO_TRY(const auto terms, co_await call.accounts->terms_of(call.caller.user));
  std::vector<std::string> items;
  items.reserve(policies.size() + terms.size());
  for (const auto& each : policies) items.push_back(render(shown_of(each)));
  for (const auto& each : terms) items.push_back(render(shown_of(each, call.caller.user)));
  co_return list_response(call.request, items);
}

/// What is to be accepted, for everybody to see.
Task<http::Response> show_current(TermsVersions current) {
  json::Writer out;
  out.begin_object().key("object").string("terms");
  for (const auto& [name, version] :
       {std::pair(kTerms, current.terms), std::pair(kPolicies, current.provider_policies)}) {
    write_text(out, std::string(name) + "_version", version);
  }
  out.end_object();
  http::Response response;
  response.body = std::move(out).take();
  co_return response;
}

}  // namespace

void add_terms_routes(Routes& routes, const Api::Process& process) {
  using http::Method;
  const TermsVersions& current = process.terms;
  routes.add_visit(Method::kGet, "/v1/terms",
                   [&current](Visit& /*visit*/) { return show_current(current); });
  routes.add(Method::kPost, "/v1/terms_acceptances", Scope::kMembersRead,
             [&current](Call& call) { return accept(call, current); });
  routes.add(Method::kGet, "/v1/terms_acceptances", Scope::kMembersRead, list_acceptances);
}

}  // namespace flowsell::api
