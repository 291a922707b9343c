#include "graph/button_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/encoding.h"
#include "graph/component_errors.h"
#include "state/node.h"
#include "state/variables.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kTextMax = 25;
constexpr std::size_t kUrlMax = 2000;
constexpr std::size_t kCouponMax = 20;
constexpr std::size_t kPackageMax = 224;
constexpr std::size_t kSignatureHash = 11;

/// How many of a kind; SIZE_MAX: as many as there is room.
struct KindRule {
  std::string_view type;
  std::size_t max;
};
constexpr auto kKinds = std::to_array<KindRule>({{"QUICK_REPLY", 10},
                                                 {"URL", 2},
                                                 {"PHONE_NUMBER", 1},
                                                 {"COPY_CODE", 1},
                                                 {"VOICE_CALL", 1},
                                                 {"FLOW", 1},
                                                 {"CATALOG", 1},
                                                 {"MPM", 1},
                                                 {"SPM", 1},
                                                 {"OTP", 1},
                                                 {"APP", 1},
                                                 {"ORDER_DETAILS", 1},
                                                 {"REQUEST_CONTACT_INFO", 1}});

std::unexpected<GraphError> missing(std::string_view field) {
  return missing_field("BUTTONS", field);
}

Checked<> check_url(const json::Object& button) {
  const auto url = text_in(button, "url");
  if (url.empty()) return missing("url");
  if (url.size() > kUrlMax)
    return invalid_component("The URL of a button can't be longer than 2000 characters.");
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return invalid_component("The URL of a button must begin with https:// or http://.");
  const auto variables = variables_of(url);
  if (variables.empty()) return {};
  const bool at_end = variables.back().at + variables.back().size == url.size();
  if (variables.size() > 1 || !at_end)
    return invalid_component("The URL of a button can have one variable, at its end.");
  if (array_in(button, "example").empty()) return missing("example");
  return {};
}

Checked<> check_otp(const json::Object& button) {
  constexpr auto kTypes = std::to_array<std::string_view>({"COPY_CODE", "ONE_TAP", "ZERO_TAP"});
  const auto type = text_in(button, "otp_type");
  if (std::ranges::find(kTypes, type) == kTypes.end()) return missing("otp_type");
  if (type == "COPY_CODE") return {};
  const auto& apps = array_in(button, "supported_apps");
  if (apps.empty() && text_in(button, "package_name").empty()) return missing("supported_apps");
  for (const auto& one : apps) {
    const auto* app = one.if_object();
    const bool sound = app && !text_in(*app, "package_name").empty() &&
                       text_in(*app, "package_name").size() <= kPackageMax &&
                       text_in(*app, "signature_hash").size() == kSignatureHash;
    if (!sound)
      return invalid_component(
          "A supported app has a package_name and a signature_hash of 11 characters.");
  }
  if (type == "ZERO_TAP" && !flag_in(button, "zero_tap_terms_accepted"))
    return invalid_component("zero_tap_terms_accepted must be true.");
  return {};
}

Checked<> check_button(const json::Object& button) {
  const auto type = text_in(button, "type");
  const auto text = text_in(button, "text");
  const bool may_lack_text = type == "OTP" || type == "COPY_CODE" || type == "CATALOG" ||
                             type == "SPM" || type == "APP" || type == "REQUEST_CONTACT_INFO";
  if (text.empty() && !may_lack_text) return missing("text");
  if (count_code_points(text) > kTextMax) return too_long("text of a button", kTextMax);
  if (type == "URL") return check_url(button);
  if (type == "PHONE_NUMBER" && text_in(button, "phone_number").empty())
    return missing("phone_number");
  if (type == "OTP") return check_otp(button);
  if (type == "COPY_CODE") {
    const auto* example = button.if_contains("example");
    if (!example) return missing("example");
    if (example->is_string() && example->get_string().size() > kCouponMax)
      return invalid_component("A coupon code can't be longer than 20 characters.");
  }
  return {};
}

/// Quick replies stand together: all before the others, or all after them.
bool stand_together(const json::Array& buttons) {
  int changes = 0;
  for (std::size_t i = 1; i < buttons.size(); ++i) {
    const auto is_reply = [&](std::size_t at) {
      return text_in(buttons[at].get_object(), "type") == "QUICK_REPLY";
    };
    if (is_reply(i) != is_reply(i - 1)) ++changes;
  }
  return changes <= 1;
}

}  // namespace

Checked<> check_buttons(const json::Array& buttons, std::string_view category, std::size_t max) {
  if (buttons.empty()) return missing("buttons");
  if (buttons.size() > max)
    return invalid_component(fmt::format("There can be at most {} buttons.", max));
  std::array<std::size_t, kKinds.size()> counts{};
  for (const auto& one : buttons) {
    const auto* button = one.if_object();
    if (!button) return invalid_component("A button is an object.");
    const auto type = text_in(*button, "type");
    const auto kind = std::ranges::find(kKinds, type, &KindRule::type);
    if (kind == kKinds.end())
      return invalid_component(fmt::format("{} is no type of a button.", type));
    auto& count = counts[static_cast<std::size_t>(kind - kKinds.begin())];
    if (++count > kind->max)
      return invalid_component(fmt::format("There are too many buttons of type {}.", type));
    if ((type == "OTP") != (category == "AUTHENTICATION"))
      return invalid_component("OTP buttons belong to authentication templates, and no others do.");
    CHECK_OK(check_button(*button));
  }
  if (!stand_together(buttons)) return invalid_component("Quick replies must stand together.");
  return {};
}

void keep_otp_button(json::Object& button) {
  const std::string type(text_in(button, "otp_type"));
  button["type"] = "URL";
  if (text_in(button, "text").empty())
    button["text"] = type == "COPY_CODE" ? "Copy code" : "Autofill";
  button["url"] =
      fmt::format("https://www.whatsapp.com/otp/code/?otp_type={}&code=otp{{{{1}}}}", type);
  button["example"] =
      json::Array{"https://www.whatsapp.com/otp/code/?otp_type=" + type + "&code=otp123456"};
}

}  // namespace flowsell::sim
