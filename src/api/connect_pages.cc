// What somebody with an onboarding link sees and sends: /connect/... Nobody has signed in here, and
// all that comes has come through a browser.

#include "connect_pages.h"

#include <algorithm>
#include <utility>

#include "browser.h"
#include "call.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "json/reader.h"
#include "onboarding/page.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using onboarding::Door;
using onboarding::HostedPage;
using onboarding::Session;

/// Of a browser that has a link's page open: what its calls are bound to.
constexpr std::string_view kBrowserCookie = "__Host-connect_onboarding";
/// Of one that is on its way to the provider's dialog and back: the link it has.
constexpr std::string_view kLinkCookie = "__Host-connect_onboarding_link";
constexpr std::chrono::hours kBrowserLife{24};
constexpr std::chrono::minutes kDialogLife{15};
constexpr std::string_view kTokenHeader = "Connect-Page";

constexpr json::StringRule kCode{1, 2048};
constexpr json::StringRule kMessage{1, 16'384};
constexpr json::StringRule kPin{6, 6};

/// A link's session, at its home.
struct Guest {
  Visit& visit;
  const Services& services;
  Session session;
  std::string link;

  Door& door() const { return services.onboarding_door; }
};
using GuestHandler = Task<http::Response> (*)(Guest&);

/// What calls of a page bear: only who can read the page knows it, only its browser has the cookie.
std::string page_token(const Secret& browser, const Session& session) {
  const auto digest = crypto::hmac_sha256(browser.reveal(), {"page", session.id.blob()});
  return base64url_encode(digest);
}

http::Response html(const HostedPage& page, int status) {
  http::Response response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.body = page.html;
  response.headers.push_back({"Content-Security-Policy", page.policy});
  response.headers.push_back({"X-Frame-Options", "DENY"});
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  // Where it leads nobody learns the link.
  response.headers.push_back({"Referrer-Policy", "strict-origin"});
  // The provider's window must find its opener.
  response.headers.push_back({"Cross-Origin-Opener-Policy", "same-origin-allow-popups"});
  return response;
}

http::Response not_valid() {
  return html(onboarding::message_page(
                  "This link is not valid", "There is no such link, or it was not copied whole.",
                  "Open the link as it was sent to you, or ask for a new one."),
              404);
}

http::Response says_why_over(onboarding::State state) {
  if (state == onboarding::State::kExpired) {
    return html(
        onboarding::message_page("This link is too old",
                                 "Links are good for a limited time, and this one's is over.",
                                 "Ask who sent it to you for a new one."),
        410);
  }
  return html(
      onboarding::message_page("This link was taken back",
                               "Who sent it to you has withdrawn it. Nothing was connected by it.",
                               "Ask for a new one if you still want to connect your number."),
      410);
}

http::Response not_set_up() {
  return html(
      onboarding::message_page("This service is not set up yet",
                               "It has no app at Meta by which accounts could be connected. You "
                               "did nothing wrong.",
                               "Tell who sent you this link: the settings whatsapp.app_id and "
                               "whatsapp.app_secret are missing."),
      503);
}

http::Response no_sign_in() {
  const auto& info = onboarding::failure_info(onboarding::Failure::kStateMismatch);
  return html(onboarding::message_page(info.title, info.words, info.fix), 400);
}

http::Response status_response(const Guest& guest, const Session& session,
                               const onboarding::AccountShown& account) {
  http::Response response;
  response.body = onboarding::page_status(session, account, guest.services.clock.now());
  return response;
}

Task<http::Response> show(Guest& guest, Session session) {
  CO_TRY(const auto account, co_await guest.door().show(session));
  co_return status_response(guest, session, account);
}

/// Fails with kCrossSiteRequest.
Result<> check_page_token(const Guest& guest) {
  TRY(const auto browser, cookie(guest.visit.request, kBrowserCookie));
  const std::string expected = page_token(browser, guest.session);
  const bool is_pages =
      browser.size() == crypto::kTokenLength &&
      crypto::constant_time_equal(expected, guest.visit.request.header(kTokenHeader));
  if (is_pages) return {};
  return fail(ErrorCode::kCrossSiteRequest, "the link's page did not send this in this browser");
}

enum class From : std::uint8_t { kAnywhere, kPage };

/// Answers at the home of the link's workspace.
Task<http::Response> at_home(Visit& visit, std::string link, GuestHandler handler,
                             From from = From::kAnywhere) {
  CO_TRY(const auto workspace, onboarding::workspace_of_link(link));
  CO_TRY(auto home, co_await visit.homes.find_named(workspace_name(workspace), visit.request));
  if (home.services() == nullptr) co_return home.take_answer();
  CO_TRY(auto session, co_await home.services()->onboarding_door.find(link));
  Guest guest{visit, *home.services(), std::move(session), std::move(link)};
  if (from == From::kPage) CO_CHECK_OK(check_page_token(guest));
  co_return co_await handler(guest);
}

// --- pages ---

Task<http::Response> page(Guest& guest) {
  const auto& places = guest.door().places();
  const auto state = guest.session.state_at(guest.services.clock.now());
  if (state == onboarding::State::kExpired || state == onboarding::State::kRevoked)
    co_return says_why_over(state);
  const auto* const place = places.of(guest.session.mode);
  if (place == nullptr) co_return not_set_up();
  CO_TRY(const std::string name,
         co_await guest.services.workspaces.name_of(guest.session.workspace));
  auto browser = cookie(guest.visit.request, kBrowserCookie).value_or(Secret());
  const bool is_new = browser.size() != crypto::kTokenLength;
  if (is_new) browser = crypto::random_token();
  http::Response response =
      html(onboarding::connect_page(guest.session, *place, name, "/connect/" + guest.link,
                                    page_token(browser, guest.session)),
           200);
  set_cookie(response, kBrowserCookie, browser, kBrowserLife);
  co_return response;
}

/// People see a page, whatever is wrong with their link.
Task<http::Response> show_page(Visit& visit) {
  auto shown = co_await at_home(visit, visit.request.params.at(0), page);
  if (!shown && shown.error().code == ErrorCode::kNotFound) co_return not_valid();
  co_return shown;
}

// --- what the page sends ---

Task<http::Response> see_status(Guest& guest) { co_return co_await show(guest, guest.session); }

Task<http::Response> begin_visit(Guest& guest) {
  CO_CHECK_OK(read_body(guest.visit.request, [](json::ObjectReader&) { return 0; }));
  CO_TRY(auto session, co_await guest.door().open(guest.session, guest.visit.origin()));
  co_return co_await show(guest, std::move(session));
}

Task<http::Response> take_code(Guest& guest) {
  CO_TRY(auto code, only_secret(guest.visit.request, "code", kCode));
  CO_TRY(auto session,
         co_await guest.door().take_code(guest.session, std::move(code), guest.visit.origin()));
  co_return co_await show(guest, std::move(session));
}

Task<http::Response> take_message(Guest& guest) {
  CO_TRY(auto message, only_field(guest.visit.request, "message", kMessage));
  CO_TRY(auto session, co_await guest.door().take_message(guest.session, std::move(message),
                                                          guest.visit.origin()));
  co_return co_await show(guest, std::move(session));
}

Secret read_pin(json::ObjectReader& in) {
  const auto text = in.string("pin", kPin);
  if (text && std::ranges::any_of(*text, [](char c) { return c < '0' || c > '9'; }))
    in.fault("pin", "invalid_format", "a PIN has 6 digits", "Send the digits only.");
  return Secret(std::string(text.value_or("")));
}

Task<http::Response> take_steps(Guest& guest) {
  CO_TRY(auto pin, read_body(guest.visit.request, read_pin));
  CO_TRY(auto session,
         co_await guest.door().connect(guest.session, std::move(pin), guest.visit.origin()));
  co_return co_await show(guest, std::move(session));
}

Task<http::Response> start_again(Guest& guest) {
  CO_CHECK_OK(read_body(guest.visit.request, [](json::ObjectReader&) { return 0; }));
  CO_TRY(auto session, co_await guest.door().restart(guest.session, guest.visit.origin()));
  co_return co_await show(guest, std::move(session));
}

/// A call of the page, which proves that it is one.
VisitHandler of_page(GuestHandler handler) {
  return [handler](Visit& visit) {
    return at_home(visit, visit.request.params.at(0), handler, From::kPage);
  };
}

// --- by redirect ---

/// Where it leads nobody learns the link.
http::Response lead_to(std::string url) {
  http::Response response = redirect_to(std::move(url));
  response.headers.push_back({"Referrer-Policy", "no-referrer"});
  return response;
}

Task<http::Response> leave(Guest& guest) {
  const std::string page = "/connect/" + guest.link;
  CO_TRY(auto browser, cookie(guest.visit.request, kBrowserCookie));
  // Who has not seen the page sees it first.
  if (browser.size() != crypto::kTokenLength) co_return lead_to(page);
  auto url =
      co_await guest.door().begin_oauth(guest.session, std::move(browser), guest.visit.origin());
  if (!url) {
    if (url.error().code == ErrorCode::kConflict) co_return lead_to(page);
    co_return std::unexpected(url.error());
  }
  http::Response response = lead_to(*std::move(url));
  set_cookie(response, kLinkCookie, Secret(guest.link), kDialogLife);
  co_return response;
}

Task<http::Response> begin_oauth(Visit& visit) {
  auto left = co_await at_home(visit, visit.request.params.at(0), leave);
  if (!left && left.error().code == ErrorCode::kNotFound) co_return not_valid();
  co_return left;
}

Task<http::Response> come_back(Guest& guest) {
  CO_TRY(auto browser, cookie(guest.visit.request, kBrowserCookie));
  auto done = co_await guest.door().finish_oauth(guest.session, std::move(browser),
                                                 std::string(guest.visit.request.query),
                                                 guest.visit.origin());
  if (!done && done.error().code == ErrorCode::kInvalidToken) co_return no_sign_in();
  if (!done) co_return std::unexpected(done.error());
  http::Response response = lead_to("/connect/" + guest.link);
  clear_cookie(response, kLinkCookie);
  co_return response;
}

Task<http::Response> finish_oauth(Visit& visit) {
  const auto link = cookie(visit.request, kLinkCookie).value_or(Secret());
  auto done = co_await at_home(visit, std::string(link.reveal()), come_back);
  if (!done && done.error().code == ErrorCode::kNotFound) co_return no_sign_in();
  co_return done;
}

}  // namespace

void add_connect_routes(Routes& routes) {
  using http::Method;
  constexpr auto kGuard = Routes::Guard::kByNetwork;
  routes.add_visit(Method::kGet, "/connect/{}", show_page, kGuard);
  routes.add_visit(Method::kGet, "/connect/{}/status", of_page(see_status), kGuard);
  routes.add_visit(Method::kPost, "/connect/{}/visit", of_page(begin_visit), kGuard);
  routes.add_visit(Method::kPost, "/connect/{}/code", of_page(take_code), kGuard);
  routes.add_visit(Method::kPost, "/connect/{}/message", of_page(take_message), kGuard);
  routes.add_visit(Method::kPost, "/connect/{}/steps", of_page(take_steps), kGuard);
  routes.add_visit(Method::kPost, "/connect/{}/restart", of_page(start_again), kGuard);
  routes.add_visit(Method::kGet, "/connect/{}/oauth", begin_oauth, kGuard);
  routes.add_visit(Method::kGet, "/connect/oauth/callback", finish_oauth, kGuard);
}

}  // namespace flowsell::api
