#include "state/template_send.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/encoding.h"
#include "letters.h"
#include "state/variables.h"
#include "value_checks.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kBodyMax = 1024;
constexpr std::string_view kCodeUrl = "https://www.whatsapp.com/otp/code/";
constexpr std::size_t kBodyAloneMax = 32'768;

std::unexpected<GraphError> wrong_count(std::string_view where, std::size_t given,
                                        std::size_t expected) {
  return refuse(132000, fmt::format("{}: number of localizable_params ({}) does not match the "
                                    "expected number of params ({})",
                                    where, given, expected));
}

std::unexpected<GraphError> wrong_format(std::string_view where, std::string_view expected,
                                         std::string_view received) {
  return refuse(132012, fmt::format("{}: Format mismatch, expected {}, received {}", where,
                                    expected, received.empty() ? "UNKNOWN" : upper_case(received)));
}

/// The component of that kind; nullptr when there is none.
const json::Object* component_of(const json::Array& components, std::string_view type) {
  for (const auto& one : components) {
    const auto* object = one.if_object();
    if (object && lower_case(text_in(*object, "type")) == type) return object;
  }
  return nullptr;
}

const json::Array& parameters_of(const json::Object* component) {
  static const json::Object kNone;
  return array_in(component ? *component : kNone, "parameters");
}

std::string value_of(const json::Object& parameter) {
  const auto type = text_in(parameter, "type");
  if (type == "text") return std::string(text_in(parameter, "text"));
  return std::string(text_in(object_in(parameter, type), "fallback_value"));
}

/// The text parameters of a header or body, against the names of its variables.
Checked<> check_texts(std::string_view where, const std::vector<std::string>& names, bool named,
                      const json::Array& parameters) {
  if (parameters.size() != names.size()) return wrong_count(where, parameters.size(), names.size());
  constexpr auto kTexts = std::to_array<std::string_view>({"text", "currency", "date_time"});
  for (const auto& one : parameters) {
    const auto& parameter = one.get_object();
    const auto type = lower_case(text_in(parameter, "type"));
    if (std::ranges::find(kTexts, type) == kTexts.end()) return wrong_format(where, "TEXT", type);
    const auto name = text_in(parameter, "parameter_name");
    const bool known = std::ranges::find(names, name) != names.end();
    if (named && !known) {
      return refuse(132000, fmt::format("{}: parameter_name ({}) is no variable of the template",
                                        where, name));
    }
  }
  return {};
}

/// The text with its variables filled, as long as it then is.
std::size_t length_filled(std::string_view text, const json::Array& parameters, bool named) {
  std::size_t length = count_code_points(text);
  for (const auto& variable : variables_of(text)) {
    length -= variable.size;
    const auto index = parse_number<std::size_t>(variable.name).value_or(0);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const auto& parameter = parameters[i].get_object();
      const bool fits =
          named ? text_in(parameter, "parameter_name") == variable.name : i + 1 == index;
      if (fits) length += count_code_points(value_of(parameter));
    }
  }
  return length;
}

Checked<> check_header(const json::Object* header, const json::Array& parameters, bool named) {
  const auto format = header ? text_in(*header, "format") : std::string_view();
  if (!header || format == "TEXT") {
    const auto names =
        header ? variable_names_of(text_in(*header, "text")) : std::vector<std::string>();
    return check_texts("header", names, named, parameters);
  }
  if (parameters.size() > 1) return wrong_count("header", parameters.size(), 1);
  const auto type =
      parameters.empty() ? std::string_view() : text_in(parameters[0].get_object(), "type");
  if (upper_case(type) != format) return wrong_format("header", format, type);
  return {};
}

Checked<> check_body(const json::Object* body, const json::Array& parameters, bool named,
                     std::size_t length_max) {
  const auto text = body ? text_in(*body, "text") : std::string_view();
  CHECK_OK(check_texts("body", variable_names_of(text), named, parameters));
  if (length_filled(text, parameters, named) > length_max) return refuse(132005, "");
  return {};
}

/// What a button of the template needs of a send; empty: nothing may be needed.
struct ButtonNeed {
  std::string_view sub_type;
  std::string_view parameter;
  bool must = false;
};

ButtonNeed need_of(const json::Object& button) {
  const auto type = text_in(button, "type");
  if (type == "URL") {
    const bool varies = !variables_of(text_in(button, "url")).empty();
    return {"url", varies ? "text" : "", varies};
  }
  if (type == "QUICK_REPLY") return {"quick_reply", "payload", false};
  if (type == "COPY_CODE") return {"copy_code", "coupon_code", true};
  if (type == "FLOW") return {"flow", "action", false};
  if (type == "CATALOG") return {"catalog", "action", false};
  if (type == "MPM") return {"mpm", "action", true};
  if (type == "SPM") return {"spm", "action", false};
  if (type == "ORDER_DETAILS") return {"order_details", "action", true};
  if (type == "VOICE_CALL") return {"voice_call", "ttl_minutes", false};
  return {};
}

std::size_t index_of(const json::Object& component) {
  if (const auto* value = component.if_contains("index")) {
    if (value->is_int64()) return static_cast<std::size_t>(value->get_int64());
    if (value->is_string() && !value->get_string().empty())
      return static_cast<std::size_t>(value->get_string()[0] - '0');
  }
  return SIZE_MAX;
}

/// Which of the template's buttons is meant. Of a button to call its place is known.
std::size_t place_of(const json::Object& component, const json::Array& buttons) {
  const auto index = index_of(component);
  if (index != SIZE_MAX || lower_case(text_in(component, "sub_type")) != "voice_call") return index;
  for (std::size_t i = 0; i < buttons.size(); ++i) {
    if (text_in(buttons[i].get_object(), "type") == "VOICE_CALL") return i;
  }
  return index;
}

const json::Object* button_sent(const json::Array& sent, const json::Array& buttons,
                                std::size_t index) {
  for (const auto& one : sent) {
    const auto* component = one.if_object();
    if (component && lower_case(text_in(*component, "type")) == "button" &&
        place_of(*component, buttons) == index)
      return component;
  }
  return nullptr;
}

Checked<> check_button(const json::Object& button, const json::Object* sent, std::size_t index) {
  const auto need = need_of(button);
  const auto& parameters = parameters_of(sent);
  if (!sent || parameters.empty()) {
    if (!need.must) return {};
    return refuse(131008, fmt::format("buttons: Button at index {} of type {} requires a parameter",
                                      index, text_in(button, "type")));
  }
  if (lower_case(text_in(*sent, "sub_type")) != need.sub_type) {
    return refuse(132018, fmt::format("buttons: Button at index {} is of type {}, not {}", index,
                                      text_in(button, "type"), text_in(*sent, "sub_type")));
  }
  if (need.parameter.empty()) {
    return refuse(
        132018, fmt::format("buttons: Button at index {} has no variable, so it takes no parameter",
                            index));
  }
  if (parameters.size() != 1)
    return wrong_count(fmt::format("buttons: Button at index {}", index), parameters.size(), 1);
  const auto type = text_in(parameters[0].get_object(), "type");
  if (type != need.parameter && need.sub_type != "voice_call")
    return wrong_format(fmt::format("buttons: Button at index {}", index),
                        upper_case(need.parameter), type);
  if (need.sub_type != "url" || text_in(button, "url").starts_with(kCodeUrl)) return {};
  return check_url_end(text_in(parameters[0].get_object(), "text"));
}

Checked<> check_buttons(const json::Array& defined, const json::Array& sent) {
  const auto* component = component_of(defined, "buttons");
  const auto& buttons = component ? array_in(*component, "buttons") : json::Array();
  for (std::size_t i = 0; i < buttons.size(); ++i) {
    CHECK_OK(check_button(buttons[i].get_object(), button_sent(sent, buttons, i), i));
  }
  for (const auto& one : sent) {
    const auto* object = one.if_object();
    if (!object || lower_case(text_in(*object, "type")) != "button") continue;
    const auto place = place_of(*object, buttons);
    if (place >= buttons.size()) {
      return refuse(132018, fmt::format("buttons: the template has no button at index {}", place));
    }
  }
  return {};
}

Checked<> check_components(const json::Array& defined, const json::Array& sent, bool named) {
  const auto* header = component_of(defined, "header");
  CHECK_OK(check_header(header, parameters_of(component_of(sent, "header")), named));
  const bool body_is_all = defined.size() == 1;
  CHECK_OK(check_body(component_of(defined, "body"), parameters_of(component_of(sent, "body")),
                      named, body_is_all ? kBodyAloneMax : kBodyMax));
  return check_buttons(defined, sent);
}

/// The card that is sent for the template's; nullptr: there is none.
const json::Object* card_sent(const json::Array& cards_sent, std::size_t index) {
  for (std::size_t i = 0; i < cards_sent.size(); ++i) {
    const auto* card = cards_sent[i].if_object();
    if (!card) continue;
    const auto* given = card->if_contains("card_index");
    const auto place =
        given && given->is_int64() ? static_cast<std::size_t>(given->get_int64()) : i;
    if (place == index) return card;
  }
  return nullptr;
}

Checked<> check_carousel(const json::Object* defined, const json::Object* sent, bool named) {
  static const json::Object kNone;
  const auto& cards = array_in(defined ? *defined : kNone, "cards");
  const auto& cards_sent = array_in(sent ? *sent : kNone, "cards");
  if (cards.size() != cards_sent.size())
    return wrong_count("carousel", cards_sent.size(), cards.size());
  for (std::size_t i = 0; i < cards.size(); ++i) {
    const auto* card = card_sent(cards_sent, i);
    if (!card) return refuse(132018, fmt::format("carousel: there is no card {}", i));
    CHECK_OK(check_components(array_in(cards[i].get_object(), "components"),
                              array_in(*card, "components"), named));
  }
  return {};
}

Checked<> check_offer(const json::Object* defined, const json::Object* sent) {
  const bool expires =
      defined && flag_in(object_in(*defined, "limited_time_offer"), "has_expiration");
  if (expires && parameters_of(sent).empty())
    return wrong_format("limited_time_offer", "LIMITED_TIME_OFFER", "");
  if (!defined && sent) return wrong_count("limited_time_offer", 1, 0);
  return {};
}

std::string_view only_text(const json::Object* component) {
  const auto& parameters = parameters_of(component);
  return parameters.size() == 1 ? text_in(parameters[0].get_object(), "text") : std::string_view();
}

/// Of an authentication template: the code twice, and short.
Checked<> check_code(const json::Array& sent) {
  constexpr std::size_t kCodeMax = 15;
  const auto code = only_text(component_of(sent, "body"));
  if (count_code_points(code) <= kCodeMax && code == only_text(component_of(sent, "button")))
    return {};
  return refuse(132012, "The code of body and button must be the same, of at most 15 characters");
}

}  // namespace

Checked<> check_parameters_sent(const Node& of_template, const json::Object& sent) {
  const auto& defined = of_template.array("components");
  const auto& given = array_in(sent, "components");
  const bool named = of_template.text("parameter_format") == "NAMED";
  CHECK_OK(check_components(defined, given, named));
  CHECK_OK(
      check_carousel(component_of(defined, "carousel"), component_of(given, "carousel"), named));
  CHECK_OK(check_offer(component_of(defined, "limited_time_offer"),
                       component_of(given, "limited_time_offer")));
  return of_template.text("category") == "AUTHENTICATION" ? check_code(given) : Checked<>();
}

}  // namespace flowsell::sim
