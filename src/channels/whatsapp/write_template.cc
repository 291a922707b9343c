#include "write_body.h"

namespace flowsell::whatsapp {
namespace {

using channel::ButtonKind;
using channel::ComponentKind;
using channel::TemplateComponent;
using json::Writer;

/// Writes "type" and what belongs to it into the open object of a parameter.
class ParameterWriter {
 public:
  explicit ParameterWriter(BodyWriter& body) : body_(body), out_(body.out()) {}

  void operator()(const Content& text) { type("text").key("text").string(text.reveal()); }
  void operator()(const channel::Currency& money) {
    type("currency").key("currency").begin_object();
    out_.key("fallback_value").string(money.fallback_value.reveal());
    out_.key("code").string(money.code).key("amount_1000").integer(money.amount_1000).end_object();
  }
  void operator()(const channel::DateTime& time) {
    type("date_time").key("date_time").begin_object();
    out_.key("fallback_value").string(time.fallback_value.reveal()).end_object();
  }
  void operator()(const channel::HeaderMedia& media) { body_.header_media_fields(media); }
  void operator()(const channel::Location& location) {
    type("location").key("location").begin_object();
    body_.location_fields(location);
    out_.end_object();
  }
  void operator()(const channel::Product& product) {
    type("product").key("product").begin_object();
    body_.product_fields(product);
    out_.end_object();
  }
  void operator()(const channel::Payload& value) {
    type("payload").key("payload").string(value.payload.reveal());
  }
  void operator()(const channel::CouponCode& value) {
    type("coupon_code").key("coupon_code").string(value.code.reveal());
  }
  void operator()(const channel::ButtonAction& action) {
    type("action").key("action").begin_object();
    body_.text("flow_token", action.flow_token);
    body_.raw("flow_action_data", action.flow_action_data_json);
    out_.optional_string("thumbnail_product_retailer_id", action.thumbnail_product_retailer_id);
    if (!action.sections.empty()) body_.product_sections(action.sections);
    if (action.order_details) body_.order_details("order_details", *action.order_details);
    out_.end_object();
  }
  void operator()(const channel::TtlMinutes& ttl) {
    type("ttl_minutes").key("ttl_minutes").integer(ttl.minutes);
  }
  void operator()(const channel::LimitedTimeOffer& offer) {
    type("limited_time_offer").key("limited_time_offer").begin_object();
    out_.key("expiration_time_ms").integer(offer.expiration_time_ms).end_object();
  }
  void operator()(const channel::TapTarget& target) {
    type("tap_target_configuration").key("tap_target_configuration").begin_array().begin_object();
    out_.key("url").string(target.url.reveal()).key("title").string(target.title.reveal());
    out_.end_object().end_array();
  }
  void operator()(const channel::OrderStatus& status) {
    type("order_status");
    body_.order_status("order_status", status);
  }

 private:
  Writer& type(std::string_view name) { return out_.key("type").string(name); }

  BodyWriter& body_;
  Writer& out_;
};

void write_parameters(BodyWriter& body, const TemplateComponent& component) {
  if (component.parameters.empty()) return;
  Writer& out = body.out();
  out.key("parameters").begin_array();
  for (const channel::TemplateParameter& parameter : component.parameters) {
    out.begin_object();
    std::visit(ParameterWriter(body), parameter.value);
    out.optional_string("parameter_name", parameter.name).end_object();
  }
  out.end_array();
}

void write_cards(BodyWriter& body, const std::vector<channel::TemplateCard>& cards) {
  Writer& out = body.out();
  out.key("cards").begin_array();
  for (std::size_t i = 0; i < cards.size(); ++i) {
    out.begin_object().key("card_index");
    out.integer(cards[i].card_index.value_or(static_cast<std::int64_t>(i)));
    body.components(cards[i].components);
    out.end_object();
  }
  out.end_array();
}

void write_button_fields(Writer& out, const TemplateComponent& component) {
  // Whatever a one-time code's button does, Meta takes its code as the end of a URL.
  const ButtonKind kind =
      component.button == ButtonKind::kOtp ? ButtonKind::kUrl : component.button;
  out.key("sub_type").string(channel::button_name(kind));
  if (component.index) out.key("index").string(std::to_string(*component.index));
}

}  // namespace

void BodyWriter::components(const std::vector<TemplateComponent>& all) {
  out_.key("components").begin_array();
  for (const TemplateComponent& component : all) {
    out_.begin_object().key("type").string(channel::component_name(component.kind));
    if (component.kind == ComponentKind::kButton) write_button_fields(out_, component);
    if (component.kind == ComponentKind::kCarousel) {
      write_cards(*this, component.cards);
    } else {
      write_parameters(*this, component);
    }
    out_.end_object();
  }
  out_.end_array();
}

void BodyWriter::operator()(const channel::Template& message) {
  out_.begin_object().key("name").string(message.name);
  out_.key("language").begin_object().key("code").string(message.language).end_object();
  if (!message.components.empty()) components(message.components);
  out_.end_object();
}

}  // namespace flowsell::whatsapp
