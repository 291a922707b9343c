// What Meta takes as the buttons of a template.
#include <algorithm>
#include <array>

#include "channel/template_schema.h"
#include "fields.h"
#include "template_rules.h"
#include "template_schema.h"

namespace flowsell::whatsapp {
namespace {

using json::Array;
using json::Object;
using json::Value;

constexpr std::size_t kLabelMax = 25;
constexpr std::size_t kPhoneMax = 20;
constexpr std::size_t kPackageMax = 224;
constexpr std::size_t kSignatureHash = 11;

/// How many of a type, and whether it has a label of ours.
struct TypeRule {
  std::string_view type;
  std::size_t max;
  bool needs_label;
};
constexpr std::array kTypes = {TypeRule{"QUICK_REPLY", 10, true},
                               TypeRule{"URL", 2, true},
                               TypeRule{"PHONE_NUMBER", 1, true},
                               TypeRule{"COPY_CODE", 1, false},
                               TypeRule{"VOICE_CALL", 1, true},
                               TypeRule{"FLOW", 1, true},
                               TypeRule{"CATALOG", 1, false},
                               TypeRule{"MPM", 1, true},
                               TypeRule{"SPM", 1, false},
                               TypeRule{"OTP", 1, false},
                               TypeRule{"APP", 1, false},
                               TypeRule{"ORDER_DETAILS", 1, true},
                               TypeRule{"REQUEST_CONTACT_INFO", 1, false}};

class ButtonsChecker {
 public:
  ButtonsChecker(RuleFaults& faults, bool of_authentication)
      : faults_(faults), of_authentication_(of_authentication) {}

  void check(const std::string& at, const Array& buttons, std::size_t max) {
    if (buttons.empty() || buttons.size() > max)
      faults_.add(at, buttons.empty() ? "required" : "too_many",
                  "there must be 1 to " + std::to_string(max) + " buttons",
                  "Send 1 to " + std::to_string(max) + " buttons.");
    std::array<std::size_t, kTypes.size()> counts{};
    for (std::size_t i = 0; i < buttons.size(); ++i)
      check_one(at + "/" + std::to_string(i), buttons[i], counts);
    if (!stand_together(buttons))
      faults_.add(at, "invalid_format", "quick replies must stand together",
                  "Put them all before the other buttons, or all behind them.");
  }

 private:
  static bool stand_together(const Array& buttons) {
    const auto is_reply = [](const Value& button) {
      return button.is_object() && text_in(button.get_object(), "type") == "QUICK_REPLY";
    };
    int changes = 0;
    for (std::size_t i = 1; i < buttons.size(); ++i)
      if (is_reply(buttons[i]) != is_reply(buttons[i - 1])) ++changes;
    return changes <= 1;
  }

  void check_one(const std::string& at, const Value& value,
                 std::array<std::size_t, kTypes.size()>& counts) {
    const Object* button = value.if_object();
    const auto type = button ? text_in(*button, "type") : std::string_view();
    const auto* rule = std::ranges::find(kTypes, type, &TypeRule::type);
    if (rule == kTypes.end()) {
      faults_.add(at + "/type", "invalid_value", "there is no such button",
                  "Use QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, FLOW, CATALOG, MPM, SPM, OTP, "
                  "VOICE_CALL, ORDER_DETAILS, APP or REQUEST_CONTACT_INFO.");
      return;
    }
    if (++counts[static_cast<std::size_t>(rule - kTypes.begin())] > rule->max)
      faults_.add(at + "/type", "too_many",
                  "there can be at most " + std::to_string(rule->max) + " of this type",
                  "Leave some out.");
    if ((type == "OTP") != of_authentication_)
      faults_.add(at + "/type", "not_allowed",
                  "an authentication template has an OTP button, and others have none",
                  of_authentication_ ? "Use one button of type OTP." : "Use another button.");
    check_label(at + "/text", text_in(*button, "text"), rule->needs_label);
    if (type == "URL") check_url(at, *button);
    if (type == "PHONE_NUMBER")
      faults_.text(at + "/phone_number", text_in(*button, "phone_number"), kPhoneMax);
    if (type == "COPY_CODE") check_coupon(at, *button);
    if (type == "OTP") check_code(at, *button);
  }

  void check_label(const std::string& at, std::string_view label, bool must) {
    if (label.empty() && !must) return;
    faults_.text(at, label, kLabelMax);
  }

  void check_url(const std::string& at, const Object& button) {
    const std::string place = at + "/url";
    if (!faults_.text(place, text_in(button, "url"), kTemplateUrlMax)) return;
    const auto url =
        channel::template_text(std::string(text_in(button, "url")), kTemplateUrlMax, false);
    if (!url.text.starts_with("https://") && !url.text.starts_with("http://"))
      faults_.add(place, "invalid_format", "must begin with https:// or http://",
                  "Send the whole URL.");
    if (url.is_fixed()) return;
    const auto& last = url.variables.back();
    if (url.variables.size() > 1 || last.at + last.size != url.text.size())
      faults_.add(place, "invalid_format", "can have one variable, at its end",
                  "Write https://example.com/track/{{1}}.");
    const Array* examples = array_in(button, "example");
    if (examples == nullptr || examples->empty())
      faults_.add(at + "/example", "required", "the variable needs an example",
                  R"(Send ["https://example.com/track/42"].)");
  }

  void check_coupon(const std::string& at, const Object& button) {
    const Array* list = array_in(button, "example");
    const bool in_list = list != nullptr && !list->empty() && list->front().is_string();
    const std::string_view code =
        in_list ? std::string_view(list->front().get_string()) : text_in(button, "example");
    faults_.text(at + "/example", code, kCouponCodeMax);
  }

  void check_code(const std::string& at, const Object& button) {
    const auto type = text_in(button, "otp_type");
    if (type != "COPY_CODE" && type != "ONE_TAP" && type != "ZERO_TAP")
      faults_.add(at + "/otp_type", type.empty() ? "required" : "invalid_value",
                  "is no way to hand over a code", "Use COPY_CODE, ONE_TAP or ZERO_TAP.");
    if (type == "COPY_CODE") return;
    const Array* apps = array_in(button, "supported_apps");
    if (apps == nullptr || apps->empty()) {
      if (text_in(button, "package_name").empty())
        faults_.add(at + "/supported_apps", "required", "the app that gets the code is missing",
                    R"(Send [{"package_name": "com.example.app", "signature_hash": "..."}].)");
      apps = nullptr;
    }
    for (std::size_t i = 0; apps != nullptr && i < apps->size(); ++i) {
      const Object* app = (*apps)[i].if_object();
      const auto package = app ? text_in(*app, "package_name") : std::string_view();
      if (app != nullptr && !package.empty() && package.size() <= kPackageMax &&
          text_in(*app, "signature_hash").size() == kSignatureHash)
        continue;
      faults_.add(at + "/supported_apps/" + std::to_string(i), "invalid_format",
                  "an app has a package_name of at most 224 and a signature_hash of 11 characters",
                  "Take both from the app's build.");
    }
    if (type == "ZERO_TAP" && !flag_in(button, "zero_tap_terms_accepted").value_or(false))
      faults_.add(at + "/zero_tap_terms_accepted", "required", "must be true",
                  "Read Meta's terms of zero-tap templates, and accept them.");
  }

  RuleFaults& faults_;
  bool of_authentication_;
};

}  // namespace

void check_template_buttons(RuleFaults& faults, const std::string& at, const Array& buttons,
                            bool of_authentication, std::size_t max) {
  ButtonsChecker(faults, of_authentication).check(at, buttons, max);
}

}  // namespace flowsell::whatsapp
