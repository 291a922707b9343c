#include "signup.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/encoding.h"
#include "fields.h"
#include "json/json.h"

namespace flowsell::whatsapp {
namespace {

using channel::SignupFault;
using channel::SignupMessage;

constexpr std::size_t kMessageBytesMax = 16'384;
constexpr std::size_t kIdLengthMax = 32;
constexpr std::size_t kWordLengthMax = 80;
constexpr std::int64_t kInvalidParameter = 100;
constexpr std::string_view kScopes = "whatsapp_business_management,whatsapp_business_messaging";

/// Where it is a number, as all ids of the Graph are; else empty: it came through a browser.
std::string id_in(const json::Object& data, std::string_view name) {
  std::string text = scalar_in(data, name);
  const bool is_id = text.size() <= kIdLengthMax &&
                     std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return is_id ? text : std::string();
}

/// A word of Meta's: "PHONE_NUMBER_SETUP". Anything else is left out.
std::string word_in(const json::Object& data, std::string_view name) {
  std::string text = scalar_in(data, name);
  const bool is_word = text.size() <= kWordLengthMax && std::ranges::all_of(text, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '_' || c == '-';
                       });
  return is_word ? text : std::string();
}

/// The first of several accounts, where only the list has it.
std::string account_in(const json::Object& data) {
  if (auto account = id_in(data, "waba_id"); !account.empty()) return account;
  const auto* ids = data.if_contains("waba_ids");
  if (ids == nullptr || !ids->is_array() || ids->get_array().size() != 1) return {};
  const json::Object only = {{"id", ids->get_array().front()}};
  return id_in(only, "id");
}

std::optional<SignupMessage> finished(std::string_view event) {
  SignupMessage message;
  if (event == "FINISH" || event == "FINISH_OBO_MIGRATION" ||
      event == "FINISH_GRANT_ONLY_API_ACCESS") {
    return message;
  }
  if (event == "FINISH_ONLY_WABA") {
    message.has_sender = false;
    return message;
  }
  if (event == "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING") {
    message.coexists = true;
    return message;
  }
  return std::nullopt;
}

/// A CANCEL says where it was left, or bears an error.
SignupMessage left(std::string_view event, const json::Object& data) {
  SignupMessage message;
  message.step = word_in(data, "current_step");
  message.error_code = word_in(data, "error_code");
  const bool has_failed = event == "ERROR" || !message.error_code.empty() ||
                          data.if_contains("error_message") != nullptr;
  message.kind = has_failed ? SignupMessage::Kind::kFailed : SignupMessage::Kind::kCancelled;
  return message;
}

struct FaultRow {
  std::int64_t code;
  SignupFault fault;
};
// By the subcode where there is one of these, else by the code.
constexpr std::array kSubcodes = {FaultRow{36007, SignupFault::kCodeExpired},
                                  FaultRow{36008, SignupFault::kAppRefused},
                                  FaultRow{36009, SignupFault::kCodeUsed}};
constexpr std::array kCodes = {FaultRow{1, SignupFault::kAppRefused},
                               FaultRow{3, SignupFault::kAccessMissing},
                               FaultRow{4, SignupFault::kBusy},
                               FaultRow{10, SignupFault::kAccessMissing},
                               FaultRow{101, SignupFault::kAppRefused},
                               FaultRow{190, SignupFault::kTokenRefused},
                               FaultRow{80007, SignupFault::kBusy},
                               FaultRow{80008, SignupFault::kBusy},
                               FaultRow{133005, SignupFault::kPinWrong},
                               FaultRow{133006, SignupFault::kNumberUnverified},
                               FaultRow{133008, SignupFault::kPinBlocked},
                               FaultRow{133009, SignupFault::kPinTooSoon},
                               FaultRow{133016, SignupFault::kRegistrationLimit},
                               FaultRow{2388012, SignupFault::kNumberElsewhere},
                               FaultRow{2388091, SignupFault::kNumberElsewhere},
                               FaultRow{2388093, SignupFault::kNumberElsewhere}};

template <std::size_t N>
SignupFault fault_in(const std::array<FaultRow, N>& rows, std::int64_t code) noexcept {
  const auto found = std::ranges::find(rows, code, &FaultRow::code);
  return found == rows.end() ? SignupFault::kOther : found->fault;
}

class WhatsAppSignup final : public channel::SignupCalls {
 public:
  std::string dialog_url(const Dialog& dialog) const override {
    std::string url(dialog.page);
    url.append("?client_id=").append(percent_encode(dialog.app_id));
    url.append("&redirect_uri=").append(percent_encode(dialog.redirect_uri));
    url.append("&state=").append(percent_encode(dialog.state)).append("&response_type=code");
    if (dialog.config.empty()) return url.append("&scope=").append(percent_encode(kScopes));
    return url.append("&override_default_response_type=true&config_id=")
        .append(percent_encode(dialog.config));
  }

  std::optional<SignupMessage> read_message(std::string_view text) const override {
    const auto document = json::parse(text, {.bytes_max = kMessageBytesMax, .depth_max = 8});
    if (!document || !document->root().is_object()) return std::nullopt;
    const json::Object& body = document->root().get_object();
    if (text_in(body, "type") != "WA_EMBEDDED_SIGNUP") return std::nullopt;
    const json::Object none;
    const json::Object* told = object_in(body, "data");
    const json::Object& data = told == nullptr ? none : *told;
    const std::string_view event = text_in(body, "event");
    if (event == "CANCEL" || event == "ERROR") return left(event, data);
    auto message = finished(event);
    if (!message) return std::nullopt;
    message->account = account_in(data);
    message->address = id_in(data, "phone_number_id");
    return message;
  }

  SignupFault fault_of(const ProviderError& error) const noexcept override {
    const auto by_subcode = fault_in(kSubcodes, error.subcode);
    if (by_subcode != SignupFault::kOther) return by_subcode;
    // Meta's permission errors: 200 to 299.
    if (error.code >= 200 && error.code <= 299) return SignupFault::kAccessMissing;
    // "Invalid parameter" bears the code that says more as its subcode.
    return fault_in(kCodes, error.code == kInvalidParameter ? error.subcode : error.code);
  }
};

}  // namespace

const channel::SignupCalls& signup_calls() noexcept {
  static const WhatsAppSignup calls;
  return calls;
}

}  // namespace flowsell::whatsapp
