#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "parse_body.h"
#include "parts.h"

namespace flowsell::channel {
namespace {

using json::ObjectReader;

constexpr std::int64_t kIndexMax = 99;
constexpr std::int64_t kTtlMinutesMax = 43'200;
constexpr std::int64_t kAmount1000Max = 1'000'000'000'000'000;
constexpr std::int64_t kTimeMax = 253'402'300'799'999;  // the year 9999 in ms

ParameterValue read_text(ObjectReader& in, Findings&) {
  return content(in.required_string("text"));
}
ParameterValue read_currency(ObjectReader& in, Findings&) {
  Currency out;
  require_object(in, "currency", [&](ObjectReader& object) {
    out.fallback_value = content(object.required_string("fallback_value"));
    out.code = object.required_string("code").value_or("");
    out.amount_1000 = required_integer(object, "amount_1000", -kAmount1000Max, kAmount1000Max);
  });
  return out;
}
ParameterValue read_date_time(ObjectReader& in, Findings&) {
  DateTime out;
  require_object(in, "date_time", [&](ObjectReader& object) {
    out.fallback_value = content(object.required_string("fallback_value"));
  });
  return out;
}
ParameterValue read_image(ObjectReader& in, Findings& findings) {
  return read_header_media(in, MediaKind::kImage, findings);
}
ParameterValue read_video(ObjectReader& in, Findings& findings) {
  return read_header_media(in, MediaKind::kVideo, findings);
}
ParameterValue read_gif(ObjectReader& in, Findings& findings) {
  return read_header_media(in, MediaKind::kGif, findings);
}
ParameterValue read_document(ObjectReader& in, Findings& findings) {
  return read_header_media(in, MediaKind::kDocument, findings);
}
ParameterValue read_location_parameter(ObjectReader& in, Findings&) {
  Location out;
  require_object(in, "location", [&](ObjectReader& object) { out = read_location(object); });
  return out;
}
ParameterValue read_product_parameter(ObjectReader& in, Findings&) {
  Product out;
  require_object(in, "product", [&](ObjectReader& object) { out = read_product(object); });
  return out;
}
ParameterValue read_payload(ObjectReader& in, Findings&) {
  return Payload{content(in.required_string("payload"))};
}
ParameterValue read_coupon_code(ObjectReader& in, Findings&) {
  return CouponCode{content(in.required_string("coupon_code"))};
}
ParameterValue read_action(ObjectReader& in, Findings&) {
  ButtonAction out;
  require_object(in, "action", [&](ObjectReader& object) {
    out.flow_token = content(object.string("flow_token", {.min = 1}));
    out.flow_action_data_json = read_object_json(object, "flow_action_data");
    out.thumbnail_product_retailer_id =
        object.string("thumbnail_product_retailer_id", {.min = 1}).value_or("");
    if (object.find("sections") != nullptr) out.sections = read_product_sections(object);
    read_object(object, "order_details", [&](ObjectReader& order) {
      out.order_details = std::make_shared<const OrderDetails>(read_order_details(order));
    });
  });
  return out;
}
ParameterValue read_ttl(ObjectReader& in, Findings&) {
  return TtlMinutes{required_integer(in, "ttl_minutes", 1, kTtlMinutesMax)};
}
ParameterValue read_offer(ObjectReader& in, Findings&) {
  LimitedTimeOffer out;
  require_object(in, "limited_time_offer", [&](ObjectReader& object) {
    out.expiration_time_ms = required_integer(object, "expiration_time_ms", 1, kTimeMax);
  });
  return out;
}
ParameterValue read_tap_target(ObjectReader& in, Findings&) {
  TapTarget out;
  require_each(in, "tap_target_configuration", 1, 1, [&](ObjectReader& target) {
    out.url = content(target.required_string("url"));
    out.title = content(target.required_string("title"));
  });
  return out;
}
ParameterValue read_status(ObjectReader& in, Findings&) {
  OrderStatus out;
  require_object(in, "order_status",
                 [&](ObjectReader& object) { out = read_order_status(object); });
  return out;
}

struct ParameterKind {
  std::string_view name;
  ParameterValue (*read)(ObjectReader& in, Findings& findings);
};
constexpr auto kParameters = std::to_array<ParameterKind>({
    {"text", read_text},
    {"currency", read_currency},
    {"date_time", read_date_time},
    {"image", read_image},
    {"video", read_video},
    {"gif", read_gif},
    {"document", read_document},
    {"location", read_location_parameter},
    {"product", read_product_parameter},
    {"payload", read_payload},
    {"coupon_code", read_coupon_code},
    {"action", read_action},
    {"ttl_minutes", read_ttl},
    {"limited_time_offer", read_offer},
    {"tap_target_configuration", read_tap_target},
    {"order_status", read_status},
});

constexpr auto kParameterNames = [] {
  std::array<std::string_view, kParameters.size()> names;
  for (std::size_t i = 0; i < kParameters.size(); ++i) names[i] = kParameters[i].name;
  return names;
}();

// In the order of ComponentKind and ButtonKind.
constexpr std::array<std::string_view, 7> kComponents = {
    "header",       "body",    "button", "limited_time_offer", "tap_target_configuration",
    "order_status", "carousel"};
constexpr std::array<std::string_view, 10> kButtons = {
    "quick_reply", "url", "copy_code",  "flow",          "catalog",
    "mpm",         "spm", "voice_call", "order_details", "otp"};
// Of a carousel's card: the first three.
constexpr std::span kCardComponents = std::span(kComponents).first(3);

void read_parameters(ObjectReader& in, std::size_t min, TemplateComponent& out,
                     Findings& findings) {
  if (min == 0 && in.find("parameters") == nullptr) return;
  require_each(in, "parameters", min, kElementsMax, [&](ObjectReader& parameter) {
    TemplateParameter& made = out.parameters.emplace_back();
    const auto kind = read_choice(parameter, "type", kParameterNames);
    if (!kind) return false;
    made.value = kParameters[*kind].read(parameter, findings);
    made.name = parameter.string("parameter_name", {.min = 1}).value_or("");
    return true;
  });
}

/// 0 or "0": Meta's own examples have both.
std::optional<std::int64_t> read_index(ObjectReader& in) {
  const json::Value* value = in.find("index");
  const auto* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return in.integer("index", 0, kIndexMax);
  const bool is_number = !text->empty() && text->size() <= 2 &&
                         std::ranges::all_of(*text, [](char c) { return c >= '0' && c <= '9'; });
  if (is_number) return std::stoll(std::string(text->data(), text->size()));
  in.fault("index", "invalid_format", "must be a whole number", "Send the button's place, from 0.");
  return std::nullopt;
}

bool read_button(ObjectReader& in, TemplateComponent& out, Findings& findings) {
  const auto kind = read_choice(in, "sub_type", kButtons);
  if (!kind) return false;
  out.button = static_cast<ButtonKind>(*kind);
  out.index = read_index(in);
  // What has nothing to fill in may be named all the same.
  const bool may_be_bare = out.button == ButtonKind::kSingleProduct ||
                           out.button == ButtonKind::kCatalog || out.button == ButtonKind::kFlow ||
                           out.button == ButtonKind::kVoiceCall;
  read_parameters(in, may_be_bare ? 0 : 1, out, findings);
  return true;
}

std::vector<TemplateComponent> read_components(ObjectReader& in,
                                               std::span<const std::string_view> names,
                                               Findings& findings);

void read_cards(ObjectReader& in, TemplateComponent& out, Findings& findings) {
  require_each(in, "cards", 1, kElementsMax, [&](ObjectReader& card) {
    TemplateCard& made = out.cards.emplace_back();
    made.card_index = card.integer("card_index", 0, kIndexMax);
    made.components = read_components(card, kCardComponents, findings);
  });
}

bool read_component(ObjectReader& in, TemplateComponent& out, Findings& findings) {
  if (out.kind == ComponentKind::kButton) return read_button(in, out, findings);
  if (out.kind == ComponentKind::kCarousel) {
    read_cards(in, out, findings);
  } else {
    read_parameters(in, 1, out, findings);
  }
  return true;
}

std::vector<TemplateComponent> read_components(ObjectReader& in,
                                               std::span<const std::string_view> names,
                                               Findings& findings) {
  std::vector<TemplateComponent> out;
  read_each(in, "components", 0, kElementsMax, [&](ObjectReader& component) {
    const auto kind = read_choice(component, "type", names);
    if (!kind) return false;
    TemplateComponent made;
    made.kind = static_cast<ComponentKind>(*kind);
    if (made.kind != ComponentKind::kButton &&
        std::ranges::find(out, made.kind, &TemplateComponent::kind) != out.end()) {
      component.fault("type", "duplicate", "a component of this type came before",
                      "Send each component once, with all its parameters.");
    }
    const bool is_known = read_component(component, made, findings);
    out.push_back(std::move(made));
    return is_known;
  });
  return out;
}

}  // namespace

std::string_view component_name(ComponentKind kind) noexcept {
  return kComponents[static_cast<std::size_t>(kind)];
}

std::string_view button_name(ButtonKind kind) noexcept {
  return kButtons[static_cast<std::size_t>(kind)];
}

std::optional<Body> parse_template(const json::Value& value, std::string pointer,
                                   Findings& findings) {
  ObjectReader in(value, std::move(pointer), findings.faults);
  if (!in.is_object()) return std::nullopt;
  Template out;
  out.name = in.required_string("name").value_or("");
  require_object(in, "language", [&](ObjectReader& language) {
    out.language = language.required_string("code").value_or("");
  });
  out.components = read_components(in, kComponents, findings);
  in.finish();
  return out;
}

}  // namespace flowsell::channel
