#include "templates/send_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "core/encoding.h"
#include "parameters.h"

namespace flowsell::templates {
namespace {

using channel::ButtonKind;
using channel::ComponentKind;
using channel::TemplateBlock;
using channel::TemplateButton;
using channel::TemplateComponent;
using channel::TemplateHeader;
using channel::TemplateParameter;
using channel::TemplateSchema;
using channel::TemplateText;
using Components = std::vector<TemplateComponent>;
using Need = TemplateButton::Need;

std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string with_article(std::string_view word) {
  return (word.starts_with('i') ? "an " : "a ") + std::string(word);
}

/// Whether a text has what RFC 3986 gives no place in a URL, as far as ASCII goes: providers encode
/// the rest themselves.
bool has_no_place_in_url(std::string_view text) {
  return text.find_first_of(" \"<>\\^`{|}") != text.npos;
}

class SendChecker {
 public:
  SendChecker(const TemplateSchema& schema, Time now) : schema_(schema), now_(now) {}

  std::vector<FieldError> check(const channel::Template& message) {
    const std::string components = "/template/components";
    check_block(components, message.components, schema_.message);
    check_code(components, message.components);
    check_offer(components, message.components);
    check_cards(components, message.components);
    return std::move(faults_);
  }

 private:
  void fault(std::string at, std::string_view code, std::string detail, std::string fix) {
    faults_.push_back({std::move(at), std::string(code), std::move(detail), std::move(fix)});
  }

  static std::string place(const std::string& at, const Components& all,
                           const TemplateComponent* one) {
    return one == nullptr ? at : at + "/" + std::to_string(one - all.data());
  }

  void check_block(const std::string& at, const Components& sent, const TemplateBlock& block) {
    check_header(at, sent, block);
    const TemplateComponent* body = find_component(sent, ComponentKind::kBody);
    check_texts(place(at, sent, body), body, block.body, "body");
    check_buttons(at, sent, block.buttons);
  }

  void check_header(const std::string& at, const Components& sent, const TemplateBlock& block) {
    const TemplateComponent* header = find_component(sent, ComponentKind::kHeader);
    const std::string here = place(at, sent, header);
    if (block.header == TemplateHeader::kNone || block.header == TemplateHeader::kText)
      return check_texts(here, header, block.header_text, "header");
    const std::string wanted(channel::template_header_name(block.header));
    if (header == nullptr || header->parameters.empty()) {
      fault(here, "required", "the template's header needs " + with_article(wanted),
            "Add a header with one parameter of type " + wanted + ".");
    } else if (header_kind_of(header->parameters.front()) != block.header) {
      fault(here + "/parameters/0/type", "wrong_kind",
            "the template's header is " + with_article(wanted),
            "Send one parameter of type " + wanted + ".");
    }
  }

  /// The parameters of a header's or body's text, against its variables.
  void check_texts(const std::string& at, const TemplateComponent* sent, const TemplateText& text,
                   std::string_view what) {
    static const std::vector<TemplateParameter> kNone;
    const auto& given = sent == nullptr ? kNone : sent->parameters;
    const std::string list = sent == nullptr ? at : at + "/parameters";
    if (given.size() != text.names.size()) {
      const std::string needs =
          text.is_fixed() ? "has no variables" : "has " + counted(text.names.size(), "variable");
      fault(list, "wrong_count",
            "the template's " + std::string(what) + " " + needs + "; " +
                counted(given.size(), "parameter") +
                (given.size() == 1 ? " was sent" : " were sent"),
            text.is_fixed() ? "Leave the " + std::string(what) + " out."
                            : "Send one parameter for each: " + list_of_names(text) + ".");
    }
    if (text.is_fixed()) return;
    bool is_sound = given.size() == text.names.size();
    for (std::size_t i = 0; i < given.size(); ++i) {
      const std::string one = list + "/" + std::to_string(i);
      if (!is_text(given[i])) {
        fault(one + "/type", "wrong_kind", "the template has a text there",
              "Send a parameter of type text.");
        is_sound = false;
      }
      is_sound &= check_name(one, given[i], text);
    }
    if (is_sound) is_sound = check_names_once(list, given, text);
    if (is_sound) check_length(list, given, text);
  }

  std::string list_of_names(const TemplateText& text) const {
    std::string out;
    for (const std::string& name : text.names)
      out.append(out.empty() ? "" : ", ").append("{{").append(name).append("}}");
    return out;
  }

  bool check_name(const std::string& at, const TemplateParameter& given, const TemplateText& text) {
    const std::string here = at + "/parameter_name";
    if (!schema_.is_named) {
      if (given.name.empty()) return true;
      fault(here, "not_allowed", "the template's variables have numbers, not names",
            "Leave the name out, and send parameters in the order of their numbers.");
      return false;
    }
    if (std::ranges::find(text.names, given.name) != text.names.end()) return true;
    fault(here, given.name.empty() ? "required" : "not_found",
          given.name.empty() ? "the template's variables have names"
                             : "is no variable of the template",
          text.is_fixed() ? "Leave the parameter out."
                          : "Use the names of the template: " + list_of_names(text) + ".");
    return false;
  }

  bool check_names_once(const std::string& list, const std::vector<TemplateParameter>& given,
                        const TemplateText& text) {
    if (!schema_.is_named) return true;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (seen.insert(given[i].name).second) continue;
      fault(list + "/" + std::to_string(i) + "/parameter_name", "duplicate",
            "is the same as that of another parameter",
            "Send one parameter for each: " + list_of_names(text) + ".");
      return false;
    }
    return true;
  }

  void check_length(const std::string& at, const std::vector<TemplateParameter>& given,
                    const TemplateText& text) {
    if (given.empty()) return;
    if (length_filled(text, given, schema_.is_named) <= text.length_max) return;
    fault(at, "too_long",
          "with its variables filled the text is longer than " + std::to_string(text.length_max) +
              " characters",
          "Send shorter texts.");
  }

  void check_buttons(const std::string& at, const Components& sent,
                     const std::vector<TemplateButton>& buttons) {
    std::vector<const TemplateComponent*> of(buttons.size(), nullptr);
    for (const TemplateComponent& each : sent) {
      if (each.kind != ComponentKind::kButton) continue;
      const auto index = index_of(each, buttons);
      if (!index) {
        fault(place(at, sent, &each) + "/index", "not_found",
              "the template has " + counted(buttons.size(), "button") + ", and none there",
              buttons.empty() ? "Leave the button out." : "Count the template's buttons from 0.");
        continue;
      }
      of[*index] = &each;
      check_button(place(at, sent, &each), each, buttons[*index]);
    }
    for (std::size_t i = 0; i < buttons.size(); ++i) {
      const bool is_empty = of[i] == nullptr || of[i]->parameters.empty();
      if (buttons[i].parameter != Need::kRequired || !is_empty) continue;
      const std::string kind(channel::button_name(*buttons[i].kind));
      fault(place(at, sent, of[i]), "required",
            "the template's button " + std::to_string(i) + " (" + kind + ") needs a parameter",
            "Add a component of type button with sub_type " + kind + ", index " +
                std::to_string(i) + " and one parameter.");
    }
  }

  void check_button(const std::string& at, const TemplateComponent& sent,
                    const TemplateButton& button) {
    const bool fits =
        button.kind == sent.button || (button.is_one_time_code && sent.button == ButtonKind::kOtp);
    if (!fits) {
      fault(at + "/sub_type", "wrong_kind",
            "the template's button there is of another kind (" + button.type + ")",
            button.kind ? "Send sub_type " + std::string(channel::button_name(*button.kind)) + "."
                        : "Leave it out: nothing is sent for such a button.");
    } else if (button.parameter == Need::kNothing && !sent.parameters.empty()) {
      fault(at + "/parameters", "not_allowed",
            "the template's button there has no variable: its URL is fixed",
            "Leave the button out.");
    } else if (!button.url.is_fixed() && !sent.parameters.empty()) {
      if (length_filled(button.url, sent.parameters, false) > button.url.length_max)
        fault(at + "/parameters/0/text", "too_long",
              "with its end the URL is longer than " + std::to_string(button.url.length_max) +
                  " characters",
              "Send a shorter end.");
      if (!button.is_one_time_code && has_no_place_in_url(text_of(sent.parameters.front())))
        fault(at + "/parameters/0/text", "invalid_characters",
              "has a space or another character that no URL has",
              "Percent-encode what stands for itself in the URL: a space is %20.");
    }
  }

  /// The code goes twice: into the body, and into the button.
  void check_code(const std::string& at, const Components& sent) {
    if (!schema_.code_length_max) return;
    const auto* body = find_component(sent, ComponentKind::kBody);
    const auto* button = find_component(sent, ComponentKind::kButton);
    if (body == nullptr || body->parameters.size() != 1 || !is_text(body->parameters.front()))
      return;
    const std::string_view code = text_of(body->parameters.front());
    if (count_code_points(code) > *schema_.code_length_max) {
      fault(
          place(at, sent, body) + "/parameters/0/text", "too_long",
          "a one-time code has at most " + std::to_string(*schema_.code_length_max) + " characters",
          "Send a shorter code.");
    }
    if (button == nullptr || button->parameters.size() != 1) return;
    if (text_of(button->parameters.front()) == code) return;
    fault(place(at, sent, button) + "/parameters/0/text", "invalid_value",
          "is not the code of the body", "Send the same code in the body and in the button.");
  }

  void check_offer(const std::string& at, const Components& sent) {
    const auto* offer = find_component(sent, ComponentKind::kLimitedTimeOffer);
    const std::string here = place(at, sent, offer);
    const bool expires = schema_.offer && schema_.offer->expires;
    if (!expires) {
      if (offer != nullptr)
        fault(here, "not_allowed",
              schema_.offer ? "the template's offer does not expire" : "the template has no offer",
              "Leave it out.");
      return;
    }
    const auto* given = offer == nullptr || offer->parameters.empty()
                            ? nullptr
                            : std::get_if<channel::LimitedTimeOffer>(&offer->parameters[0].value);
    if (given == nullptr) {
      fault(here, "required", "the template's offer expires, and the message does not say when",
            "Add a component limited_time_offer with expiration_time_ms.");
    } else if (given->expiration_time_ms <= to_unix_ms(now_)) {
      fault(here + "/parameters/0/limited_time_offer/expiration_time_ms", "out_of_range",
            "the offer has expired", "Send a time that is still to come, in milliseconds.");
    }
  }

  void check_cards(const std::string& at, const Components& sent) {
    const auto* carousel = find_component(sent, ComponentKind::kCarousel);
    const std::size_t count = carousel == nullptr ? 0 : carousel->cards.size();
    const std::string here = place(at, sent, carousel) + (carousel == nullptr ? "" : "/cards");
    if (count != schema_.cards.size()) {
      fault(here, "wrong_count",
            "the template has " + counted(schema_.cards.size(), "card") + "; " +
                counted(count, "card") + (count == 1 ? " was sent" : " were sent"),
            schema_.cards.empty() ? "Leave the carousel out."
                                  : "Send each card of the template once.");
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const auto& card = carousel->cards[i];
      const auto index =
          static_cast<std::size_t>(card.card_index.value_or(static_cast<std::int64_t>(i)));
      if (index >= schema_.cards.size()) {
        fault(here + "/" + std::to_string(i) + "/card_index", "not_found",
              "the template has no such card", "Count the template's cards from 0.");
        continue;
      }
      check_block(here + "/" + std::to_string(i) + "/components", card.components,
                  schema_.cards[index]);
    }
  }

  const TemplateSchema& schema_;
  Time now_;
  std::vector<FieldError> faults_;
};

}  // namespace

std::vector<FieldError> check_send(const TemplateSchema& schema, const channel::Template& message,
                                   Time now) {
  return SendChecker(schema, now).check(message);
}

}  // namespace flowsell::templates
