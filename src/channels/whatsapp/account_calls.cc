#include "account_calls.h"

#include <algorithm>
#include <array>
#include <utility>

#include "answers.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "field_copy.h"
#include "fields.h"
#include "json/writer.h"

namespace flowsell::whatsapp {
namespace {

using channel::SenderRoute;
using http::Method;
using http::OutRequest;

constexpr std::string_view kManagement = "whatsapp_business_management";
constexpr std::string_view kMessaging = "whatsapp_business_messaging";
constexpr std::size_t kIdLengthMax = 64;
constexpr int kAddressesAtOnce = 100;

OutRequest request_to(Method method, const std::string& path, const SenderRoute& route) {
  OutRequest request;
  request.method = method;
  request.url = route.at(path);
  request.version = route.version;
  return request;
}

/// An id in a path: whatever it holds, it stays one segment of it.
std::string node(std::string_view id, std::string_view edge = {}) {
  return "/" + percent_encode(id) + std::string(edge);
}

OutRequest post_json(const std::string& path, const SenderRoute& route, std::string body) {
  OutRequest request = request_to(Method::kPost, path, route);
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  return request;
}

/// Secrets go in the body: addresses are written to logs on the way.
OutRequest ask_for_token(const channel::ConnectApp& app, const SenderRoute& route,
                         std::string more) {
  OutRequest request = request_to(Method::kPost, "/oauth/access_token", route);
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.body = "client_id=" + percent_encode(app.id) +
                 "&client_secret=" + percent_encode(app.secret.reveal()) + std::move(more);
  return request;
}

std::unexpected<Error> lacking(std::string_view what) {
  return fail(ErrorCode::kProviderUnreachable,
              std::string("the provider's answer lacks ").append(what));
}

bool has_text(const json::Object& object, std::string_view name, std::string_view text) {
  const json::Array* all = array_in(object, name);
  return all != nullptr && std::ranges::any_of(*all, [text](const json::Value& each) {
           return each.is_string() && std::string_view(each.get_string()) == text;
         });
}

/// granular_scopes: which accounts the scope is limited to.
std::vector<std::string> targets_of(const json::Object& data, std::string_view scope) {
  std::vector<std::string> targets;
  const json::Array* scopes = array_in(data, "granular_scopes");
  if (scopes == nullptr) return targets;
  for (const json::Value& each : *scopes) {
    const json::Object* granted = each.if_object();
    if (granted == nullptr || text_in(*granted, "scope") != scope) continue;
    const json::Array* ids = array_in(*granted, "target_ids");
    if (ids == nullptr) continue;
    for (const json::Value& id : *ids) {
      if (id.is_string()) targets.emplace_back(std::string_view(id.get_string()));
      if (id.is_int64()) targets.push_back(std::to_string(id.get_int64()));
    }
  }
  return targets;
}

std::string e164_of(std::string_view shown) {
  std::string digits = "+";
  std::ranges::copy_if(shown, std::back_inserter(digits),
                       [](char c) { return c >= '0' && c <= '9'; });
  return digits.size() > 1 ? digits : std::string();
}

channel::AddressFacts address_of(const json::Object& phone) {
  channel::AddressFacts facts;
  facts.address = scalar_in(phone, "id");
  facts.display_number = e164_of(text_in(phone, "display_phone_number"));
  facts.name = text_in(phone, "verified_name");
  facts.is_registered = text_in(phone, "status") == "CONNECTED";
  facts.is_on_app = flag_in(phone, "is_on_biz_app").value_or(false);
  return facts;
}

}  // namespace

Secret WhatsAppAccountCalls::app_token(const channel::ConnectApp& app) const {
  return Secret(app.id + "|" + std::string(app.secret.reveal()));
}

OutRequest WhatsAppAccountCalls::exchange_code(const channel::ConnectApp& app, const Secret& code,
                                               std::string_view redirect_uri,
                                               const SenderRoute& route) const {
  std::string more = "&code=" + percent_encode(code.reveal());
  if (!redirect_uri.empty()) more += "&redirect_uri=" + percent_encode(redirect_uri);
  return ask_for_token(app, route, std::move(more));
}

OutRequest WhatsAppAccountCalls::extend_token(const channel::ConnectApp& app, const Secret& token,
                                              const SenderRoute& route) const {
  return ask_for_token(
      app, route,
      "&grant_type=fb_exchange_token&fb_exchange_token=" + percent_encode(token.reveal()));
}

Result<channel::IssuedToken> WhatsAppAccountCalls::read_issued(const http::Exchange& answer) const {
  TRY(const auto document, read_object(answer));
  const json::Object& root = document.root().get_object();
  channel::IssuedToken issued;
  issued.token = Secret(std::string(text_in(root, "access_token")));
  if (issued.token.empty()) return lacking("a token");
  const auto life = number_in(root, "expires_in");
  if (life && *life > 0) issued.life = std::chrono::seconds(*life);
  return issued;
}

OutRequest WhatsAppAccountCalls::inspect_token(const Secret& token,
                                               const SenderRoute& route) const {
  return request_to(Method::kGet, "/debug_token?input_token=" + percent_encode(token.reveal()),
                    route);
}

Result<channel::TokenFacts> WhatsAppAccountCalls::read_token(const http::Exchange& answer) const {
  TRY(const auto document, read_object(answer));
  const json::Object* data = object_in(document.root().get_object(), "data");
  if (data == nullptr) return lacking("what it knows of the token");
  channel::TokenFacts facts;
  facts.is_valid = flag_in(*data, "is_valid").value_or(false);
  if (!facts.is_valid) {
    const json::Object* error = object_in(*data, "error");
    constexpr std::int64_t kInvalidToken = 190;
    facts.trouble = token_trouble(kInvalidToken,
                                  error == nullptr ? 0 : number_in(*error, "subcode").value_or(0));
  }
  facts.app_id = scalar_in(*data, "app_id");
  facts.user_id = scalar_in(*data, "user_id");
  if (const auto end = read_time(*data, "expires_at")) facts.expires_at = *end;
  facts.may_manage = has_text(*data, "scopes", kManagement);
  facts.may_send = has_text(*data, "scopes", kMessaging);
  facts.accounts = targets_of(*data, kManagement);
  return facts;
}

OutRequest WhatsAppAccountCalls::get_account(std::string_view account,
                                             const SenderRoute& route) const {
  return request_to(Method::kGet,
                    node(account,
                         "?fields=id,name,currency,timezone_id,owner_business_info,"
                         "account_review_status"),
                    route);
}

Result<channel::AccountFacts> WhatsAppAccountCalls::read_account(
    const http::Exchange& answer) const {
  TRY(const auto document, read_object(answer));
  const json::Object& root = document.root().get_object();
  channel::AccountFacts facts;
  facts.account = scalar_in(root, "id");
  if (facts.account.empty()) return lacking("the account");
  facts.name = text_in(root, "name");
  facts.currency = text_in(root, "currency");
  facts.time_zone = scalar_in(root, "timezone_id");
  if (const json::Object* owner = object_in(root, "owner_business_info")) {
    facts.owner_business_id = scalar_in(*owner, "id");
    facts.owner_business_name = text_in(*owner, "name");
  }
  return facts;
}

OutRequest WhatsAppAccountCalls::list_addresses(std::string_view account, std::string_view after,
                                                const SenderRoute& route) const {
  std::string path = node(account,
                          "/phone_numbers?fields=id,display_phone_number,verified_name,"
                          "status,is_on_biz_app,platform_type&limit=");
  path += std::to_string(kAddressesAtOnce);
  if (!after.empty()) path += "&after=" + percent_encode(after);
  return request_to(Method::kGet, path, route);
}

Result<channel::AccountCalls::AddressPage> WhatsAppAccountCalls::read_addresses(
    const http::Exchange& answer) const {
  TRY(const auto document, read_object(answer));
  const json::Object& root = document.root().get_object();
  const json::Array* data = array_in(root, "data");
  if (data == nullptr) return lacking("the account's numbers");
  AddressPage page;
  for (const json::Value& each : *data) {
    const json::Object* phone = each.if_object();
    if (phone == nullptr) continue;
    auto facts = address_of(*phone);
    // Without a number that can be shown and written to it is none of ours.
    if (facts.address.empty() || facts.address.size() > kIdLengthMax ||
        facts.display_number.empty())
      continue;
    page.addresses.push_back(std::move(facts));
  }
  page.next = cursor_in(root, "after");
  return page;
}

OutRequest WhatsAppAccountCalls::subscribe(std::string_view account,
                                           const channel::OverrideCallback& callback,
                                           const SenderRoute& route) const {
  const std::string path = node(account, "/subscribed_apps");
  if (callback.url.empty()) return request_to(Method::kPost, path, route);
  json::Writer out;
  out.begin_object().key("override_callback_uri").string(callback.url);
  out.key("verify_token").string(callback.verify_token.reveal()).end_object();
  return post_json(path, route, std::move(out).take());
}

OutRequest WhatsAppAccountCalls::unsubscribe(std::string_view account,
                                             const SenderRoute& route) const {
  return request_to(Method::kDelete, node(account, "/subscribed_apps"), route);
}

OutRequest WhatsAppAccountCalls::register_address(std::string_view address, const Secret& pin,
                                                  const SenderRoute& route) const {
  json::Writer out;
  out.begin_object().key("messaging_product").string("whatsapp");
  out.key("pin").string(pin.reveal()).end_object();
  return post_json(node(address, "/register"), route, std::move(out).take());
}

std::vector<OutRequest> WhatsAppAccountCalls::request_history(std::string_view address,
                                                              const SenderRoute& route) const {
  std::vector<OutRequest> requests;
  for (const std::string_view what : {"smb_app_state_sync", "history"}) {
    json::Writer out;
    out.begin_object().key("messaging_product").string("whatsapp");
    out.key("sync_type").string(what).end_object();
    requests.push_back(post_json(node(address, "/smb_app_data"), route, std::move(out).take()));
  }
  return requests;
}

/// reference/whatsapp.md, 7.4: the signature is over the second part as it was sent.
Result<channel::SignedRequest> WhatsAppAccountCalls::read_signed_request(
    std::string_view signed_request, const Secret& app_secret) const {
  constexpr std::size_t kMax = 8192;
  const auto refuse = [] {
    return fail(ErrorCode::kInvalidSignature, "the request is not signed with this app's secret");
  };
  const auto dot = signed_request.find('.');
  if (app_secret.empty() || dot == signed_request.npos || signed_request.size() > kMax)
    return refuse();
  const std::string_view payload = signed_request.substr(dot + 1);
  const auto signature = base64url_decode(signed_request.substr(0, dot));
  const auto expected = crypto::hmac_sha256(app_secret.reveal(), {payload});
  if (!signature || !crypto::constant_time_equal(*signature, as_text(expected))) return refuse();
  const auto text = base64url_decode(payload);
  if (!text) return refuse();
  const auto document = json::parse(*text);
  if (!document || !document->root().is_object()) return refuse();
  const json::Object& root = document->root().get_object();
  channel::SignedRequest told;
  told.user_id = scalar_in(root, "user_id");
  if (text_in(root, "algorithm") != "HMAC-SHA256" || told.user_id.empty()) return refuse();
  // Without a time it is older than any.
  told.issued_at = read_time(root, "issued_at").value_or(Time{});
  return told;
}

std::string_view WhatsAppAccountCalls::token_trouble(std::int64_t code,
                                                     std::int64_t subcode) const noexcept {
  constexpr std::int64_t kAuthentication = 0, kSession = 102, kInvalidToken = 190;
  constexpr std::array kOfToken = {kAuthentication, kSession, kInvalidToken};
  if (std::ranges::find(kOfToken, code) == kOfToken.end()) return {};
  switch (subcode) {
    case 463:
      return "token_expired";
    case 460:  // the password was changed, or somebody took the token back
    case 467:  // signed out
      return "token_revoked";
    case 458:  // the person removed the app
      return "app_removed";
    default:
      return "token_invalid";
  }
}

}  // namespace flowsell::whatsapp
