#include "fake_channel.h"

#include "json/json.h"

namespace flowsell::connections {
namespace {

http::OutRequest to(std::string path, const channel::SenderRoute& route, std::string body = {}) {
  http::OutRequest request;
  request.url = route.at(path);
  request.body = std::move(body);
  return request;
}

const json::Value* field(const json::Document& document, std::string_view name) {
  const json::Object* root = document.root().if_object();
  return root == nullptr ? nullptr : root->if_contains(name);
}

std::string text(const json::Value* value) {
  return value != nullptr && value->is_string() ? std::string(std::string_view(value->get_string()))
                                                : std::string();
}

bool flag(const json::Value* value) {
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

void FakeChannel::authorize(http::OutRequest& request, const Secret& token) const {
  request.headers.push_back({"By", std::string(token.reveal())});
}

channel::Interpretation FakeChannel::interpret(const http::Exchange& answered) const {
  channel::Interpretation out;
  const auto document = json::parse(answered.body);
  const json::Value* error = document ? field(*document, "error") : nullptr;
  if (error == nullptr || !error->is_object()) return out;
  out.kind = channel::Interpretation::Kind::kError;
  const json::Object& fields = error->get_object();
  out.error.provider = "fake";
  out.error.code = fields.at("code").as_int64();
  if (const auto* subcode = fields.if_contains("subcode")) out.error.subcode = subcode->as_int64();
  out.error.reason = text(fields.if_contains("reason"));
  out.error.fix = "Fix it.";
  out.error.text = "the provider's own words";
  return out;
}

Secret FakeChannel::app_token(const channel::ConnectApp& app) const {
  return Secret("app " + app.id);
}

http::OutRequest FakeChannel::exchange_code(const channel::ConnectApp&, const Secret&,
                                            std::string_view,
                                            const channel::SenderRoute& route) const {
  return to("/exchange", route);
}

http::OutRequest FakeChannel::extend_token(const channel::ConnectApp&, const Secret& token,
                                           const channel::SenderRoute& route) const {
  return to("/extend", route, std::string(token.reveal()));
}

Result<channel::IssuedToken> FakeChannel::read_issued(const http::Exchange& answer) const {
  TRY(const auto document, json::parse(answer.body));
  channel::IssuedToken issued;
  issued.token = Secret(text(field(document, "token")));
  return issued;
}

http::OutRequest FakeChannel::inspect_token(const Secret& token,
                                            const channel::SenderRoute& route) const {
  return to("/inspect", route, std::string(token.reveal()));
}

Result<channel::TokenFacts> FakeChannel::read_token(const http::Exchange& answer) const {
  TRY(const auto document, json::parse(answer.body));
  channel::TokenFacts facts;
  facts.is_valid = flag(field(document, "valid"));
  if (!facts.is_valid) facts.trouble = token_trouble(190, 463);
  facts.app_id = text(field(document, "app"));
  facts.user_id = text(field(document, "user"));
  facts.may_manage = facts.may_send = !flag(field(document, "may_little"));
  if (const auto end = parse_time(text(field(document, "ends")))) facts.expires_at = *end;
  if (const auto* accounts = field(document, "accounts"); accounts != nullptr) {
    for (const auto& each : accounts->as_array()) facts.accounts.push_back(text(&each));
  }
  return facts;
}

http::OutRequest FakeChannel::get_account(std::string_view account,
                                          const channel::SenderRoute& route) const {
  return to("/" + std::string(account), route);
}

Result<channel::AccountFacts> FakeChannel::read_account(const http::Exchange& answer) const {
  TRY(const auto document, json::parse(answer.body));
  channel::AccountFacts facts;
  facts.account = text(field(document, "id"));
  facts.name = text(field(document, "name"));
  facts.currency = text(field(document, "currency"));
  facts.owner_business_id = text(field(document, "owner"));
  return facts;
}

http::OutRequest FakeChannel::list_addresses(std::string_view account, std::string_view after,
                                             const channel::SenderRoute& route) const {
  return to("/" + std::string(account) + "/numbers?after=" + std::string(after), route);
}

Result<channel::AccountCalls::AddressPage> FakeChannel::read_addresses(
    const http::Exchange& answer) const {
  TRY(const auto document, json::parse(answer.body));
  AddressPage page;
  page.next = text(field(document, "next"));
  for (const auto& each : field(document, "numbers")->as_array()) {
    const json::Object& number = each.as_object();
    page.addresses.push_back({text(number.if_contains("id")), text(number.if_contains("number")),
                              "Shop", flag(number.if_contains("registered")),
                              flag(number.if_contains("on_app"))});
  }
  return page;
}

http::OutRequest FakeChannel::subscribe(std::string_view account,
                                        const channel::OverrideCallback& callback,
                                        const channel::SenderRoute& route) const {
  const char* edge = callback.url.empty() ? "/subscribe" : "/callback";
  return to("/" + std::string(account) + edge, route, callback.url);
}

http::OutRequest FakeChannel::unsubscribe(std::string_view account,
                                          const channel::SenderRoute& route) const {
  return to("/" + std::string(account) + "/unsubscribe", route);
}

http::OutRequest FakeChannel::register_address(std::string_view address, const Secret& pin,
                                               const channel::SenderRoute& route) const {
  return to("/" + std::string(address) + "/register", route, std::string(pin.reveal()));
}

std::vector<http::OutRequest> FakeChannel::request_history(
    std::string_view address, const channel::SenderRoute& route) const {
  std::vector<http::OutRequest> requests;
  requests.push_back(to("/" + std::string(address) + "/history", route));
  return requests;
}

std::string_view FakeChannel::token_trouble(std::int64_t code,
                                            std::int64_t subcode) const noexcept {
  if (code != 190) return {};
  return subcode == 463 ? "token_expired" : "token_revoked";
}

}  // namespace flowsell::connections
