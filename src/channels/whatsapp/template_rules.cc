// What Meta takes as a template, by its pages on templates and their components (2025, 2026).
#include "template_rules.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/encoding.h"
#include "field_copy.h"
#include "fields.h"
#include "json/writer.h"
#include "template_schema.h"

namespace flowsell::whatsapp {
namespace {

using channel::TemplateText;
using json::Array;
using json::Object;
using json::Value;

constexpr std::size_t kNameMax = 512;
constexpr std::size_t kFooterMax = 60;
constexpr std::size_t kOfferMax = 16;
constexpr std::size_t kBodyBesideOfferMax = 600;
constexpr std::size_t kButtonsMax = 10;
constexpr std::size_t kCardButtonsMax = 2;
constexpr std::int64_t kCodeMinutesMax = 90;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

/// Whom a life may be given to, in seconds.
struct Life {
  std::string_view category;
  std::int64_t min;
  std::int64_t max;
};
constexpr std::array kLives = {Life{"authentication", 30, 900}, Life{"utility", 30, 43'200},
                               Life{"marketing", 43'200, 2'592'000}};

void check_category(RuleFaults& faults, std::string_view category) {
  if (std::ranges::find(kLives, category, &Life::category) != kLives.end()) return;
  faults.add("/category", "invalid_value", "there is no such category",
             "Use marketing, utility or authentication.");
}

void check_life(RuleFaults& faults, std::string_view category,
                const std::optional<std::int64_t>& seconds) {
  const auto* life = std::ranges::find(kLives, category, &Life::category);
  if (!seconds || life == kLives.end()) return;
  if (*seconds == -1 || (*seconds >= life->min && *seconds <= life->max)) return;
  const std::string range = std::to_string(life->min) + " to " + std::to_string(life->max);
  faults.add("/message_send_ttl_seconds", "out_of_range",
             "must be " + range + " for a template of this category", "Send " + range + ", or -1.");
}

void check_name(RuleFaults& faults, std::string_view name) {
  if (is_name(name) && name.size() <= kNameMax) return;
  faults.add("/name", name.size() > kNameMax ? "too_long" : "invalid_format",
             "must be at most 512 small letters, digits and underscores",
             "Use a name such as order_ready_2.");
}

/// "de", "fil", "pt_BR".
void check_language(RuleFaults& faults, std::string_view code) {
  const std::string_view head = code.substr(0, code.find('_'));
  const std::string_view tail =
      head.size() == code.size() ? std::string_view() : code.substr(head.size() + 1);
  const bool head_fits =
      (head.size() == 2 || head.size() == 3) && std::ranges::all_of(head, is_lower);
  const bool tail_fits =
      head.size() == code.size() ||
      (tail.size() == 2 && std::ranges::all_of(tail, [](char c) { return c >= 'A' && c <= 'Z'; }));
  if (head_fits && tail_fits) return;
  faults.add("/language", "invalid_format", "must look like \"en\" or \"en_US\"",
             "Use one of WhatsApp's language codes.");
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

/// What the cards of a carousel are made of.
std::vector<Array*> components_of_cards(Object& component) {
  std::vector<Array*> all;
  Value* cards = component.if_contains("cards");
  if (cards == nullptr || !cards->is_array()) return all;
  for (Value& card : cards->get_array()) {
    Value* inner = card.is_object() ? card.get_object().if_contains("components") : nullptr;
    if (inner != nullptr && inner->is_array()) all.push_back(&inner->get_array());
  }
  return all;
}

/// Writes Meta's words as Meta does, in capitals, wherever they stand.
void write_in_capitals(Object& object, std::string_view name) {
  Value* value = object.if_contains(name);
  if (value != nullptr && value->is_string())
    *value = in_capitals(std::string_view(value->get_string()));
}
void write_words_in_capitals(Array& components) {
  for (Value& each : components) {
    Object* component = each.if_object();
    if (component == nullptr) continue;
    write_in_capitals(*component, "type");
    write_in_capitals(*component, "format");
    if (Value* buttons = component->if_contains("buttons"); buttons && buttons->is_array()) {
      for (Value& button : buttons->get_array()) {
        if (!button.is_object()) continue;
        write_in_capitals(button.get_object(), "type");
        write_in_capitals(button.get_object(), "otp_type");
      }
    }
    for (Array* inner : components_of_cards(*component)) write_words_in_capitals(*inner);
  }
}

class ComponentsChecker {
 public:
  ComponentsChecker(RuleFaults& faults, std::string_view category, bool is_named)
      : faults_(faults),
        is_code_(category == "authentication"),
        is_named_(is_named),
        is_marketing_(category == "marketing") {}

  void check(const Array& components) {
    const bool has_offer = has(components, "LIMITED_TIME_OFFER");
    const std::size_t body_max = has_offer ? kBodyBesideOfferMax : kTemplateBodyMax;
    std::vector<std::string_view> seen;
    for (std::size_t i = 0; i < components.size(); ++i) {
      const std::string at = "/components/" + std::to_string(i);
      const Object* component = components[i].if_object();
      if (component == nullptr) {
        faults_.add(at, "wrong_type", "must be an object", "Send an object with a type.");
        continue;
      }
      const auto type = text_in(*component, "type");
      check_seen(at, type, seen);
      if (!check_part(at, *component, type, body_max, kButtonsMax))
        check_whole(at, *component, type);
    }
    if (!has(components, "BODY"))
      faults_.add("/components", "required", "there is no BODY", "Add a component of type BODY.");
    if (is_code_ && !has(components, "BUTTONS"))
      faults_.add("/components", "required", "an authentication template has a button for its code",
                  "Add BUTTONS with one button of type OTP.");
    if (has_offer && has(components, "FOOTER"))
      faults_.add("/components", "not_allowed", "a limited-time offer has no footer",
                  "Leave the FOOTER out.");
  }

 private:
  static bool has(const Array& components, std::string_view type) {
    return std::ranges::any_of(components, [&](const Value& each) {
      return each.is_object() && text_in(each.get_object(), "type") == type;
    });
  }

  void check_seen(const std::string& at, std::string_view type,
                  std::vector<std::string_view>& seen) {
    if (std::ranges::find(seen, type) != seen.end())
      faults_.add(at + "/type", "duplicate", "a component of this type came before",
                  "Send each component once.");
    seen.push_back(type);
  }

  /// What a card may have too. False: it is none of it.
  bool check_part(const std::string& at, const Object& component, std::string_view type,
                  std::size_t body_max, std::size_t buttons_max) {
    if (type == "HEADER") {
      check_header(at, component);
    } else if (type == "BODY") {
      check_body(at, component, body_max);
    } else if (type == "BUTTONS") {
      const Array* buttons = array_in(component, "buttons");
      check_template_buttons(faults_, at + "/buttons", buttons ? *buttons : Array(), is_code_,
                             buttons_max);
    } else {
      return false;
    }
    return true;
  }

  void check_whole(const std::string& at, const Object& component, std::string_view type) {
    if (type == "FOOTER") return check_footer(at, component);
    if (type == "CAROUSEL") return check_carousel(at, component);
    if (type == "LIMITED_TIME_OFFER") return check_offer(at, component);
    if (type == "CALL_PERMISSION_REQUEST") return;
    faults_.add(at + "/type", "invalid_value", "there is no such component",
                "Use HEADER, BODY, FOOTER, BUTTONS, CAROUSEL, LIMITED_TIME_OFFER or "
                "CALL_PERMISSION_REQUEST.");
  }

  void check_header(const std::string& at, const Object& header) {
    const auto format = text_in(header, "format");
    constexpr std::array<std::string_view, 4> kMedia = {"IMAGE", "VIDEO", "DOCUMENT", "GIF"};
    if (is_code_)
      faults_.add(at, "not_allowed", "an authentication template has no header", "Leave it out.");
    if (format == "TEXT") return check_text_header(at, header);
    if (format == "GIF" && !is_marketing_)
      faults_.add(at + "/format", "not_allowed", "only marketing templates have a GIF",
                  "Use VIDEO, or the category marketing.");
    if (std::ranges::find(kMedia, format) != kMedia.end()) {
      const Object* example = object_in(header, "example");
      const Array* handles = example ? array_in(*example, "header_handle") : nullptr;
      if (handles != nullptr && !handles->empty() && handles->front().is_string()) return;
      faults_.add(at + "/example/header_handle", "required", "a sample of the file is missing",
                  "Upload a sample with Meta's resumable upload, and send [\"its handle\"].");
      return;
    }
    if (format == "LOCATION" || format == "PRODUCT") return;
    faults_.add(at + "/format", format.empty() ? "required" : "invalid_value",
                "is no format of a header",
                "Use TEXT, IMAGE, VIDEO, DOCUMENT, GIF, LOCATION or PRODUCT.");
  }

  void check_text_header(const std::string& at, const Object& header) {
    const std::string place = at + "/text";
    if (!faults_.text(place, text_in(header, "text"), kTemplateHeaderMax)) return;
    const auto text =
        channel::template_text(std::string(text_in(header, "text")), kTemplateHeaderMax, is_named_);
    if (text.names.size() > 1)
      faults_.add(place, "too_many", "a header has at most one variable", "Leave one.");
    if (text.text.find_first_of("\n*~`") != std::string::npos ||
        (text.is_fixed() && text.text.contains('_')))
      faults_.add(place, "invalid_format", "a header has no new lines and no formatting",
                  "Write it as plain text in one line.");
    check_names(place, text);
    check_examples(at, header, "header_text", text);
  }

  void check_body(const std::string& at, const Object& body, std::size_t length_max) {
    const std::string place = at + "/text";
    const auto given = text_in(body, "text");
    if (is_code_) {
      if (!given.empty())
        faults_.add(place, "not_allowed", "WhatsApp writes the text of an authentication template",
                    "Leave the text out; add_security_recommendation adds a sentence.");
      return;
    }
    if (!faults_.text(place, given, length_max)) return;
    const auto text = channel::template_text(std::string(given), length_max, is_named_);
    check_names(place, text);
    check_places(place, text);
    check_examples(at, body, "body_text", text);
  }

  void check_names(const std::string& at, const TemplateText& text) {
    for (std::size_t i = 0; i < text.names.size(); ++i) {
      const std::string& name = text.names[i];
      const bool fits =
          is_named_ ? is_name(name) && !is_digit(name.front()) : name == std::to_string(i + 1);
      if (fits) continue;
      faults_.add(
          at, "invalid_format",
          is_named_ ? "a variable's name has small letters, digits and underscores"
                    : "variables are numbered {{1}}, {{2}}, ... without a gap",
          is_named_ ? "Write {{first_name}}." : "Number them, or send parameter_format named.");
      return;
    }
    // Meta counts them as they stand.
    if (!is_named_ && !std::ranges::is_sorted(text.variables, [](const auto& a, const auto& b) {
          return a.name.size() != b.name.size() ? a.name.size() < b.name.size() : a.name < b.name;
        }))
      faults_.add(at, "invalid_format", "variables must stand in the order of their numbers",
                  "Begin with {{1}}.");
  }

  void check_places(const std::string& at, const TemplateText& text) {
    const auto& found = text.variables;
    if (found.empty()) return;
    if (found.front().at == 0 || found.back().at + found.back().size == text.text.size())
      faults_.add(at, "invalid_format", "a variable can't be at the start or end of the text",
                  "Put words before and behind it.");
    for (std::size_t i = 1; i < found.size(); ++i) {
      if (found[i - 1].at + found[i - 1].size != found[i].at) continue;
      faults_.add(at, "invalid_format", "variables can't stand side by side",
                  "Put words between them.");
      break;
    }
    if (words_of(text.text) < 2 * found.size() + 1)
      faults_.add(at, "invalid_format", "there are too many variables for so few words",
                  "Add words, or leave variables out.");
  }

  void check_examples(const std::string& at, const Object& component, std::string_view field,
                      const TemplateText& text) {
    if (text.is_fixed()) return;
    const Object* example = object_in(component, "example");
    const std::string name = is_named_ ? std::string(field) + "_named_params" : std::string(field);
    const Array* list = example ? array_in(*example, name) : nullptr;
    std::size_t count = list ? list->size() : 0;
    if (count > 0 && list->front().is_array()) count = list->front().get_array().size();
    if (count >= text.names.size()) return;
    faults_.add(at + "/example/" + name, "required", "each variable needs an example",
                is_named_              ? R"(Send [{"param_name": "first_name", "example": "Ana"}].)"
                : field == "body_text" ? R"(Send [["Ana", "42"]]: a list in a list.)"
                                       : R"(Send ["Ana"].)");
  }

  void check_footer(const std::string& at, const Object& footer) {
    if (is_code_) {
      const auto minutes = integer_in(footer, "code_expiration_minutes").value_or(0);
      if (minutes >= 1 && minutes <= kCodeMinutesMax) return;
      faults_.add(at + "/code_expiration_minutes", "out_of_range", "must be 1 to 90",
                  "Say for how many minutes the code is good.");
      return;
    }
    if (!faults_.text(at + "/text", text_in(footer, "text"), kFooterMax)) return;
    if (text_in(footer, "text").contains("{{"))
      faults_.add(at + "/text", "not_allowed", "a footer has no variables", "Write fixed words.");
  }

  void check_carousel(const std::string& at, const Object& carousel) {
    const Array* cards = array_in(carousel, "cards");
    const std::size_t count = cards ? cards->size() : 0;
    if (count < 2 || count > 10)
      faults_.add(at + "/cards", count < 2 ? "too_few" : "too_many", "a carousel has 2 to 10 cards",
                  "Send 2 to 10 cards.");
    for (std::size_t i = 0; i < count; ++i)
      check_card(at + "/cards/" + std::to_string(i), (*cards)[i]);
  }

  void check_card(const std::string& at, const Value& card) {
    const Object* object = card.if_object();
    const Array* components = object ? array_in(*object, "components") : nullptr;
    if (components == nullptr) {
      faults_.add(at + "/components", "required", "a card has components",
                  "Send a HEADER with a file, a BODY and BUTTONS.");
      return;
    }
    for (std::size_t i = 0; i < components->size(); ++i) {
      const std::string place = at + "/components/" + std::to_string(i);
      const Object* component = (*components)[i].if_object();
      const auto type = component ? text_in(*component, "type") : std::string_view();
      if (component == nullptr ||
          !check_part(place, *component, type, kTemplateCardBodyMax, kCardButtonsMax))
        faults_.add(place + "/type", "invalid_value", "a card has no such component",
                    "Use HEADER, BODY and BUTTONS.");
    }
    if (!has(*components, "HEADER"))
      faults_.add(at + "/components", "required", "a card has a header", "Add a HEADER.");
  }

  void check_offer(const std::string& at, const Object& component) {
    const std::string place = at + "/limited_time_offer";
    const Object* offer = object_in(component, "limited_time_offer");
    faults_.text(place + "/text", offer ? text_in(*offer, "text") : std::string_view(), kOfferMax);
    if (!is_marketing_)
      faults_.add(place, "not_allowed", "only marketing templates have an offer",
                  "Use the category marketing.");
  }

  RuleFaults& faults_;
  bool is_code_;
  bool is_named_;
  bool is_marketing_;
};

/// Normalises and checks `components_json` in place.
void check_components(RuleFaults& faults, std::string& components_json, std::string_view category,
                      bool is_named) {
  const auto document = json::parse(components_json);
  if (!document || !document->root().is_array() || document->root().get_array().empty()) {
    faults.add("/components", "required", "must be a list with at least a BODY",
               R"(Send [{"type": "BODY", "text": "..."}].)");
    return;
  }
  Array components(document->root().get_array(), boost::json::storage_ptr());
  write_words_in_capitals(components);
  ComponentsChecker(faults, category, is_named).check(components);
  components_json = json::Writer().value(components).text();
}

/// Of an authentication template: what Meta wrote into it.
void take_out_fixed_texts(Object& component) {
  const std::string type(text_in(component, "type"));
  if (type == "BODY") {
    const bool recommends = flag_in(component, "add_security_recommendation")
                                .value_or(text_in(component, "text").contains("do not share"));
    component = Object{{"type", "BODY"}, {"add_security_recommendation", recommends}};
  } else if (type == "FOOTER") {
    component.erase("text");
  } else if (Value* buttons = component.if_contains("buttons"); buttons && buttons->is_array()) {
    for (Value& each : buttons->get_array()) {
      if (!each.is_object() || !is_code_button(each.get_object())) continue;
      Object& button = each.get_object();
      const std::string otp_type = otp_type_of(button);
      button.erase("url");
      button.erase("example");
      button["type"] = "OTP";
      button["otp_type"] = otp_type.empty() ? "COPY_CODE" : otp_type;
    }
  }
}

/// Puts the handle into the sample of each header that needs one. False: one is missing.
bool put_handle(Array& components, std::string_view handle) {
  bool is_whole = true;
  for (Value& each : components) {
    Object* component = each.if_object();
    if (component == nullptr) continue;
    for (Array* inner : components_of_cards(*component)) is_whole &= put_handle(*inner, handle);
    const Object* example = object_in(*component, "example");
    const Array* handles = example ? array_in(*example, "header_handle") : nullptr;
    if (handles == nullptr) continue;
    // Meta shows an address there, which it does not take back.
    const bool is_handle = !handles->empty() && handles->front().is_string() &&
                           !std::string_view(handles->front().get_string()).starts_with("http");
    if (!handle.empty()) {
      (*component)["example"] = Object{{"header_handle", Array{Value(handle)}}};
    } else if (!is_handle) {
      is_whole = false;
    }
  }
  return is_whole;
}

}  // namespace

bool RuleFaults::text(const std::string& at, std::string_view text, std::size_t max) {
  if (text.empty()) {
    add(at, "required", "a text is missing",
        "Send a text of 1 to " + std::to_string(max) + " characters.");
    return false;
  }
  if (count_code_points(text) > max)
    add(at, "too_long", "is longer than " + std::to_string(max) + " characters",
        "Shorten it to at most " + std::to_string(max) + " characters.");
  return true;
}

std::vector<FieldError> check_template_draft(channel::TemplateDraft& draft) {
  RuleFaults faults;
  check_name(faults, draft.name);
  check_language(faults, draft.language);
  check_category(faults, draft.category);
  check_life(faults, draft.category, draft.ttl_seconds);
  if (draft.library_name.empty())
    check_components(faults, draft.components_json, draft.category, draft.is_named);
  return faults.take();
}

std::vector<FieldError> check_template_edit(channel::TemplateEdit& edit,
                                            const channel::ProviderTemplate& of) {
  RuleFaults faults;
  const bool changes_category = !edit.category.empty() && edit.category != of.category;
  if (!edit.category.empty()) check_category(faults, edit.category);
  if (changes_category && of.status == "approved")
    faults.add("/category", "not_allowed", "the category of an approved template can't be changed",
               "Make a new template, or ask Meta for a review of the category.");
  const std::string_view category = edit.category.empty() ? of.category : edit.category;
  check_life(faults, category, edit.ttl_seconds);
  if (!edit.components_json.empty())
    check_components(faults, edit.components_json, category, of.is_named);
  return faults.take();
}

bool draft_components_of(channel::TemplateDraft& draft, const channel::ProviderTemplate& of,
                         std::string_view header_handle) {
  const auto document = json::parse(of.components_json);
  if (!document || !document->root().is_array()) return true;
  Array components(document->root().get_array(), boost::json::storage_ptr());
  if (of.category == "authentication") {
    for (Value& each : components)
      if (each.is_object()) take_out_fixed_texts(each.get_object());
  }
  const bool is_whole = put_handle(components, header_handle);
  draft.components_json = json::Writer().value(components).text();
  return is_whole;
}

}  // namespace flowsell::whatsapp
