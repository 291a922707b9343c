#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "channel/interactive.h"
#include "channel/media.h"
#include "channel/order.h"
#include "core/sensitive.h"

namespace flowsell::channel {

// The values of a template's variables, in the shape of its components.

struct Currency {
  Content fallback_value;  ///< what is shown
  std::string code;        ///< ISO 4217
  std::int64_t amount_1000 = 0;
};
struct DateTime {
  Content fallback_value;
};
struct Payload {
  Content payload;
};
struct CouponCode {
  Content code;
};
/// What a button does: which of it depends on the button's kind.
struct ButtonAction {
  Content flow_token;
  Content flow_action_data_json;  ///< an object
  std::string thumbnail_product_retailer_id;
  std::vector<ProductSection> sections;
  /// Null: none. Never changed, so copies share it; apart, because most parameters are texts.
  std::shared_ptr<const OrderDetails> order_details;
};
struct TtlMinutes {
  std::int64_t minutes = 0;
};
struct LimitedTimeOffer {
  std::int64_t expiration_time_ms = 0;
};
struct TapTarget {
  Content url;
  Content title;
};

using ParameterValue =
    std::variant<Content, Currency, DateTime, HeaderMedia, Location, Product, Payload, CouponCode,
                 ButtonAction, TtlMinutes, LimitedTimeOffer, TapTarget, OrderStatus>;

struct TemplateParameter {
  std::string name;  ///< empty in a positional template
  ParameterValue value;
};

enum class ComponentKind : std::uint8_t {
  kHeader,
  kBody,
  kButton,
  kLimitedTimeOffer,
  kTapTarget,
  kOrderStatus,
  kCarousel,
};
std::string_view component_name(ComponentKind kind) noexcept;

enum class ButtonKind : std::uint8_t {
  kQuickReply,
  kUrl,
  kCopyCode,
  kFlow,
  kCatalog,
  kMultiProduct,
  kSingleProduct,
  kVoiceCall,
  kOrderDetails,
  kOtp,
};
/// "quick_reply", "url", ...: the value of "sub_type".
std::string_view button_name(ButtonKind kind) noexcept;

struct TemplateCard;

struct TemplateComponent {
  ComponentKind kind = ComponentKind::kBody;
  ButtonKind button = ButtonKind::kQuickReply;  ///< of a button
  std::optional<std::int64_t> index;            ///< of a button: its place among all buttons
  std::vector<TemplateParameter> parameters;
  std::vector<TemplateCard> cards;  ///< of a carousel
};
struct TemplateCard {
  std::optional<std::int64_t> card_index;     ///< as given
  std::vector<TemplateComponent> components;  ///< headers, bodies and buttons
};

struct Template {
  std::string name;
  std::string language;
  /// All that the request has, in its order: faults point at their places.
  std::vector<TemplateComponent> components;
};

}  // namespace flowsell::channel
