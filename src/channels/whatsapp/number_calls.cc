#include "number_calls.h"

#include <algorithm>

#include "core/encoding.h"
#include "core/phone_number.h"
#include "field_copy.h"
#include "fields.h"

namespace flowsell::whatsapp {
namespace {

using channel::SenderState;

constexpr std::string_view kNumberFields =
    "id,display_phone_number,verified_name,name_status,new_name_status,status,quality_rating,"
    "throughput,code_verification_status,platform_type,account_mode,"
    "whatsapp_business_manager_messaging_limit,is_official_business_account,is_pin_enabled,"
    "is_on_biz_app";
constexpr int kNumbersAPage = 100;

bool is_segment(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
}

Result<http::OutRequest> request_to(http::Method method, std::string_view edge,
                                    const channel::SenderRoute& route) {
  // An address with '/' or '?' would reach another part of Meta's API with the account's token.
  if (!is_segment(route.address))
    return fail(ErrorCode::kInternal, "the provider's id has a character that can't be in one");
  http::OutRequest request;
  request.method = method;
  request.url = route.at("/" + route.address + std::string(edge));
  request.version = route.version;
  return request;
}

/// "+1 555-078-3881", as Meta shows it, as E.164. Empty when it is none.
std::string number_of(std::string_view shown) {
  std::string digits = "+";
  for (const char c : shown)
    if (c >= '0' && c <= '9') digits += c;
  const auto number = PhoneNumber::parse(digits);
  return number ? digits : std::string();
}

SenderState state_of(const json::Object& number) {
  SenderState state;
  state.address = scalar_in(number, "id");
  state.display_number = number_of(scalar_in(number, "display_phone_number"));
  state.name = text_in(number, "verified_name");
  state.name_status = word_in(number, "name_status");
  state.requested_name_status = word_in(number, "new_name_status");
  state.status = word_in(number, "status");
  state.quality = word_in(number, "quality_rating");
  if (state.quality == "na") state.quality = "unknown";
  if (const auto* throughput = object_in(number, "throughput"))
    state.throughput = word_in(*throughput, "level");
  state.verification = word_in(number, "code_verification_status");
  state.platform = word_in(number, "platform_type");
  state.account_mode = word_in(number, "account_mode");
  state.messaging_limit = word_in(number, "whatsapp_business_manager_messaging_limit");
  state.is_official = flag_in(number, "is_official_business_account");
  state.has_pin = flag_in(number, "is_pin_enabled");
  state.is_on_app = flag_in(number, "is_on_biz_app");
  return state;
}

}  // namespace

// --- shared ---

Result<http::OutRequest> graph_get(std::string_view edge, const channel::SenderRoute& route) {
  return request_to(http::Method::kGet, edge, route);
}

Result<http::OutRequest> graph_delete(std::string_view edge, const channel::SenderRoute& route) {
  return request_to(http::Method::kDelete, edge, route);
}

Result<http::OutRequest> graph_post(std::string_view edge, json::Writer body,
                                    const channel::SenderRoute& route) {
  TRY(auto request, request_to(http::Method::kPost, edge, route));
  body.end_object();
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body).take();
  return request;
}

json::Writer whatsapp_object() {
  json::Writer out = object_writer();
  out.key("messaging_product").string("whatsapp");
  return out;
}

// --- numbers ---

NumberCalls::Request NumberCalls::list_senders(const std::string& after,
                                               const Route& account) const {
  std::string edge = "/phone_numbers?fields=" + std::string(kNumberFields) +
                     "&limit=" + std::to_string(kNumbersAPage);
  if (!after.empty()) edge += "&after=" + percent_encode(after);
  return graph_get(edge, account);
}

Result<channel::SenderPage> NumberCalls::read_senders(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto& root = document.root().get_object();
  const auto* data = array_in(root, "data");
  if (data == nullptr) return unreadable();
  channel::SenderPage page;
  for (const auto& each : *data) {
    const auto* number = each.if_object();
    if (number == nullptr || scalar_in(*number, "id").empty()) return unreadable();
    page.senders.push_back(state_of(*number));
  }
  page.next = cursor_in(root, "after");
  return page;
}

NumberCalls::Request NumberCalls::get_sender(const Route& sender) const {
  return graph_get("?fields=" + std::string(kNumberFields), sender);
}

Result<SenderState> NumberCalls::read_sender(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  auto state = state_of(document.root().get_object());
  if (state.address.empty()) return unreadable();
  return state;
}

// --- registration ---

NumberCalls::Request NumberCalls::register_sender(const Secret& pin, std::string_view region,
                                                  const Route& sender) const {
  auto body = whatsapp_object();
  body.key("pin").string(pin.reveal());
  body.optional_string("data_localization_region", region);
  return graph_post("/register", std::move(body), sender);
}

NumberCalls::Request NumberCalls::deregister_sender(const Route& sender) const {
  return request_to(http::Method::kPost, "/deregister", sender);
}

NumberCalls::Request NumberCalls::set_pin(const Secret& pin, const Route& sender) const {
  auto body = object_writer();
  body.key("pin").string(pin.reveal());
  return graph_post("", std::move(body), sender);
}

NumberCalls::Request NumberCalls::request_code(channel::CodeMethod method,
                                               std::string_view language,
                                               const Route& sender) const {
  auto body = object_writer();
  body.key("code_method").string(method == channel::CodeMethod::kSms ? "SMS" : "VOICE");
  body.key("language").string(language);
  return graph_post("/request_code", std::move(body), sender);
}

NumberCalls::Request NumberCalls::verify_code(const Secret& code, const Route& sender) const {
  auto body = object_writer();
  body.key("code").string(code.reveal());
  return graph_post("/verify_code", std::move(body), sender);
}

NumberCalls::Request NumberCalls::request_name(std::string_view name, const Route& sender) const {
  auto body = object_writer();
  body.key("new_display_name").string(name);
  return graph_post("", std::move(body), sender);
}

}  // namespace flowsell::whatsapp
