#include "template_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "interactive_checks.h"
#include "letters.h"
#include "message_checks.h"
#include "order_checks.h"
#include "value_checks.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kNameMax = 512;
constexpr std::size_t kHeaderTextMax = 60;
constexpr std::size_t kBodyTextMax = 32'768;

Checked<> check_magic_name(std::string_view name) {
  constexpr std::string_view kMagic = "error_";
  if (!name.starts_with(kMagic)) return {};
  const auto code = parse_number<int>(name.substr(kMagic.size()));
  if (!code || !find_error_row(*code)) return {};
  return refuse(*code, "");
}

constexpr std::size_t kUrlTextMax = 2'000;
constexpr std::size_t kCouponMax = 20;
constexpr std::size_t kOneTimeCodeMax = 15;

enum class Place : std::uint8_t { kHeader, kBody, kButton, kOther };

Checked<> check_text_parameter(const Fields& parameter, std::size_t length_max) {
  TRY(auto text, parameter.text("text", {.max = length_max}));
  return check_value(text);
}

Checked<> check_media_parameter(const Fields& parameter, std::string_view type) {
  TRY(auto media, parameter.object(type));
  CHECK_OK(media.only({"id", "link", "filename", "provider"}));
  return check_media_source(media);
}

Checked<> check_currency(const Fields& parameter) {
  TRY(const auto currency, parameter.object("currency"));
  TRY(const auto shown, currency.text("fallback_value", {}));
  CHECK_OK(check_value(shown));
  TRY(const auto code, currency.text("code", {.min = 3, .max = 3}));
  if (!is_currency(code)) return refuse(132008, "Currency code is not valid");
  constexpr std::int64_t kMax = 1'000'000'000'000'000;
  CHECK_OK(currency.integer("amount_1000", -kMax, kMax));
  return {};
}

Checked<> check_action_parameter(const Fields& parameter) {
  TRY(const auto action, parameter.object("action"));
  CHECK_OK(action.only({"flow_token", "flow_action_data", "thumbnail_product_retailer_id",
                        "sections", "order_details"}));
  CHECK_OK(action.optional_text("flow_token", {}));
  if (action.find("flow_action_data")) {
    CHECK_OK(action.object("flow_action_data"));
    if (action.find("flow_action_data")->get_object().empty())
      return action.wrong("flow_action_data", "must not be empty");
  }
  CHECK_OK(action.optional_text("thumbnail_product_retailer_id", {}));
  if (action.find("sections")) CHECK_OK(check_product_sections(action));
  if (!action.find("order_details")) return {};
  TRY(const auto order, action.object("order_details"));
  return check_order_details(order);
}

Checked<> check_tap_target(const Fields& parameter) {
  CHECK_OK(parameter.each("tap_target_configuration", 1, 1, [](const Fields& target) -> Checked<> {
    CHECK_OK(target.only({"url", "title"}));
    CHECK_OK(target.link("url"));
    TRY(const auto title, target.text("title", {}));
    return check_value(title);
  }));
  return {};
}

Checked<> check_offer(const Fields& parameter) {
  TRY(const auto offer, parameter.object("limited_time_offer"));
  CHECK_OK(offer.integer("expiration_time_ms", 1, 253'402'300'799'999));
  return {};
}

Checked<> check_product_parameter(const Fields& parameter) {
  TRY(const auto product, parameter.object("product"));
  return check_product(product);
}

Checked<> check_date_time(const Fields& parameter) {
  TRY(const auto time, parameter.object("date_time"));
  TRY(const auto shown, time.text("fallback_value", {}));
  return check_value(shown);
}

Checked<> check_coupon(const Fields& parameter) {
  TRY(const auto code, parameter.text("coupon_code", {.max = kCouponMax}));
  return check_value(code);
}

Checked<> check_status(const Fields& parameter) {
  TRY(const auto status, parameter.object("order_status"));
  return check_order_status(status);
}

/// Whether there is a value, whatever it is.
template <class T>
Checked<> check_of(Checked<T> value) {
  if (!value) return std::unexpected(std::move(value).error());
  return {};
}

struct ParameterKind {
  std::string_view type;
  bool in_header;
  bool in_body;
  Checked<> (*check)(const Fields& parameter);
};

constexpr auto kParameters = std::to_array<ParameterKind>({
    {"currency", false, true, check_currency},
    {"date_time", false, true, check_date_time},
    {"image", true, false, [](const Fields& in) { return check_media_parameter(in, "image"); }},
    {"video", true, false, [](const Fields& in) { return check_media_parameter(in, "video"); }},
    {"gif", true, false, [](const Fields& in) { return check_media_parameter(in, "gif"); }},
    {"document", true, false,
     [](const Fields& in) { return check_media_parameter(in, "document"); }},
    {"location", true, false,
     [](const Fields& in) { return check_location(in, /*needs_words=*/true); }},
    {"product", true, false, check_product_parameter},
    {"payload", false, false,
     [](const Fields& in) { return check_of(in.text("payload", {.max = 512})); }},
    {"coupon_code", false, false, check_coupon},
    {"action", false, false, check_action_parameter},
    {"ttl_minutes", false, false,
     [](const Fields& in) { return check_of(in.integer("ttl_minutes", 1, 43'200)); }},
    {"limited_time_offer", false, false, check_offer},
    {"tap_target_configuration", false, false, check_tap_target},
    {"order_status", false, false, check_status},
});

Checked<> check_parameter(const Fields& parameter, Place place, std::size_t text_max) {
  TRY(auto type, parameter.text("type", {}));
  CHECK_OK(parameter.optional_text("parameter_name", {}));
  if (type == "text") return check_text_parameter(parameter, text_max);
  const auto* kind = std::ranges::find(kParameters, type, &ParameterKind::type);
  if (kind == kParameters.end()) return parameter.wrong("type", "is not a type of parameter");
  const bool misplaced = (place == Place::kHeader && !kind->in_header) ||
                         (place == Place::kBody && !kind->in_body) ||
                         (place == Place::kButton && (kind->in_header || kind->in_body));
  if (misplaced)
    return refuse(132012, fmt::format("Parameter of type {} is not expected here", type));
  return kind->check(parameter);
}

Checked<> check_parameters(const Fields& component, Place place, std::size_t text_max) {
  if (!component.find("parameters")) return {};
  std::size_t named = 0;
  TRY(const auto all, component.each("parameters", 0, 100, [&](const Fields& in) -> Checked<> {
    if (in.find("parameter_name")) ++named;
    return check_parameter(in, place, text_max);
  }));
  if (named != 0 && named != all)
    return refuse(132000, "Named and positional parameters must not be mixed");
  if (place == Place::kHeader && all > 1)
    return refuse(132000, "A header has at most one parameter");
  return {};
}

/// The type that the parameter of each button has.
struct ButtonType {
  std::string_view sub_type;
  std::string_view parameter;
};
constexpr auto kButtons = std::to_array<ButtonType>({{"quick_reply", "payload"},
                                                     {"url", "text"},
                                                     {"copy_code", "coupon_code"},
                                                     {"flow", "action"},
                                                     {"catalog", "action"},
                                                     {"mpm", "action"},
                                                     {"spm", "action"},
                                                     {"voice_call", "payload"},
                                                     {"order_details", "action"}});

Checked<> check_button_type(const Fields& component, const ButtonType& button) {
  if (!component.find("parameters")) return {};
  const bool is_call = button.sub_type == "voice_call";
  CHECK_OK(component.each("parameters", 0, is_call ? 2 : 1, [&](const Fields& in) -> Checked<> {
    TRY(const auto type, in.text("type", {}));
    if (type == button.parameter || (is_call && type == "ttl_minutes")) return {};
    // Meta's own sample templates send words to quick replies.
    if (button.sub_type == "quick_reply" && type == "text") return {};
    return refuse(132012, fmt::format("A button of type {} needs a parameter of type {}",
                                      button.sub_type, button.parameter));
  }));
  return {};
}

Checked<> check_button(const Fields& component) {
  TRY(const auto written, component.text("sub_type", {}));
  const auto sub_type = lower_case(written);
  const auto* button = std::ranges::find(kButtons, sub_type, &ButtonType::sub_type);
  if (button == kButtons.end()) return component.wrong("sub_type", "is not a type of button");
  if (component.find("index") || sub_type != "voice_call")
    CHECK_OK(component.integer("index", 0, 9));
  CHECK_OK(check_parameters(component, Place::kButton, kUrlTextMax));
  return check_button_type(component, *button);
}

Checked<> check_component(const Fields& component);

Checked<> check_cards(const Fields& component) {
  std::set<std::int64_t> indexes;
  CHECK_OK(component.each("cards", 1, 10, [&](const Fields& card) -> Checked<> {
    CHECK_OK(card.only({"card_index", "components"}));
    TRY(const auto index, card.integer("card_index", 0, 9));
    if (!indexes.insert(index).second) return card.wrong("card_index", "is used by another card");
    CHECK_OK(card.each("components", 0, 20, check_component));
    return {};
  }));
  return {};
}

Checked<> check_component(const Fields& component) {
  TRY(auto type, component.text("type", {}));
  const auto lower = lower_case(type);
  if (lower == "header") return check_parameters(component, Place::kHeader, kHeaderTextMax);
  if (lower == "body") return check_parameters(component, Place::kBody, kBodyTextMax);
  if (lower == "limited_time_offer" || lower == "tap_target_configuration" ||
      lower == "order_status")
    return check_parameters(component, Place::kOther, kBodyTextMax);
  if (lower == "button") return check_button(component);
  if (lower == "carousel") return check_cards(component);
  return component.wrong("type", "is not a type of component");
}

bool is_of(const Fields& component, std::string_view type) {
  const auto found = component.optional_text("type", {});
  return found && lower_case(*found) == type;
}

/// The only text of a component's parameters.
std::string_view only_text(const Fields& component) {
  const auto all = component.array("parameters", 1, 1);
  if (!all) return {};
  const auto in = Fields::element((**all)[0], "");
  if (!in) return {};
  return in->optional_text("text", {}).value_or("");
}

/// The code as the body's only text, and as that of the button.
Checked<> check_one_time_code(const Fields& tmpl) {
  std::string in_body;
  std::string in_button;
  if (tmpl.find("components")) {
    CHECK_OK(tmpl.each("components", 0, 20, [&](const Fields& component) -> Checked<> {
      if (is_of(component, "body")) in_body = only_text(component);
      if (is_of(component, "button")) in_button = only_text(component);
      return {};
    }));
  }
  if (in_body.empty() || in_button.empty())
    return refuse(132000, "An authentication template takes its code in body and button");
  if (in_body != in_button || in_body.size() > kOneTimeCodeMax)
    return refuse(132012, "The code of body and button must be the same, of at most 15 characters");
  return {};
}

Checked<> check_language(const Fields& tmpl) {
  TRY(auto language, tmpl.object("language"));
  CHECK_OK(language.only({"code", "policy"}));
  CHECK_OK(language.text("code", {.max = 16}));
  TRY(auto policy, language.optional_text("policy", {}));
  if (!policy.empty() && policy != "deterministic")
    return language.wrong("policy", "must be deterministic");
  return {};
}

}  // namespace

Checked<> check_template(const Fields& message) {
  TRY(auto tmpl, message.object("template"));
  CHECK_OK(tmpl.only({"name", "language", "components", "namespace"}));
  TRY(auto name, tmpl.text("name", {.max = kNameMax}));
  if (!is_name(name)) return tmpl.wrong("name", "is not a template name");
  CHECK_OK(check_language(tmpl));
  if (tmpl.find("components")) CHECK_OK(tmpl.each("components", 0, 20, check_component));
  CHECK_OK(check_magic_name(name));
  return is_authentication_template(message) ? check_one_time_code(tmpl) : Checked<>();
}

bool is_authentication_template(const Fields& message) {
  const auto tmpl = message.object("template");
  if (!tmpl) return false;
  const auto name = tmpl->optional_text("name", {});
  return name && name->starts_with("authentication_");
}

}  // namespace flowsell::sim
