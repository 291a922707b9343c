#include "write_body.h"

namespace flowsell::whatsapp {
namespace {

using json::Writer;

/// [{"type": T, T: {"id", "title"}}]
void write_buttons(Writer& out, const channel::ReplyButtons& action, std::string_view type) {
  out.key("buttons").begin_array();
  for (const channel::ReplyButton& button : action.buttons) {
    out.begin_object().key("type").string(type).key(type).begin_object();
    out.key("id").string(button.id).key("title").string(button.title.reveal());
    out.end_object().end_object();
  }
  out.end_array();
}

void write_link_button(Writer& out, const channel::LinkButton& button) {
  out.key("name").string("cta_url").key("parameters").begin_object();
  out.key("display_text").string(button.display_text.reveal());
  out.key("url").string(button.url.reveal()).end_object();
}

void write_row(Writer& out, const channel::ListRow& row) {
  out.begin_object().key("id").string(row.id).key("title").string(row.title.reveal());
  out.optional_string("description", row.description.reveal()).end_object();
}

/// Writes the inside of "action".
class ActionWriter {
 public:
  explicit ActionWriter(BodyWriter& body) : body_(body), out_(body.out()) {}

  void operator()(const channel::ReplyButtons& action) { write_buttons(out_, action, "reply"); }
  void operator()(const channel::List& list) {
    out_.key("button").string(list.button.reveal()).key("sections").begin_array();
    for (const channel::ListSection& section : list.sections) {
      out_.begin_object();
      body_.text("title", section.title);
      out_.key("rows").begin_array();
      for (const channel::ListRow& row : section.rows) write_row(out_, row);
      out_.end_array().end_object();
    }
    out_.end_array();
  }
  void operator()(const channel::LinkButton& button) { write_link_button(out_, button); }
  void operator()(const channel::LocationRequest&) { name("send_location"); }
  void operator()(const channel::AddressRequest& request) {
    name("address_message");
    out_.key("parameters").begin_object().key("country").string(request.country);
    body_.raw("values", request.values_json);
    body_.raw("saved_addresses", request.saved_addresses_json);
    body_.raw("validation_errors", request.validation_errors_json);
    out_.end_object();
  }
  void operator()(const channel::Product& product) { body_.product_fields(product); }
  void operator()(const channel::ProductList& list) {
    out_.key("catalog_id").string(list.catalog_id);
    body_.product_sections(list.sections);
  }
  void operator()(const channel::CatalogLink& link) {
    name("catalog_message");
    if (link.thumbnail_product_retailer_id.empty()) return;
    out_.key("parameters").begin_object().key("thumbnail_product_retailer_id");
    out_.string(link.thumbnail_product_retailer_id).end_object();
  }
  void operator()(const channel::FlowButton& flow) {
    name("flow");
    out_.key("parameters").begin_object().key("flow_message_version").string("3");
    out_.optional_string("flow_id", flow.flow_id).optional_string("flow_name", flow.flow_name);
    body_.text("flow_token", flow.token);
    out_.key("flow_cta").string(flow.cta.reveal());
    if (flow.is_draft) out_.key("mode").string("draft");
    out_.optional_string("flow_action", flow.action);
    if (flow.has_payload) {
      out_.key("flow_action_payload").begin_object().key("screen").string(flow.screen);
      body_.raw("data", flow.data_json);
      out_.end_object();
    }
    out_.end_object();
  }
  void operator()(const channel::Carousel& carousel) {
    out_.key("cards").begin_array();
    for (std::size_t i = 0; i < carousel.cards.size(); ++i) card(i, carousel.cards[i]);
    out_.end_array();
  }
  void operator()(const channel::CallButton& button) {
    name("voice_call");
    if (button.display_text.empty() && button.payload.empty() && !button.ttl_minutes) return;
    out_.key("parameters").begin_object();
    body_.text("display_text", button.display_text);
    if (button.ttl_minutes) out_.key("ttl_minutes").integer(*button.ttl_minutes);
    body_.text("payload", button.payload);
    out_.end_object();
  }
  void operator()(const channel::CallPermissionRequest&) { name("call_permission_request"); }
  void operator()(const channel::ContactRequest&) { name("request_contact_info"); }
  void operator()(const channel::OrderDetails& details) {
    name("review_and_pay");
    body_.order_details("parameters", details);
  }
  void operator()(const channel::OrderStatus& status) {
    name("review_order");
    body_.order_status("parameters", status);
  }

 private:
  void name(std::string_view name) { out_.key("name").string(name); }

  void card(std::size_t place, const channel::CarouselCard& card) {
    const auto index = card.card_index.value_or(static_cast<std::int64_t>(place));
    const bool is_product = std::holds_alternative<channel::Product>(card.action);
    out_.begin_object().key("card_index").integer(index);
    // Meta calls a card with quick replies "cta_url", too.
    out_.key("type").string(is_product ? "product" : "cta_url");
    if (card.header) {
      out_.key("header").begin_object();
      body_.header_media_fields(*card.header);
      out_.end_object();
    }
    body_.text_object("body", card.body);
    out_.key("action").begin_object();
    if (const auto* link = std::get_if<channel::LinkButton>(&card.action)) {
      write_link_button(out_, *link);
    } else if (const auto* buttons = std::get_if<channel::ReplyButtons>(&card.action)) {
      write_buttons(out_, *buttons, "quick_reply");
    } else {
      body_.product_fields(std::get<channel::Product>(card.action));
    }
    out_.end_object().end_object();
  }

  BodyWriter& body_;
  Writer& out_;
};

}  // namespace

void BodyWriter::operator()(const channel::Interactive& interactive) {
  out_.begin_object().key("type").string(channel::interactive_name(interactive.action));
  if (const auto* words = std::get_if<Content>(&interactive.header)) {
    out_.key("header").begin_object().key("type").string("text");
    out_.key("text").string(words->reveal()).end_object();
  } else if (const auto* media = std::get_if<channel::HeaderMedia>(&interactive.header)) {
    out_.key("header").begin_object();
    header_media_fields(*media);
    out_.end_object();
  }
  text_object("body", interactive.body);
  text_object("footer", interactive.footer);
  out_.key("action").begin_object();
  std::visit(ActionWriter(*this), interactive.action);
  out_.end_object().end_object();
}

}  // namespace flowsell::whatsapp
