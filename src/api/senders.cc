#include "connections/senders.h"

#include <algorithm>

#include "call.h"
#include "headers.h"
#include "managed.h"
#include "numbers/sender_desk.h"
#include "paging.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

constexpr std::size_t kPinDigits = 6;
constexpr json::StringRule kPin{1, 20};
constexpr json::StringRule kCode{1, 20};
constexpr json::StringRule kLanguage{2, 15};
constexpr json::StringRule kName{2, 75};
/// Meta's page on registration (late 2025).
constexpr auto kRegions = std::to_array<std::string_view>(
    {"AE", "AU", "BH", "BR", "CA", "CH", "DE", "GB", "ID", "IN", "JP", "KR", "SG", "ZA"});

bool are_digits(std::string_view text, std::size_t count) {
  return text.size() == count &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Secret pin_in(json::ObjectReader& in) {
  Secret pin = secret_in(in, "pin", kPin);
  if (!pin.empty() && !are_digits(pin.reveal(), kPinDigits))
    in.fault("pin", "invalid_format", "a PIN is 6 digits",
             "Send the number's two-step verification PIN as a text of 6 digits.");
  return pin;
}

/// WhatsApp shows it to people as "123-456".
Secret code_in(json::ObjectReader& in) {
  std::string digits(in.required_string("code", kCode).value_or(""));
  std::erase(digits, '-');
  if (!digits.empty() && !are_digits(digits, kPinDigits))
    in.fault("code", "invalid_format", "a code is 6 digits",
             "Send the code of the text message or the call, 6 digits as a text.");
  return Secret(std::move(digits));
}

Task<http::Response> list_senders(Call& call) {
  CO_TRY(const auto asked, ListRequest<SenderId>::parse(call.request.query));
  const auto page =
      page_of(call.services.senders.list(call.caller.workspace, call.caller.mode), asked);
  co_return list_response(call.request, page, [&call](const connections::SenderPtr& sender) {
    return render_sender(call.services, *sender);
  });
}

Task<http::Response> get_sender(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kLook));
  co_return answer(render_sender(call.services, *sender));
}

// --- registration ---

struct Registration {
  Secret pin;
  std::string region;
};

Registration read_registration(json::ObjectReader& in) {
  Registration registration{pin_in(in), std::string(in.string("region").value_or(""))};
  if (!registration.region.empty() &&
      std::ranges::find(kRegions, registration.region) == kRegions.end()) {
    std::string all;
    for (const auto each : kRegions) all.append(all.empty() ? "" : ", ").append(each);
    in.fault("region", "invalid_value", "WhatsApp stores nothing in that country",
             "Use one of: " + all + ", or leave it out.");
  }
  return registration;
}

Task<http::Response> register_sender(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto asked, read_body(call.request, read_registration));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto done,
         co_await call.services.sender_desk.register_sender(call.by(), sender, std::move(asked.pin),
                                                            std::move(asked.region), key));
  co_return answer(render_sender(call.services, *sender), done.is_replay);
}

Task<http::Response> deregister_sender(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto done,
         co_await call.services.sender_desk.deregister_sender(call.by(), sender, key));
  co_return answer(render_sender(call.services, *sender), done.is_replay);
}

Task<http::Response> set_pin(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto pin, read_body(call.request, pin_in));
  CO_CHECK_OK(co_await call.services.sender_desk.set_pin(call.by(), sender, std::move(pin)));
  co_return answer(render_sender(call.services, *sender));
}

struct CodeRequest {
  channel::CodeMethod method = channel::CodeMethod::kSms;
  std::string language;
};

CodeRequest read_code_request(json::ObjectReader& in) {
  CodeRequest asked;
  const auto method = in.required_string("method");
  if (method == "voice") asked.method = channel::CodeMethod::kVoice;
  if (method && *method != "sms" && *method != "voice")
    in.fault("method", "invalid_value", "there is no such way", "Use sms or voice.");
  asked.language = in.string("language", kLanguage).value_or("en_US");
  return asked;
}

Task<http::Response> request_code(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto asked, read_body(call.request, read_code_request));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto done, co_await call.services.sender_desk.request_code(
                              call.by(), sender, asked.method, std::move(asked.language), key));
  co_return answer(render_sender(call.services, *sender), done.is_replay);
}

Task<http::Response> verify_code(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto code, read_body(call.request, code_in));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto done,
         co_await call.services.sender_desk.verify_code(call.by(), sender, std::move(code), key));
  co_return answer(render_sender(call.services, *sender), done.is_replay);
}

Task<http::Response> request_name(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto name, only_field(call.request, "name", kName));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto done,
         co_await call.services.sender_desk.request_name(call.by(), sender, std::move(name), key));
  co_return answer(render_sender(call.services, *sender), done.is_replay);
}

}  // namespace

void add_sender_routes(Routes& routes) {
  using enum identity::Scope;
  using http::Method;
  routes.add(Method::kGet, "/v1/senders", kMessagesRead, list_senders);
  routes.add(Method::kGet, "/v1/senders/{}", kMessagesRead, get_sender);
  routes.add(Method::kPost, "/v1/senders/{}/register", kConnectionsManage, register_sender);
  routes.add(Method::kPost, "/v1/senders/{}/deregister", kConnectionsManage, deregister_sender);
  routes.add(Method::kPut, "/v1/senders/{}/pin", kConnectionsManage, set_pin);
  routes.add(Method::kPost, "/v1/senders/{}/request_code", kConnectionsManage, request_code);
  routes.add(Method::kPost, "/v1/senders/{}/verify_code", kConnectionsManage, verify_code);
  routes.add(Method::kPost, "/v1/senders/{}/display_name", kConnectionsManage, request_name);
}

}  // namespace flowsell::api
