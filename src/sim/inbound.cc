#include "inbound.h"

#include "core/time.h"
#include "faults.h"
#include "ids.h"
#include "json/writer.h"

namespace flowsell::sim {
namespace {

std::string without_braces(const std::string& object) {
  return object.substr(1, object.size() - 2);
}

std::string contact_of(std::string_view name, std::string_view username, std::string_view digits,
                       std::string_view user_id) {
  json::Writer out;
  out.begin_object().key("profile").begin_object().key("name").string(name);
  out.optional_string("username", username).end_object();
  out.optional_string("wa_id", digits).optional_string("user_id", user_id).end_object();
  return std::move(out).take();
}

std::string head_of(std::string_view digits, std::string_view user_id) {
  json::Writer out;
  out.begin_object()
      .optional_string("from", digits)
      .optional_string("from_user_id", user_id)
      .end_object();
  return without_braces(std::move(out).take());
}

std::string tail_of(json::ObjectReader& in, std::string_view type) {
  const auto now_ms = to_unix_ms(SystemClock().now());
  const auto seconds = in.integer("timestamp", 0, 4'102'444'800).value_or(now_ms / 1000);
  json::Writer out;
  out.begin_object().key("timestamp").string(std::to_string(seconds)).key("type").string(type);
  if (const auto* payload = in.find(type)) {
    out.any_key(type).value(*payload);
  } else if (type != "unsupported" && type != "unknown" && type != "request_welcome") {
    in.fault(type, "required", "the object named like the type is missing",
             "Give the message's own object.");
  }
  for (const std::string_view name : {"context", "referral", "errors", "group_id", "identity"}) {
    if (const auto* value = in.find(name)) out.key(name).value(*value);
  }
  out.end_object();
  return without_braces(std::move(out).take());
}

}  // namespace

std::string InboundText::change_json(std::string_view wamid) const {
  std::string json = "\"contacts\":[" + contact_json + "],\"messages\":[{";
  if (!head_json.empty()) json += head_json + ",";
  json += "\"id\":" + json::quoted(wamid) + "," + tail_json + "}]";
  return json;
}

InboundText read_inbound(json::ObjectReader& in) {
  const auto digits = person_of(in.string("from", {.max = 32}).value_or(""));
  const auto given_user_id = in.string("user_id", {.max = 140});
  if (digits.empty() && !given_user_id) {
    in.fault("from", "required", "neither from nor user_id is given",
             "Give the customer's number.");
  }
  const auto user_id = given_user_id ? std::string(*given_user_id) : user_id_of(digits);
  const auto name = in.string("profile_name", {.max = 256}).value_or("Simulated customer");
  const auto username = in.string("username", {.max = 64}).value_or("");
  const auto type = in.string("type", {.min = 1, .max = 64}).value_or("text");
  return {.person = digits.empty() ? user_id : digits,
          .contact_json = contact_of(name, username, digits, user_id),
          .head_json = head_of(digits, user_id),
          .tail_json = tail_of(in, type)};
}

}  // namespace flowsell::sim
