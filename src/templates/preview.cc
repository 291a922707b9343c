#include <algorithm>

#include "json/writer.h"
#include "parameters.h"
#include "templates/describe.h"

namespace flowsell::templates {
namespace {

using channel::ComponentKind;
using channel::TemplateBlock;
using channel::TemplateButton;
using channel::TemplateComponent;
using channel::TemplateHeader;
using channel::TemplateParameter;
using channel::TemplateSchema;
using channel::TemplateText;
using json::Writer;
using Components = std::vector<TemplateComponent>;

class PreviewWriter {
 public:
  /// `shows_examples`: nothing was sent.
  PreviewWriter(Writer& out, bool is_named, bool shows_examples)
      : out_(out), is_named_(is_named), shows_examples_(shows_examples) {}

  void block(const TemplateBlock& block, const Components& sent) {
    header(block, find_component(sent, ComponentKind::kHeader));
    out_.optional_string("body", filled(block.body, find_component(sent, ComponentKind::kBody)));
    out_.optional_string("footer", block.footer);
    if (block.buttons.empty()) return;
    out_.key("buttons").begin_array();
    for (std::size_t i = 0; i < block.buttons.size(); ++i)
      button(block.buttons[i], find_button(sent, block.buttons, i));
    out_.end_array();
  }

 private:
  static const TemplateComponent* find_button(const Components& sent,
                                              const std::vector<TemplateButton>& buttons,
                                              std::size_t index) {
    const auto found = std::ranges::find_if(sent, [&](const TemplateComponent& each) {
      return each.kind == ComponentKind::kButton && index_of(each, buttons) == index;
    });
    return found == sent.end() ? nullptr : &*found;
  }

  std::string filled(const TemplateText& text, const TemplateComponent* sent) const {
    if (sent != nullptr) return fill(text, values_of(text, sent->parameters, is_named_));
    return shows_examples_ ? fill(text, text.examples) : text.text;
  }

  void header(const TemplateBlock& block, const TemplateComponent* sent) {
    if (block.header == TemplateHeader::kNone) return;
    out_.key("header").begin_object();
    out_.key("type").string(channel::template_header_name(block.header));
    if (block.header == TemplateHeader::kText) {
      out_.key("text").string(filled(block.header_text, sent));
    } else if (sent != nullptr && !sent->parameters.empty()) {
      header_value(sent->parameters.front());
    }
    out_.end_object();
  }

  void header_value(const TemplateParameter& parameter) {
    if (const auto* media = std::get_if<channel::HeaderMedia>(&parameter.value)) {
      out_.optional_string("id", media->file.id);
      out_.optional_string("link", media->file.link.reveal());
      out_.optional_string("filename", media->filename.reveal());
    } else if (const auto* place = std::get_if<channel::Location>(&parameter.value)) {
      out_.optional_string("name", place->name.reveal());
      out_.optional_string("address", place->address.reveal());
    } else if (const auto* product = std::get_if<channel::Product>(&parameter.value)) {
      out_.optional_string("product_retailer_id", product->product_retailer_id);
    }
  }

  void button(const TemplateButton& button, const TemplateComponent* sent) {
    out_.begin_object().key("type").string(button.type);
    out_.optional_string("text", button.label);
    if (button.type == "url") out_.key("url").string(url(button, sent));
    if (button.type == "phone_number") out_.optional_string("phone_number", button.detail);
    if (button.type == "copy_code") out_.optional_string("code", code(button, sent));
    out_.end_object();
  }

  std::string url(const TemplateButton& button, const TemplateComponent* sent) const {
    if (sent != nullptr && !sent->parameters.empty())
      return fill(button.url, {std::string(text_of(sent->parameters.front()))});
    // A URL's example is a whole one.
    if (shows_examples_ && !button.url.is_fixed() && !button.url.examples.empty() &&
        button.url.examples.front().starts_with("http"))
      return button.url.examples.front();
    return button.url.text;
  }

  std::string code(const TemplateButton& button, const TemplateComponent* sent) const {
    if (sent != nullptr && !sent->parameters.empty()) {
      if (const auto* given = std::get_if<channel::CouponCode>(&sent->parameters.front().value))
        return std::string(given->code.reveal());
    }
    return shows_examples_ ? button.detail : std::string();
  }

  Writer& out_;
  bool is_named_;
  bool shows_examples_;
};

/// The card of the message that is meant for the template's `index`th.
const Components& components_of_card(const TemplateComponent* carousel, std::size_t index) {
  static const Components kNone;
  if (carousel == nullptr) return kNone;
  for (std::size_t i = 0; i < carousel->cards.size(); ++i) {
    const auto& card = carousel->cards[i];
    if (card.card_index.value_or(static_cast<std::int64_t>(i)) == static_cast<std::int64_t>(index))
      return card.components;
  }
  return kNone;
}

}  // namespace

std::string preview(const TemplateSchema& schema, const channel::Template* message) {
  static const Components kNone;
  const Components& sent = message == nullptr ? kNone : message->components;
  Writer out;
  out.begin_object();
  PreviewWriter write(out, schema.is_named, message == nullptr);
  write.block(schema.message, sent);
  if (schema.offer) {
    out.key("offer").begin_object().key("text").string(schema.offer->text);
    out.key("expires").boolean(schema.offer->expires).end_object();
  }
  if (!schema.cards.empty()) {
    const auto* carousel = find_component(sent, ComponentKind::kCarousel);
    out.key("cards").begin_array();
    for (std::size_t i = 0; i < schema.cards.size(); ++i) {
      out.begin_object();
      write.block(schema.cards[i], components_of_card(carousel, i));
      out.end_object();
    }
    out.end_array();
  }
  out.end_object();
  return std::move(out).take();
}

}  // namespace flowsell::templates
