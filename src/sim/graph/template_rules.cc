#include "graph/template_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/encoding.h"
#include "graph/button_rules.h"
#include "graph/component_errors.h"
#include "letters.h"
#include "state/node.h"
#include "state/variables.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kHeaderMax = 60;
constexpr std::size_t kBodyMax = 1024;
constexpr std::size_t kBodyBesideOfferMax = 600;
constexpr std::size_t kCardBodyMax = 160;
constexpr std::size_t kFooterMax = 60;
constexpr std::size_t kOfferMax = 16;

/// Variables are {{1}}, {{2}}, ... without a gap, or have lower-case names.
bool are_sound(const std::vector<std::string>& names, bool named) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (named ? !is_name(names[i]) || (names[i][0] >= '0' && names[i][0] <= '9')
              : names[i] != fmt::format("{}", i + 1))
      return false;
  }
  return true;
}

std::size_t words_of(std::string_view text) {
  std::size_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n';
    if (!space && !inside) ++words;
    inside = !space;
  }
  return words;
}

Checked<> check_examples(std::string_view component, const json::Object& given,
                         std::string_view text_field, std::size_t variables, bool named) {
  if (variables == 0) return {};
  const auto& example = object_in(given, "example");
  std::size_t examples = 0;
  if (named) {
    examples = array_in(example, fmt::format("{}_named_params", text_field)).size();
  } else {
    const auto& list = array_in(example, text_field);
    // A body's examples are a list in a list.
    examples = !list.empty() && list[0].is_array() ? list[0].get_array().size() : list.size();
  }
  if (examples < variables) return missing_field(component, "example");
  return {};
}

Checked<> check_body_variables(std::string_view text, bool named) {
  const auto found = variables_of(text);
  if (found.empty()) return {};
  if (!are_sound(variable_names_of(text), named)) {
    return refuse_for_people(2388072, "The message body has a wrong format",
                             "Variables must be numbered {{1}}, {{2}}, ... without a gap, or have "
                             "names of lower-case letters, digits and underscores.");
  }
  const bool at_an_end =
      found.front().at == 0 || found.back().at + found.back().size == text.size();
  if (at_an_end) {
    return refuse_for_people(2388299, "Variables can't be at the start or end of the template",
                             "Variables can't be at the start or end of the template.");
  }
  for (std::size_t i = 1; i < found.size(); ++i) {
    if (found[i - 1].at + found[i - 1].size == found[i].at) {
      return refuse_for_people(2388072, "The message body has a wrong format",
                               "Variables can't stand side by side.");
    }
  }
  if (words_of(text) < 2 * found.size() + 1) {
    return refuse_for_people(
        2388293, "This template has too many variables for its length",
        "This template contains too many variable parameters relative to the message length.");
  }
  return {};
}

Checked<> check_body(const json::Object& body, std::string_view category, bool named,
                     std::size_t length_max) {
  const auto text = text_in(body, "text");
  if (category == "AUTHENTICATION") {
    if (text.empty()) return {};
    return invalid_component("The body of an authentication template has no text of its own.");
  }
  if (text.empty()) return missing_field("BODY", "text");
  if (count_code_points(text) > length_max) return too_long("body", length_max);
  CHECK_OK(check_body_variables(text, named));
  return check_examples("BODY", body, "body_text", variable_names_of(text).size(), named);
}

Checked<> check_text_header(const json::Object& header, bool named) {
  const auto text = text_in(header, "text");
  if (text.empty()) return missing_field("HEADER", "text");
  if (count_code_points(text) > kHeaderMax) return too_long("header", kHeaderMax);
  const auto names = variable_names_of(text);
  const bool marked = text.find_first_of("\n*_~") != text.npos && names.empty();
  if (marked || names.size() > 1 || !are_sound(names, named)) {
    return refuse_for_people(2388047, "The message header has a wrong format",
                             "The header can't have new lines, formatting characters or emojis, "
                             "and at most one variable.");
  }
  return check_examples("HEADER", header, "header_text", names.size(), named);
}

Checked<> check_header(const json::Object& header, bool named) {
  constexpr auto kMedia = std::to_array<std::string_view>({"IMAGE", "VIDEO", "DOCUMENT", "GIF"});
  constexpr auto kOthers = std::to_array<std::string_view>({"LOCATION", "PRODUCT"});
  const auto format = text_in(header, "format");
  if (format.empty()) return missing_field("HEADER", "format");
  if (format == "TEXT") return check_text_header(header, named);
  if (std::ranges::find(kMedia, format) != kMedia.end()) {
    const auto& handles = array_in(object_in(header, "example"), "header_handle");
    if (handles.empty()) return missing_field("HEADER", "example");
    return {};
  }
  if (std::ranges::find(kOthers, format) != kOthers.end()) return {};
  return invalid_component(fmt::format("{} is no format of a header.", format));
}

Checked<> check_footer(const json::Object& footer, std::string_view category) {
  const auto text = text_in(footer, "text");
  if (category == "AUTHENTICATION") {
    const auto minutes = number_in(footer, "code_expiration_minutes");
    if (minutes >= 1 && minutes <= 90) return {};
    return missing_field("FOOTER", "code_expiration_minutes");
  }
  if (text.empty()) return missing_field("FOOTER", "text");
  if (count_code_points(text) > kFooterMax) return too_long("footer", kFooterMax);
  if (variables_of(text).empty()) return {};
  return refuse_for_people(2388073, "The message footer has a wrong format",
                           "The footer can't have variables.");
}

Checked<> check_card(const json::Value& value, bool named) {
  const auto* card = value.if_object();
  if (!card) return invalid_component("A card is an object with components.");
  bool has_header = false;
  for (const auto& one : array_in(*card, "components")) {
    const auto* component = one.if_object();
    if (!component) return invalid_component("A component is an object.");
    const auto type = text_in(*component, "type");
    if (type == "HEADER") {
      has_header = true;
      CHECK_OK(check_header(*component, named));
    } else if (type == "BODY") {
      CHECK_OK(check_body(*component, "MARKETING", named, kCardBodyMax));
    } else if (type == "BUTTONS") {
      CHECK_OK(check_buttons(array_in(*component, "buttons"), "MARKETING", 2));
    } else {
      return invalid_component(fmt::format("A card has no component {}.", type));
    }
  }
  if (!has_header) return missing_field("CAROUSEL", "header of a card");
  return {};
}

Checked<> check_carousel(const json::Object& carousel, bool named) {
  const auto& cards = array_in(carousel, "cards");
  if (cards.size() < 2 || cards.size() > 10)
    return invalid_component("A carousel has 2 to 10 cards.");
  for (const auto& card : cards) CHECK_OK(check_card(card, named));
  return {};
}

Checked<> check_offer(const json::Object& component) {
  const auto& offer = object_in(component, "limited_time_offer");
  const auto text = text_in(offer, "text");
  if (text.empty()) return missing_field("LIMITED_TIME_OFFER", "text");
  if (count_code_points(text) > kOfferMax) return too_long("limited time offer", kOfferMax);
  return {};
}

bool has(const json::Array& components, std::string_view type) {
  return std::ranges::any_of(components, [&](const json::Value& one) {
    const auto* component = one.if_object();
    return component && text_in(*component, "type") == type;
  });
}

}  // namespace

Checked<> check_components(const json::Array& components, std::string_view category, bool named) {
  std::vector<std::string> seen;
  const auto body_max = has(components, "LIMITED_TIME_OFFER") ? kBodyBesideOfferMax : kBodyMax;
  for (const auto& one : components) {
    const auto* component = one.if_object();
    if (!component) return invalid_component("A component is an object.");
    const std::string type(text_in(*component, "type"));
    if (std::ranges::find(seen, type) != seen.end())
      return invalid_component(fmt::format("There is more than one component {}.", type));
    seen.push_back(type);
    if (type == "HEADER") {
      CHECK_OK(check_header(*component, named));
    } else if (type == "BODY") {
      CHECK_OK(check_body(*component, category, named, body_max));
    } else if (type == "FOOTER") {
      CHECK_OK(check_footer(*component, category));
    } else if (type == "BUTTONS") {
      CHECK_OK(check_buttons(array_in(*component, "buttons"), category, 10));
    } else if (type == "CAROUSEL") {
      CHECK_OK(check_carousel(*component, named));
    } else if (type == "LIMITED_TIME_OFFER") {
      CHECK_OK(check_offer(*component));
    } else if (type != "CALL_PERMISSION_REQUEST") {
      return invalid_component(fmt::format("{} is no type of a component.", type));
    }
  }
  if (!has(components, "BODY")) return missing_field("BODY", "text");
  if (category == "AUTHENTICATION" && !has(components, "BUTTONS"))
    return missing_field("BUTTONS", "buttons");
  return {};
}

json::Array kept_components(const json::Array& components, std::string_view category) {
  json::Array kept(components, boost::json::storage_ptr());
  if (category != "AUTHENTICATION") return kept;
  for (auto& one : kept) {
    auto& component = one.get_object();
    const auto type = text_in(component, "type");
    if (type == "BODY") {
      std::string text = "*{{1}}* is your verification code.";
      if (flag_in(component, "add_security_recommendation"))
        text += " For your security, do not share this code.";
      component["text"] = text;
      component["example"] = {{"body_text", list_of(json::Array{"123456"})}};
    } else if (type == "FOOTER") {
      component["text"] = fmt::format("This code expires in {} minutes.",
                                      number_in(component, "code_expiration_minutes"));
    } else if (type == "BUTTONS") {
      for (auto& button : component["buttons"].get_array()) keep_otp_button(button.get_object());
    }
  }
  return kept;
}

}  // namespace flowsell::sim
