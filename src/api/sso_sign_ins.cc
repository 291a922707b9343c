#include <algorithm>

#include "browser.h"
#include "call.h"
#include "json/reader.h"
#include "json/writer.h"
#include "oidc/fault.h"
#include "paging.h"
#include "request_body.h"
#include "session_response.h"
#include "sso_begun.h"
#include "telemetry/log.h"

namespace flowsell::api {
namespace {

using sso::SignIns;

constexpr json::StringRule kEmail{3, 254};
constexpr json::StringRule kTerms{1, 40};
constexpr json::StringRule kCode{6, 40};
/// What return_to gets where a code is missing.
constexpr std::string_view kCodeIsMissing = "second_factor=required";

SignIns::Wanted read_wanted(json::ObjectReader& in) {
  SignIns::Wanted wanted;
  wanted.email = in.string("email", kEmail).value_or("");
  wanted.provider = in.string("provider_id", kProviderKey).value_or("");
  wanted.return_to = in.string("return_to", kReturnTo).value_or("/");
  wanted.terms_version = in.string("terms_version", kTerms).value_or("");
  if (wanted.email.empty() == wanted.provider.empty() && in.faults().empty()) {
    in.fault("", "invalid_value", "one of email and provider_id says where to sign in",
             "Send the one or the other.");
  }
  return wanted;
}

Task<http::Response> begin(Visit& visit) {
  CO_TRY(auto wanted, read_body(visit.request, read_wanted));
  CO_TRY(const auto begun, co_await visit.sso.sign_ins().begin(std::move(wanted), visit.origin()));
  co_return begun_response(begun);
}

Task<http::Response> list_options(Visit& visit) {
  std::vector<std::string> items;
  for (const sso::Provider& each : visit.sso.sign_ins().globals()) {
    json::Writer out;
    out.begin_object().key("id").string(each.key).key("object").string("sso_sign_in_option");
    out.key("name").string(each.name).end_object();
    items.push_back(std::move(out).take());
  }
  co_return list_response(visit.request, items);
}

/// Whoever comes by his workspace's provider is a member of it, or becomes one.
Task<> admit(Visit& visit, const Services& services, const SignIns::Arrival& arrival) {
  const WorkspaceId workspace = arrival.provider.workspace;
  CO_TRY(const auto role, co_await services.members.role_of(workspace, arrival.user));
  if (role) co_return Result<>{};
  if (!arrival.may_join) {
    co_return fail(ErrorCode::kSsoNotAdmitted,
                   "the workspace has no such member, and the address is in none of its domains");
  }
  CO_TRY(std::string name, co_await services.workspaces.name_of(workspace));
  // Listed first, as everybody who joins: the list may say too much for a moment.
  CO_CHECK_OK(co_await visit.accounts.list_workspace(
      arrival.user, {workspace, std::move(name), static_cast<int>(arrival.provider.role)}));
  CO_TRY([[maybe_unused]] const auto member,
         co_await services.members.join(workspace, arrival.user, arrival.provider.role,
                                        arrival.provider.key, visit.origin()));
  co_return Result<>{};
}

/// Who has a session in this browser already.
Task<UserId> signed_in_user(Visit& visit) {
  CO_TRY(auto token, cookie(visit.request, kSessionCookie));
  if (token.empty()) co_return UserId();
  const auto session = co_await visit.accounts.find_session(
      std::move(token), std::string(visit.request.remote_address));
  co_return session ? session->user.id : UserId();
}

/// The path with one more parameter, before its fragment.
std::string with_parameter(std::string_view path, std::string_view parameter) {
  const auto fragment = std::min(path.find('#'), path.size());
  std::string out(path.substr(0, fragment));
  out.append(out.contains('?') ? "&" : "?").append(parameter).append(path.substr(fragment));
  return out;
}

/// Nobody has signed in: the page asks for the code, in this browser.
http::Response ask_for_code(const std::string& return_to, const Secret& browser) {
  http::Response response = redirect_to(with_parameter(return_to, kCodeIsMissing));
  set_cookie(response, kSsoCookie, browser, SignIns::kAttemptLife);
  return response;
}

Task<http::Response> come_back(Visit& visit, const sso::OpenProvider& provider,
                               const Services* services) {
  CO_TRY(auto browser, cookie(visit.request, kSsoCookie));
  CO_TRY(auto device, cookie(visit.request, kDeviceCookie));
  CO_TRY(const auto user, co_await signed_in_user(visit));
  SignIns& sign_ins = visit.sso.sign_ins();
  CO_TRY(auto arrival, co_await sign_ins.finish(provider, std::move(browser), user,
                                                std::string(visit.request.query), visit.origin()));
  const std::string return_to = arrival.return_to;
  http::Response response = redirect_to(return_to);
  clear_cookie(response, kSsoCookie);
  if (arrival.is_linked) co_return response;
  if (services != nullptr) {
    const auto admitted = co_await admit(visit, *services, arrival);
    if (!admitted) {
      CO_CHECK_OK(co_await sign_ins.record_refused(arrival, admitted.error(), visit.origin()));
      co_return std::unexpected(admitted.error());
    }
  }
  CO_TRY(const auto entered,
         co_await sign_ins.sign_in(std::move(arrival), std::move(device), visit.origin()));
  if (!entered.signed_in) co_return ask_for_code(return_to, entered.browser);
  set_signed_in_cookies(response, visit, *entered.signed_in);
  co_return response;
}

/// The code that was missing.
Task<http::Response> confirm(Visit& visit) {
  CO_TRY(auto code, only_secret(visit.request, "code", kCode));
  CO_TRY(auto browser, cookie(visit.request, kSsoCookie));
  CO_TRY(auto device, cookie(visit.request, kDeviceCookie));
  CO_TRY(const auto signed_in,
         co_await visit.sso.sign_ins().confirm(std::move(browser), std::move(code),
                                               std::move(device), visit.origin()));
  http::Response response = signed_in_response(visit, signed_in);
  clear_cookie(response, kSsoCookie);
  co_return response;
}

/// What went wrong, in one stable word.
std::string_view word_of(const Error& error) {
  if (const auto fault = oidc::fault_of(error)) return oidc::fault_info(*fault).word;
  return error_info(error.code).code;
}

/// Where the workspace is, there its provider's people come back to. Nothing is used up before.
Task<http::Response> callback(Visit& visit) {
  CO_TRY(const auto provider, co_await visit.sso.sign_ins().open(visit.request.params.at(0)));
  std::optional<Home> home;
  if (!provider.provider.is_global()) {
    CO_TRY(auto found, co_await visit.homes.find_named(workspace_name(provider.provider.workspace),
                                                       visit.request));
    if (found.services() == nullptr) co_return found.take_answer();
    home.emplace(std::move(found));
  }
  auto done = co_await come_back(visit, provider, home ? home->services() : nullptr);
  if (!done) {
    log::info("a sign-in at an identity provider failed",
              {{"provider", provider.provider.key}, {"why", word_of(done.error())}});
  }
  co_return done;
}

/// People's browsers are shown a page, programs the error itself.
Task<http::Response> callback_of_browser(Visit& visit) {
  auto done = co_await callback(visit);
  const bool is_browser = visit.request.header("Accept").contains("text/html");
  if (done || !is_browser) co_return done;
  http::Response response = redirect_to("/sign-in?error=" + std::string(word_of(done.error())));
  clear_cookie(response, kSsoCookie);
  co_return response;
}

}  // namespace

void add_sso_sign_in_routes(Routes& routes) {
  using http::Method;
  routes.add_visit(Method::kGet, "/v1/sso/sign_in_options", list_options);
  routes.add_visit(Method::kPost, "/v1/sso/sign_ins", begin);
  routes.add_visit(Method::kPost, "/v1/sso/sign_ins/confirm", confirm);
  routes.add_visit(Method::kGet, "/v1/sso/callback/{}", callback_of_browser);
}

}  // namespace flowsell::api
