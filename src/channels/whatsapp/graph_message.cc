#include "whatsapp/graph_message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "channel/message.h"
#include "core/encoding.h"
#include "fields.h"
#include "json/reader.h"
#include "json/writer.h"

namespace flowsell::whatsapp {
namespace {

using json::Array;
using json::Object;
using json::Value;

constexpr std::size_t kCallbackDataMax = 512;
constexpr std::size_t kNumberDigitsMin = 7;
constexpr std::size_t kNumberDigitsMax = 15;

/// What our request has and Meta's has not.
constexpr std::array<std::string_view, 5> kOurs = {"from", "client_ref", "metadata", "ttl_seconds",
                                                   "purpose"};
/// What a business sends as it likes: its nulls are its own.
constexpr std::array<std::string_view, 3> kFreeForm = {"data", "flow_action_data",
                                                       "payment_settings"};

std::string_view text_of(const Value& value) {
  const auto* text = value.if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

void set_text(Object& object, std::string_view name, std::string_view text) {
  object[name] = boost::json::string(text);
}

void lower(Object& object, std::string_view name) {
  if (const Value* value = object.if_contains(name); value != nullptr && value->is_string())
    set_text(object, name, lower_case(text_of(*value)));
}

/// Meta takes a null as if it were not there.
void drop_nulls(Value& value) {
  if (Array* array = value.if_array()) {
    for (Value& each : *array) drop_nulls(each);
  }
  Object* object = value.if_object();
  if (object == nullptr) return;
  std::vector<std::string> nulls;
  for (auto& [name, each] : *object) {
    if (each.is_null()) nulls.emplace_back(name);
    if (std::ranges::find(kFreeForm, std::string_view(name)) == kFreeForm.end()) drop_nulls(each);
  }
  for (const std::string& name : nulls) object->erase(name);
}

/// Meta takes "52.5" for 52.5.
void make_number(Object& object, std::string_view name) {
  const Value* value = object.if_contains(name);
  const std::string_view text = value == nullptr ? std::string_view() : text_of(*value);
  if (text.empty()) return;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) object[name] = number;
}

void make_numbers(Object& location) {
  make_number(location, "latitude");
  make_number(location, "longitude");
}

/// The objects in a list.
template <class Each>
void each_object(Object& in, std::string_view name, Each each) {
  Value* value = in.if_contains(name);
  Array* array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr) return;
  for (Value& element : *array) {
    if (Object* object = element.if_object()) each(*object);
  }
}

Object* object_at(Object& in, std::string_view name) {
  Value* value = in.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

/// Names of kinds in whichever case: Meta's own pages have both.
void unify_components(Object& in) {
  each_object(in, "components", [](Object& component) {
    lower(component, "type");
    lower(component, "sub_type");
    each_object(component, "parameters", [](Object& parameter) {
      lower(parameter, "type");
      if (Object* location = object_at(parameter, "location")) make_numbers(*location);
    });
    each_object(component, "cards", [](Object& card) { unify_components(card); });
  });
}

void unify_body(Object& message) {
  if (Object* location = object_at(message, "location")) make_numbers(*location);
  if (Object* made = object_at(message, "template")) {
    // "deterministic" is the only policy that there is.
    if (Object* language = object_at(*made, "language")) language->erase("policy");
    unify_components(*made);
  }
  if (Object* interactive = object_at(message, "interactive")) {
    if (text_in(*interactive, "type") == "request_contact_info")
      set_text(*interactive, "type", "contact_request");
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "+49 (151) 000-0001" as "+491510000001". What Meta itself calls somebody, a number without '+',
/// begins with its country code. nullopt: something else.
std::optional<std::string> number_of(std::string_view text) {
  constexpr std::string_view kBetween = " -().";
  std::string number = "+";
  if (text.starts_with('+')) text.remove_prefix(1);
  for (const char c : text) {
    if (is_digit(c)) {
      number += c;
    } else if (kBetween.find(c) == std::string_view::npos) {
      return std::nullopt;
    }
  }
  const std::size_t digits = number.size() - 1;
  // No country code begins with 0: a number as it is dialled at home.
  const bool is_number =
      digits >= kNumberDigitsMin && digits <= kNumberDigitsMax && number[1] != '0';
  return is_number ? std::optional(std::move(number)) : std::nullopt;
}

/// Takes the recipient out of `message` and puts it in as ours has it.
Result<> unify_recipient(Object& message, GraphSend& out) {
  const bool is_group = text_in(message, "recipient_type") == "group";
  std::string to = scalar_in(message, "to");
  const std::string user = scalar_in(message, "recipient");
  message.erase("recipient");
  if (to.empty() && user.empty())
    return fail_field("/to", "required", "is missing",
                      "Send the recipient's number as +, country code and number.");
  out.is_user_id = to.empty();
  out.input = to.empty() ? user : to;
  out.contact = out.input;
  if (out.is_user_id || is_group) {
    set_text(message, "to", out.input);
    return {};
  }
  const auto number = number_of(to);
  if (!number)
    return fail_field("/to", "invalid_format", "is no number with its country code",
                      "Send the recipient's number as +, country code and number.");
  out.contact = number->substr(1);
  set_text(message, "to", *number);
  return {};
}

/// A client's own data comes back to it by our metadata.
Result<> unify_callback_data(Object& message) {
  const Value* value = message.if_contains(channel::kCallbackDataKey);
  if (value == nullptr) return {};
  const auto* text = value->if_string();
  const std::string pointer = "/" + std::string(channel::kCallbackDataKey);
  if (text == nullptr)
    return fail_field(pointer, "wrong_type", "must be a string", "Send a string.");
  if (count_code_points(text_of(*value)) > kCallbackDataMax)
    return fail_field(pointer, "too_long", "has at most 512 characters", "Shorten it.");
  if (!text->empty()) {
    Object metadata;
    metadata[channel::kCallbackDataKey] = *text;
    message["metadata"] = std::move(metadata);
  }
  message.erase(channel::kCallbackDataKey);
  return {};
}

Result<GraphMessage> read_receipt(const Object& message) {
  GraphRead read;
  read.message = text_in(message, "message_id");
  if (read.message.empty())
    return fail_field("/message_id", "required", "is missing",
                      "Send the id of the message that was read.");
  read.typing = message.if_contains("typing_indicator") != nullptr;
  return read;
}

Result<> check_marketing(const Object& message, GraphEdge edge) {
  const bool says_so = message.if_contains("product_policy") != nullptr ||
                       message.if_contains("message_activity_sharing") != nullptr;
  if (edge == GraphEdge::kMessages && says_so)
    return fail_field("/product_policy", "not_allowed",
                      "product_policy and message_activity_sharing are of marketing_messages",
                      "Send it to marketing_messages.");
  if (edge == GraphEdge::kMarketing && text_in(message, "type") != "template")
    return fail_field("/type", "invalid_value", "marketing_messages takes templates only",
                      "Send a template, or send it to messages.");
  return {};
}

}  // namespace

Result<GraphMessage> read_graph_message(const Value& body, GraphEdge edge, const SenderId& sender,
                                        std::int64_t ttl_seconds) {
  const Object* given = body.if_object();
  if (given == nullptr) return fail(ErrorCode::kInvalidJson, "the body must be a JSON object");
  if (text_in(*given, "messaging_product") != "whatsapp")
    return fail_field("/messaging_product", "required", "must be whatsapp",
                      "Send \"messaging_product\": \"whatsapp\".");
  Value copy(*given);
  drop_nulls(copy);
  Object& message = copy.get_object();
  if (text_in(message, "status") == "read") return read_receipt(message);
  for (const std::string_view ours : kOurs) {
    if (message.if_contains(ours) != nullptr)
      return fail_field("/" + std::string(ours), "unknown_field", "there is no such field",
                        "Remove it.");
  }
  message.erase("messaging_product");
  if (text_in(message, "type").empty()) set_text(message, "type", "text");
  CHECK_OK(check_marketing(message, edge));
  GraphSend out;
  CHECK_OK(unify_recipient(message, out));
  CHECK_OK(unify_callback_data(message));
  unify_body(message);
  set_text(message, "from", sender.str());
  message["ttl_seconds"] = ttl_seconds;
  const bool has_policy = message.if_contains("product_policy") != nullptr;
  if (edge == GraphEdge::kMarketing && !has_policy)
    set_text(message, "product_policy", "CLOUD_API_FALLBACK");
  json::Writer request;
  request.value(copy);
  out.request = Content(std::move(request).take());
  return out;
}

}  // namespace flowsell::whatsapp
