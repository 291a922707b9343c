#include "send_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "field_checks.h"
#include "message_checks.h"
#include "template_checks.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kCallbackMax = 512;
constexpr std::size_t kRecipientBytesMax = 160;

std::unexpected<GraphError> required(std::string_view name) {
  return refuse_field(fmt::format("The parameter {} is required.", name));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The digits of a number as people write it; empty when it is none.
std::string digits_of(std::string_view to) {
  std::string digits;
  for (const char c : to) {
    if (is_digit(c)) {
      digits += c;
    } else if (std::string_view("+-() .").find(c) == std::string_view::npos) {
      return {};
    }
  }
  return digits.size() <= 15 ? digits : std::string();
}

/// "DE.1349..." or "US.ENT.1349...".
bool is_user_id(std::string_view text) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto inner = [&](char c) {
    return is_digit(c) || upper(c) || (c >= 'a' && c <= 'z') || c == '.';
  };
  return text.size() > 3 && text.size() <= 140 && upper(text[0]) && upper(text[1]) &&
         text[2] == '.' && std::ranges::all_of(text.substr(3), inner);
}

Checked<> read_phone(SendRequest& request, std::string_view sender_country) {
  constexpr std::size_t kDigitsMin = 5;
  request.person = digits_of(request.to);
  // Meta's documented trap: without '+' the sender's own country code is put in front.
  if (!request.to.starts_with('+') && !request.person.empty()) {
    request.person.insert(0, sender_country);
  }
  if (request.person.size() >= kDigitsMin) return {};
  return refuse(131009, "Parameter to is not a valid phone number");
}

Checked<> read_recipient(const Fields& body, SendRequest& request,
                         std::string_view sender_country) {
  TRY(auto recipient_type, body.optional_text("recipient_type", {}));
  request.to_group = recipient_type == "group";
  if (!recipient_type.empty() && !request.to_group && recipient_type != "individual") {
    return refuse_field("Param recipient_type must be one of {INDIVIDUAL, GROUP}");
  }
  TRY(request.to, body.optional_text("to", {.min = 0, .max = kRecipientBytesMax}));
  if (request.to.empty()) {
    TRY(request.to, body.optional_text("recipient", {.min = 0}));
    if (request.to.empty() || request.to_group) return required("to");
    if (!is_user_id(request.to)) return refuse(131009, "Parameter recipient is not a user id");
    request.to_user = true;
  }
  if (!request.to_user && !request.to_group) return read_phone(request, sender_country);
  if (request.to.size() > kRecipientBytesMax) return refuse(131009, "Parameter to is too long");
  request.person = std::string(request.to);
  return {};
}

Checked<SendRequest> check_mark_as_read(const Fields& body) {
  SendRequest request{.kind = SendRequest::Kind::kMarkAsRead};
  TRY(auto status, body.text("status", {}));
  if (status != "read") return refuse_field("Param status must be one of {READ}");
  if (!body.find("message_id")) return required("message_id");
  TRY(const auto message_id, body.text("message_id", {}));
  if (!message_id.starts_with("wamid."))
    return refuse(131009, "Parameter message_id is not a message id");
  if (!body.find("typing_indicator")) return request;
  TRY(auto typing, body.object("typing_indicator"));
  TRY(auto type, typing.text("type", {}));
  if (type != "text") return typing.wrong("type", "must be text");
  return request;
}

Checked<> check_context(const Fields& body) {
  if (!body.find("context")) return {};
  TRY(auto context, body.object("context"));
  TRY(auto id, context.text("message_id", {}));
  if (!id.starts_with("wamid.")) return context.wrong("message_id", "is not a message id");
  return {};
}

Checked<MessageType> read_type(const Fields& body) {
  TRY(auto name, body.optional_text("type", {.min = 0}));
  if (name.empty()) return MessageType::kText;
  const auto type = parse_message_type(name);
  if (type) return *type;
  return refuse_field(
      "Param type must be one of {AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, "
      "REACTION, "
      "STICKER, TEMPLATE, TEXT, VIDEO}");
}

bool is_for_groups(MessageType type) {
  return type != MessageType::kLocation && type != MessageType::kContacts &&
         type != MessageType::kReaction && type != MessageType::kInteractive;
}

/// Who can't be sent what.
Checked<> check_kind_for_recipient(const Fields& body, const SendRequest& request) {
  if (request.to_group && !is_for_groups(request.type))
    return refuse(131051, "Messages of this type can't be sent to a group");
  if (request.type == MessageType::kTemplate && (request.to_user || request.to_group) &&
      is_authentication_template(body))
    return refuse(131062, "Authentication templates need a phone number");
  return {};
}

/// What /marketing_messages takes beside what /messages does, and what it does not.
Checked<> check_marketing(const Fields& body, const SendRequest& request, SendEdge edge) {
  if (edge == SendEdge::kMessages) {
    if (!body.find("product_policy")) return {};
    return refuse_field("Unexpected key \"product_policy\" on param \"\".");
  }
  if (request.type != MessageType::kTemplate)
    return refuse_field("Param type must be one of {TEMPLATE}");
  if (request.to_group) return refuse_field("Param recipient_type must be one of {INDIVIDUAL}");
  if (body.find("product_policy"))
    CHECK_OK(body.choice("product_policy", {"CLOUD_API_FALLBACK", "STRICT"}));
  return body.optional_boolean("message_activity_sharing");
}

}  // namespace

Checked<SendRequest> check_send_request(const json::Value& value, std::string_view sender_country,
                                        SendEdge edge) {
  const auto* object = value.if_object();
  if (!object) return required("messaging_product");
  const Fields body(*object, "");
  if (!body.find("messaging_product")) return required("messaging_product");
  TRY(auto product, body.text("messaging_product", {.min = 0}));
  if (product != "whatsapp")
    return refuse_field("Param messaging_product must be one of {WHATSAPP}");
  if (edge == SendEdge::kMessages && body.find("status")) return check_mark_as_read(body);

  SendRequest request;
  CHECK_OK(read_recipient(body, request, sender_country));
  TRY(request.type, read_type(body));
  CHECK_OK(check_marketing(body, request, edge));
  CHECK_OK(check_context(body));
  TRY(request.callback_data,
      body.optional_text("biz_opaque_callback_data", {.min = 0, .max = kCallbackMax}));
  CHECK_OK(body.optional_text("recipient_identity_key_hash", {.min = 0}));
  CHECK_OK(check_message_object(body, request.type));
  CHECK_OK(check_kind_for_recipient(body, request));
  return request;
}

}  // namespace flowsell::sim
