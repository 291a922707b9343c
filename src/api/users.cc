#include "browser.h"
#include "call.h"
#include "json/writer.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using accounts::User;

constexpr json::StringRule kEmail{3, 254};
constexpr json::StringRule kName{1, 100};
constexpr json::StringRule kPassword{1, 1024};
constexpr json::StringRule kToken{1, 100};
constexpr json::StringRule kTerms{1, 40};

http::Response user_response(const User& user) {
  json::Writer out;
  out.begin_object().key("id").string(user.id.str()).key("object").string("user");
  out.key("name").string(user.name).key("email").string(user.email);
  out.key("email_verified").boolean(user.email_verified_at.has_value());
  out.key("created_at").string(format_time(user.created_at)).end_object();
  http::Response response;
  response.body = std::move(out).take();
  return response;
}

/// What was asked for comes by mail, if it does.
http::Response mail_comes() {
  http::Response response;
  response.status = 202;
  response.body = R"({"object":"mail_request","status":"accepted"})";
  return response;
}

Task<http::Response> sign_up(Visit& visit) {
  CO_TRY(auto wanted, read_body(visit.request, [](json::ObjectReader& in) {
           return accounts::Accounts::SignUp{.email = text_in(in, "email", kEmail),
                                             .name = text_in(in, "name", kName),
                                             .password = secret_in(in, "password", kPassword),
                                             .terms_version = text_in(in, "terms_version", kTerms)};
         }));
  CO_CHECK_OK(co_await visit.accounts.sign_up(std::move(wanted), visit.origin()));
  co_return mail_comes();
}

Task<http::Response> ask_verification(Visit& visit) {
  CO_TRY(std::string email, only_field(visit.request, "email", kEmail));
  CO_CHECK_OK(co_await visit.accounts.ask_verification(std::move(email), visit.origin()));
  co_return mail_comes();
}

/// Two secrets of a body.
struct TokenAndPassword {
  Secret token, password;
};
Result<TokenAndPassword> token_and_password(const http::Request& request) {
  return read_body(request, [](json::ObjectReader& in) {
    return TokenAndPassword{secret_in(in, "token", kToken), secret_in(in, "password", kPassword)};
  });
}

/// The browser that a mail's link was opened in: guesses from elsewhere don't stop its owner there.
http::Response known_from_now_on(const Secret& device) {
  http::Response response = no_content();
  set_cookie(response, kDeviceCookie, device, kDeviceLife);
  return response;
}

Task<http::Response> verify(Visit& visit) {
  CO_TRY(auto both, token_and_password(visit.request));
  CO_TRY(const Secret device, co_await visit.accounts.verify_email(
                                  std::move(both.token), std::move(both.password), visit.origin()));
  co_return known_from_now_on(device);
}

Task<http::Response> ask_reset(Visit& visit) {
  CO_TRY(std::string email, only_field(visit.request, "email", kEmail));
  CO_CHECK_OK(co_await visit.accounts.ask_password_reset(std::move(email), visit.origin()));
  co_return mail_comes();
}

Task<http::Response> reset(Visit& visit) {
  CO_TRY(auto both, token_and_password(visit.request));
  CO_TRY(const auto done, co_await visit.accounts.reset_password(
                              std::move(both.token), std::move(both.password), visit.origin()));
  json::Writer out;
  out.begin_object().key("object").string("password_reset");
  out.key("linked_providers").begin_array();
  for (const accounts::WayIn& way : done.ways) {
    out.begin_object().key("provider_id").string(way.provider);
    out.key("name").string(way.name).end_object();
  }
  out.end_array().end_object();
  http::Response response;
  response.body = std::move(out).take();
  set_cookie(response, kDeviceCookie, done.device, kDeviceLife);
  co_return response;
}

struct OldAndNew {
  Secret old_password, password;
};

Task<http::Response> change_password(Visit& visit) {
  CO_TRY(auto both, read_body(visit.request, [](json::ObjectReader& in) {
           return OldAndNew{secret_in(in, "old_password", kPassword),
                            secret_in(in, "password", kPassword)};
         }));
  CO_TRY(const Secret token,
         co_await visit.accounts.change_password(*visit.session, std::move(both.old_password),
                                                 std::move(both.password), visit.origin()));
  http::Response response = no_content();
  renew_session_cookie(response, token, *visit.session, visit.clock.now());
  co_return response;
}

struct AddressAndPassword {
  std::string email;
  Secret password;  ///< empty: a session that has just begun proves as much
};

Task<http::Response> ask_email_change(Visit& visit) {
  CO_TRY(auto wanted, read_body(visit.request, [](json::ObjectReader& in) {
           return AddressAndPassword{text_in(in, "email", kEmail),
                                     optional_secret_in(in, "password", kPassword)};
         }));
  CO_CHECK_OK(co_await visit.accounts.ask_email_change(*visit.session, std::move(wanted.email),
                                                       std::move(wanted.password), visit.origin()));
  co_return mail_comes();
}

Task<http::Response> change_email(Visit& visit) {
  CO_TRY(Secret token, only_secret(visit.request, "token", kToken));
  CO_TRY(const Secret renewed, co_await visit.accounts.confirm_email_change(
                                   *visit.session, std::move(token), visit.origin()));
  if (auto* const desk = visit.homes.privacy_desk()) desk->address_changed();
  http::Response response = no_content();
  renew_session_cookie(response, renewed, *visit.session, visit.clock.now());
  co_return response;
}

Task<http::Response> get_user(Visit& visit) { co_return user_response(visit.session->user); }

Task<http::Response> rename(Visit& visit) {
  CO_TRY(std::string name, only_field(visit.request, "name", kName));
  CO_TRY(const User user,
         co_await visit.accounts.rename(*visit.session, std::move(name), visit.origin()));
  co_return user_response(user);
}

}  // namespace

void add_user_routes(Routes& routes) {
  using http::Method;
  routes.add_visit(Method::kPost, "/v1/users", sign_up);
  routes.add_visit(Method::kPost, "/v1/email_verifications", ask_verification);
  routes.add_visit(Method::kPost, "/v1/email_verifications/confirm", verify,
                   Routes::Guard::kByNetwork);
  routes.add_visit(Method::kPost, "/v1/password_resets", ask_reset);
  routes.add_visit(Method::kPost, "/v1/password_resets/confirm", reset, Routes::Guard::kByNetwork);
  routes.add_signed_in_anyhow(Method::kGet, "/v1/user", get_user);
  routes.add_signed_in(Method::kPatch, "/v1/user", rename);
  routes.add_signed_in(Method::kPost, "/v1/user/password", change_password);
  routes.add_signed_in(Method::kPost, "/v1/user/email", ask_email_change);
  routes.add_signed_in(Method::kPost, "/v1/user/email/confirm", change_email);
}

}  // namespace flowsell::api
