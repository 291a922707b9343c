#include "template_schema.h"

#include <algorithm>
#include <array>

#include "field_copy.h"
#include "fields.h"

namespace flowsell::whatsapp {
namespace {

using channel::ButtonKind;
using channel::TemplateBlock;
using channel::TemplateButton;
using channel::TemplateHeader;
using channel::TemplateSchema;
using channel::TemplateText;
using json::Array;
using json::Object;
using Need = TemplateButton::Need;

constexpr std::string_view kCodeUrl = "https://www.whatsapp.com/otp/code/";
constexpr std::string_view kCodeText = "*{{1}}* is your verification code.";

/// How a message names a button of Meta's type, and whether it gives it something.
struct ButtonRow {
  std::string_view type;
  std::optional<ButtonKind> kind;
  Need parameter;
};
constexpr std::array kButtons = {
    ButtonRow{"url", ButtonKind::kUrl, Need::kNothing},  // more where its URL has a variable
    ButtonRow{"quick_reply", ButtonKind::kQuickReply, Need::kOptional},
    ButtonRow{"copy_code", ButtonKind::kCopyCode, Need::kRequired},
    ButtonRow{"flow", ButtonKind::kFlow, Need::kOptional},
    ButtonRow{"catalog", ButtonKind::kCatalog, Need::kOptional},
    ButtonRow{"mpm", ButtonKind::kMultiProduct, Need::kRequired},
    ButtonRow{"spm", ButtonKind::kSingleProduct, Need::kOptional},
    ButtonRow{"voice_call", ButtonKind::kVoiceCall, Need::kOptional},
    ButtonRow{"order_details", ButtonKind::kOrderDetails, Need::kRequired},
};

void append_texts(const Array& list, std::vector<std::string>& out) {
  for (const json::Value& each : list) {
    if (each.is_string()) out.emplace_back(std::string_view(each.get_string()));
  }
}

/// The examples of a text's variables, in the order of its names. `field`: "body_text".
std::vector<std::string> examples_of(const Object& component, const TemplateText& text,
                                     std::string_view field) {
  std::vector<std::string> out;
  const Object* example = object_in(component, "example");
  if (example == nullptr) return out;
  if (const Array* named = array_in(*example, std::string(field) + "_named_params")) {
    for (const std::string& name : text.names) {
      const auto* found = std::ranges::find_if(*named, [&](const json::Value& each) {
        return each.is_object() && text_in(each.get_object(), "param_name") == name;
      });
      out.emplace_back(found == named->end() ? std::string_view()
                                             : text_in(found->get_object(), "example"));
    }
    return out;
  }
  const Array* list = array_in(*example, field);
  if (list == nullptr || list->empty()) return out;
  append_texts(list->front().is_array() ? list->front().get_array() : *list, out);
  return out;
}

TemplateText text_of(const Object& component, std::string_view field, std::size_t length_max,
                     bool is_named) {
  auto text = channel::template_text(std::string(text_in(component, "text")), length_max, is_named);
  text.examples = examples_of(component, text, field);
  return text;
}

TemplateHeader header_of(std::string_view format) {
  constexpr std::array kAll = {TemplateHeader::kText,   TemplateHeader::kImage,
                               TemplateHeader::kVideo,  TemplateHeader::kDocument,
                               TemplateHeader::kGif,    TemplateHeader::kLocation,
                               TemplateHeader::kProduct};
  const auto* found = std::ranges::find(kAll, format, channel::template_header_name);
  return found == kAll.end() ? TemplateHeader::kNone : *found;
}

TemplateButton button_of(const Object& given) {
  TemplateButton button;
  button.type = word_in(given, "type");
  button.label = text_in(given, "text");
  button.is_one_time_code = is_code_button(given);
  if (button.is_one_time_code) {
    button.type = "otp";
    button.kind = ButtonKind::kUrl;
    button.parameter = Need::kRequired;
    return button;
  }
  const auto* row = std::ranges::find(kButtons, button.type, &ButtonRow::type);
  if (row != kButtons.end()) {
    button.kind = row->kind;
    button.parameter = row->parameter;
  }
  if (button.kind == ButtonKind::kUrl) {
    button.url = channel::template_text(std::string(text_in(given, "url")), kTemplateUrlMax, false);
    if (!button.url.is_fixed()) button.parameter = Need::kRequired;
    if (const Array* examples = array_in(given, "example"))
      append_texts(*examples, button.url.examples);
  }
  if (button.kind == ButtonKind::kFlow) button.flow_id = scalar_in(given, "flow_id");
  if (button.type == "phone_number") button.detail = text_in(given, "phone_number");
  if (button.type == "copy_code") {
    button.detail = text_in(given, "example");
    const Array* examples = array_in(given, "example");
    std::vector<std::string> texts;
    if (examples != nullptr) append_texts(*examples, texts);
    if (!texts.empty()) button.detail = texts.front();
  }
  return button;
}

class SchemaReader {
 public:
  explicit SchemaReader(const channel::ProviderTemplate& of) : of_(of) {
    schema_.is_named = of.is_named;
    if (of.category == "authentication") {
      schema_.needs_phone = true;
      schema_.code_length_max = kTemplateCodeMax;
    }
  }

  TemplateSchema read(const Array& components) {
    const auto body_max = components.size() == 1 ? kTemplateBodyAloneMax : kTemplateBodyMax;
    read_block(components, schema_.message, body_max);
    for (const json::Value& each : components) {
      if (each.is_object()) read_whole(each.get_object());
    }
    return std::move(schema_);
  }

 private:
  /// Parts that a card has not.
  void read_whole(const Object& component) {
    const std::string type = word_in(component, "type");
    if (type == "carousel") {
      const Array* cards = array_in(component, "cards");
      if (cards == nullptr) return;
      for (const json::Value& each : *cards) {
        TemplateBlock& card = schema_.cards.emplace_back();
        const Object* object = each.if_object();
        const Array* inner = object == nullptr ? nullptr : array_in(*object, "components");
        if (inner != nullptr) read_block(*inner, card, kTemplateCardBodyMax);
      }
    } else if (type == "limited_time_offer") {
      const Object* offer = object_in(component, "limited_time_offer");
      if (offer == nullptr) return;
      schema_.offer = channel::TemplateOffer{std::string(text_in(*offer, "text")),
                                             flag_in(*offer, "has_expiration").value_or(false)};
    }
  }

  void read_block(const Array& components, TemplateBlock& out, std::size_t body_max) const {
    for (const json::Value& each : components) {
      const Object* component = each.if_object();
      if (component == nullptr) continue;
      const std::string type = word_in(*component, "type");
      if (type == "header") {
        out.header = header_of(word_in(*component, "format"));
        out.header_text = text_of(*component, "header_text", kTemplateHeaderMax, of_.is_named);
      } else if (type == "body") {
        out.body = text_of(*component, "body_text", body_max, of_.is_named);
        // Meta writes it, where our own draft is all that is known.
        if (out.body.text.empty() && schema_.code_length_max)
          out.body = channel::template_text(std::string(kCodeText), body_max, false);
      } else if (type == "footer") {
        out.footer = text_in(*component, "text");
      } else if (type == "buttons") {
        const Array* buttons = array_in(*component, "buttons");
        if (buttons == nullptr) continue;
        for (const json::Value& button : *buttons)
          out.buttons.push_back(button.is_object() ? button_of(button.get_object())
                                                   : TemplateButton());
      }
    }
  }

  const channel::ProviderTemplate& of_;
  TemplateSchema schema_;
};

}  // namespace

bool is_code_button(const json::Object& button) {
  return word_in(button, "type") == "otp" || text_in(button, "url").starts_with(kCodeUrl);
}

std::string otp_type_of(const json::Object& button) {
  constexpr std::string_view kParameter = "otp_type=";
  if (const auto type = text_in(button, "otp_type"); !type.empty()) return std::string(type);
  const std::string_view url = text_in(button, "url");
  const std::size_t at = url.find(kParameter);
  if (at == url.npos) return {};
  const std::string_view rest = url.substr(at + kParameter.size());
  return std::string(rest.substr(0, rest.find('&')));
}

std::optional<TemplateSchema> template_schema(const channel::ProviderTemplate& of) {
  const auto document = json::parse(of.components_json);
  const Array* components = document ? document->root().if_array() : nullptr;
  if (components == nullptr || components->empty()) return std::nullopt;
  return SchemaReader(of).read(*components);
}

}  // namespace flowsell::whatsapp
