#include <algorithm>
#include <set>
#include <string>

#include "checker.h"
#include "template_schema.h"

namespace flowsell::whatsapp {
namespace {

using channel::ButtonKind;
using channel::ComponentKind;
using channel::TemplateComponent;
using channel::TemplateParameter;

constexpr std::size_t kTemplateNameMax = 512;
constexpr std::size_t kHeaderTextMax = 60;
constexpr std::size_t kBodyTextMax = 1024;
constexpr std::size_t kUrlSuffixMax = 2000;
constexpr std::size_t kPayloadMax = 256;
constexpr std::int64_t kButtonIndexMax = 9;
constexpr std::size_t kTapTitleMax = 200;  // ours

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_character(char c) { return is_lower(c) || is_digit(c) || c == '_'; }

template <class T>
const T* value_of(const TemplateParameter& parameter) {
  return std::get_if<T>(&parameter.value);
}

class TemplateChecker {
 public:
  explicit TemplateChecker(Checker& checker) : check_(checker) {}

  void name(std::string_view name) {
    check_.length("/template/name", name, 1, kTemplateNameMax);
    if (std::ranges::all_of(name, is_name_character)) return;
    check_.fault("/template/name", "invalid_format",
                 "may have the characters a to z, 0 to 9 and _ only",
                 "Use the template's name exactly as it was created.");
  }

  /// "de", "fil", "pt_BR": two or three small letters, then perhaps '_' and two or three capitals.
  void language(std::string_view code) {
    const std::size_t head =
        static_cast<std::size_t>(std::ranges::find_if_not(code, is_lower) - code.begin());
    const std::string_view tail = code.substr(head);
    const bool head_fits = head == 2 || head == 3;
    const bool tail_fits =
        tail.empty() || ((tail.size() == 3 || tail.size() == 4) && tail[0] == '_' &&
                         std::ranges::all_of(tail.substr(1), is_upper));
    if (head_fits && tail_fits) return;
    check_.fault("/template/language/code", "invalid_format", "must look like \"en\" or \"en_US\"",
                 "Use the language code that the template was created with.");
  }

  void components(const std::string& at, const std::vector<TemplateComponent>& all) {
    std::set<std::int64_t> indexes;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string place = at + "/" + std::to_string(i);
      component(place, all[i]);
      if (all[i].kind == ComponentKind::kButton) button_index(place, all[i], indexes);
    }
    naming(at, all);
    one_time_code(at, all);
  }

 private:
  void component(const std::string& at, const TemplateComponent& component) {
    switch (component.kind) {
      case ComponentKind::kHeader:
        return header(at + "/parameters", component.parameters);
      case ComponentKind::kBody:
        return body(at + "/parameters", component.parameters);
      case ComponentKind::kButton:
        return button(at, component);
      case ComponentKind::kLimitedTimeOffer:
        return only<channel::LimitedTimeOffer>(at, component, "limited_time_offer");
      case ComponentKind::kTapTarget:
        return tap_target(at, component);
      case ComponentKind::kOrderStatus:
        return order_status(at, component);
      case ComponentKind::kCarousel:
        return carousel(at + "/cards", component.cards);
    }
  }

  void wrong_type(const std::string& parameter, std::string_view where, std::string_view expected) {
    check_.fault(parameter + "/type", "not_allowed", "is no parameter of " + std::string(where),
                 "Send " + std::string(expected) + ".");
  }

  void text(const std::string& at, std::string_view text, std::size_t max) {
    check_template_text(check_, at, text, max);
  }

  void header(const std::string& at, const std::vector<TemplateParameter>& all) {
    if (all.size() > 1)
      check_.fault(at, "too_many", "a header has at most 1 parameter", "Send one parameter.");
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string place = at + "/" + std::to_string(i);
      parameter_name(place, all[i]);
      if (const auto* words = value_of<Content>(all[i])) {
        text(place + "/text", words->reveal(), kHeaderTextMax);
      } else if (const auto* media = value_of<channel::HeaderMedia>(all[i])) {
        check_.header_media(place, *media);
      } else if (const auto* where = value_of<channel::Location>(all[i])) {
        location(place + "/location", *where);
      } else if (const auto* product = value_of<channel::Product>(all[i])) {
        check_.product(place + "/product", *product);
      } else {
        wrong_type(place, "a header", "text, image, video, gif, document, location or product");
      }
    }
  }

  void location(const std::string& at, const channel::Location& where) {
    check_.location(at, where);
    if (where.name.empty()) check_.length(at + "/name", "", 1, 1);
    if (where.address.empty()) check_.length(at + "/address", "", 1, 1);
  }

  void body(const std::string& at, const std::vector<TemplateParameter>& all) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string place = at + "/" + std::to_string(i);
      parameter_name(place, all[i]);
      check_.unique(place + "/parameter_name", all[i].name, names);
      if (const auto* words = value_of<Content>(all[i])) {
        text(place + "/text", words->reveal(), kBodyTextMax);
      } else if (const auto* money = value_of<channel::Currency>(all[i])) {
        currency(place + "/currency", *money);
      } else if (const auto* time = value_of<channel::DateTime>(all[i])) {
        text(place + "/date_time/fallback_value", time->fallback_value.reveal(), kBodyTextMax);
      } else {
        wrong_type(place, "a body", "text, currency or date_time");
      }
    }
  }

  void currency(const std::string& at, const channel::Currency& money) {
    text(at + "/fallback_value", money.fallback_value.reveal(), kBodyTextMax);
    check_currency(check_, at + "/code", money.code);
  }

  void parameter_name(const std::string& at, const TemplateParameter& parameter) {
    if (std::ranges::all_of(parameter.name, is_name_character)) return;
    check_.fault(at + "/parameter_name", "invalid_format",
                 "may have the characters a to z, 0 to 9 and _ only",
                 "Use the name of the variable in the template.");
  }

  /// A template's variables are all named or all positional, over its header and body together.
  void naming(const std::string& at, const std::vector<TemplateComponent>& all) {
    const auto has_texts = [](const TemplateComponent& each) {
      return each.kind == ComponentKind::kBody ||
             (each.kind == ComponentKind::kHeader && !each.parameters.empty() &&
              value_of<Content>(each.parameters.front()) != nullptr);
    };
    const bool any_named = std::ranges::any_of(all, [&](const TemplateComponent& each) {
      return has_texts(each) && std::ranges::any_of(each.parameters, [](const auto& parameter) {
               return !parameter.name.empty();
             });
    });
    if (!any_named) return;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!has_texts(all[i])) continue;
      for (std::size_t j = 0; j < all[i].parameters.size(); ++j) {
        if (!all[i].parameters[j].name.empty()) continue;
        check_.fault(
            at + "/" + std::to_string(i) + "/parameters/" + std::to_string(j) + "/parameter_name",
            "required", "is missing while other parameters of this message are named",
            "Name all parameters of a template or none.");
      }
    }
  }

  void button_index(const std::string& at, const TemplateComponent& button,
                    std::set<std::int64_t>& seen) {
    if (!button.index) {
      // A template has at most one button to call, and its place is known.
      if (button.button != ButtonKind::kVoiceCall)
        check_.fault(at + "/index", "required", "'index' is missing",
                     "Add the button's place among all buttons of the template, from 0.");
      return;
    }
    if (*button.index > kButtonIndexMax) {
      check_.fault(at + "/index", "out_of_range", "must be 0 to 9",
                   "Send the button's place among all buttons of the template, from 0.");
    } else if (!seen.insert(*button.index).second) {
      check_.fault(at + "/index", "duplicate", "another button before it has the same place",
                   "Send each button once.");
    }
  }

  void button(const std::string& at, const TemplateComponent& button) {
    const std::string parameters = at + "/parameters";
    const auto& all = button.parameters;
    if (button.button != ButtonKind::kVoiceCall && all.size() > 1) {
      check_.fault(parameters, "too_many", "a button has 1 parameter", "Send one parameter.");
      return;
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      button_parameter(parameters + "/" + std::to_string(i), button.button, all[i]);
  }

  void button_parameter(const std::string& at, ButtonKind kind, const TemplateParameter& in) {
    switch (kind) {
      case ButtonKind::kQuickReply:
        if (const auto* value = value_of<channel::Payload>(in))
          return check_.length(at + "/payload", value->payload.reveal(), 1, kPayloadMax);
        return wrong_type(at, "a quick_reply button", "payload");
      case ButtonKind::kUrl:
        if (const auto* value = value_of<Content>(in))
          return text(at + "/text", value->reveal(), kUrlSuffixMax);
        return wrong_type(at, "a url button", "text: the end of the URL");
      case ButtonKind::kOtp:
        if (const auto* value = value_of<Content>(in))
          return text(at + "/text", value->reveal(), kTemplateCodeMax);
        return wrong_type(at, "an otp button", "text: the code");
      case ButtonKind::kCopyCode:
        if (const auto* value = value_of<channel::CouponCode>(in))
          return text(at + "/coupon_code", value->code.reveal(), kCouponCodeMax);
        return wrong_type(at, "a copy_code button", "coupon_code");
      case ButtonKind::kVoiceCall:
        if (const auto* value = value_of<channel::Payload>(in))
          return check_.length(at + "/payload", value->payload.reveal(), 1, kCallPayloadMax);
        if (value_of<channel::TtlMinutes>(in) != nullptr) return;
        return wrong_type(at, "a voice_call button", "ttl_minutes or payload");
      default:
        if (const auto* value = value_of<channel::ButtonAction>(in))
          return action(at + "/action", kind, *value);
        return wrong_type(at, "this button", "action");
    }
  }

  /// Each button has the fields of its kind only.
  void action(const std::string& at, ButtonKind kind, const channel::ButtonAction& action) {
    const auto refuse = [&](std::string_view field, bool given) {
      if (!given) return;
      check_.fault(at + "/" + std::string(field), "not_allowed", "is not of this kind of button",
                   "Leave it out.");
    };
    const bool of_products = kind == ButtonKind::kCatalog || kind == ButtonKind::kMultiProduct ||
                             kind == ButtonKind::kSingleProduct;
    refuse("flow_token", kind != ButtonKind::kFlow && !action.flow_token.empty());
    refuse("flow_action_data", kind != ButtonKind::kFlow && !action.flow_action_data_json.empty());
    refuse("thumbnail_product_retailer_id",
           !of_products && !action.thumbnail_product_retailer_id.empty());
    refuse("sections", kind != ButtonKind::kMultiProduct && !action.sections.empty());
    refuse("order_details", kind != ButtonKind::kOrderDetails && action.order_details != nullptr);
    if (kind == ButtonKind::kFlow) flow(at, action);
    if (of_products)
      check_.length(at + "/thumbnail_product_retailer_id", action.thumbnail_product_retailer_id,
                    kind == ButtonKind::kMultiProduct ? 1 : 0, kCatalogIdMax);
    if (kind == ButtonKind::kMultiProduct)
      check_.product_sections(at + "/sections", action.sections);
    if (kind != ButtonKind::kOrderDetails) return;
    if (action.order_details == nullptr) {
      check_.fault(at + "/order_details", "required", "'order_details' is missing",
                   "Add the field 'order_details'.");
    } else {
      check_order_details(check_, at + "/order_details", *action.order_details);
    }
  }

  /// What a flow is begun with.
  void flow(const std::string& at, const channel::ButtonAction& action) {
    check_.length(at + "/flow_token", action.flow_token.reveal(), 0, kFlowTokenMax);
    if (action.flow_action_data_json.reveal() == "{}")
      check_.fault(at + "/flow_action_data", "too_short", "must not be an empty object",
                   "Leave it out.");
  }

  /// A component that has one parameter, of one type.
  template <class T>
  void only(const std::string& at, const TemplateComponent& component, std::string_view expected) {
    const std::string parameters = at + "/parameters";
    if (component.parameters.size() > 1)
      check_.fault(parameters, "too_many", "has 1 parameter", "Send one parameter.");
    for (std::size_t i = 0; i < component.parameters.size(); ++i)
      if (value_of<T>(component.parameters[i]) == nullptr)
        wrong_type(parameters + "/" + std::to_string(i), "this component", expected);
  }

  void tap_target(const std::string& at, const TemplateComponent& component) {
    only<channel::TapTarget>(at, component, "tap_target_configuration");
    const auto* target = value_of<channel::TapTarget>(component.parameters.front());
    if (target == nullptr) return;
    const std::string place = at + "/parameters/0/tap_target_configuration/0";
    check_.link(place + "/url", target->url.reveal());
    text(place + "/title", target->title.reveal(), kTapTitleMax);
  }

  void order_status(const std::string& at, const TemplateComponent& component) {
    only<channel::OrderStatus>(at, component, "order_status");
    if (const auto* status = value_of<channel::OrderStatus>(component.parameters.front()))
      check_order_status(check_, at + "/parameters/0/order_status", *status);
  }

  void carousel(const std::string& at, const std::vector<channel::TemplateCard>& cards) {
    check_.count(at, cards.size(), kCardsMin, kCardsMax, "cards");
    std::set<std::int64_t> indexes;
    for (std::size_t i = 0; i < cards.size(); ++i) {
      const std::string card = at + "/" + std::to_string(i);
      check_.card_index(card, cards[i].card_index, i, indexes);
      components(card + "/components", cards[i].components);
    }
  }

  /// The code goes twice: into the body, and into the button that copies or fills it in.
  void one_time_code(const std::string& at, const std::vector<TemplateComponent>& all) {
    const auto button = std::ranges::find_if(all, [](const TemplateComponent& each) {
      return each.kind == ComponentKind::kButton && each.button == ButtonKind::kOtp;
    });
    if (button == all.end() || button->parameters.empty()) return;
    const auto* code = value_of<Content>(button->parameters.front());
    const auto body = std::ranges::find(all, ComponentKind::kBody, &TemplateComponent::kind);
    const auto* in_body = body == all.end() || body->parameters.size() != 1
                              ? nullptr
                              : value_of<Content>(body->parameters.front());
    if (code == nullptr || (in_body != nullptr && in_body->reveal() == code->reveal())) return;
    check_.fault(at + "/" + std::to_string(button - all.begin()) + "/parameters/0/text",
                 "invalid_value", "is not the one text of the body",
                 "Send the code as the only parameter of the body and as that of the button.");
  }

  Checker& check_;
};

}  // namespace

bool gives_one_time_code(const channel::Template& message) {
  return std::ranges::any_of(message.components, [](const TemplateComponent& each) {
    return each.kind == ComponentKind::kButton && each.button == ButtonKind::kOtp;
  });
}

void check_template(Checker& checker, const channel::Template& message) {
  TemplateChecker check(checker);
  check.name(message.name);
  check.language(message.language);
  check.components("/template/components", message.components);
}

}  // namespace flowsell::whatsapp
