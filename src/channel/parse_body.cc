#include "parse_body.h"

#include <string>
#include <utility>

namespace flowsell::channel {
namespace {

using json::ObjectReader;

// Bounds the work and the faults that one request can cause. What a channel takes is less, and its
// adapter's business.
constexpr std::size_t kElementsMax = 100;
constexpr std::size_t kReferenceLengthMax = 256;

Content content(std::optional<std::string_view> text) {
  return Content(std::string(text.value_or("")));
}

std::string element_pointer(const ObjectReader& in, std::string_view array, std::size_t index) {
  return in.pointer_of(array) + "/" + std::to_string(index);
}

/// True when the field "type" is `expected`, the only value we know.
bool has_type(ObjectReader& in, std::string_view expected) {
  const auto type = in.required_string("type");
  if (!type) return false;
  if (*type == expected) return true;
  const std::string quoted = "\"" + std::string(expected) + "\"";
  in.fault("type", "unsupported_type", "must be " + quoted, "Send " + quoted + ".");
  return false;
}

/// {"text": "..."}: the shape of an interactive message's body and footer.
Content read_text_object(const json::Value& value, std::string pointer,
                         std::vector<FieldError>& faults) {
  ObjectReader in(value, std::move(pointer), faults);
  Content text = content(in.required_string("text", {.min = 1}));
  in.finish();
  return text;
}

Content read_header(const json::Value& value, std::string pointer,
                    std::vector<FieldError>& faults) {
  ObjectReader in(value, std::move(pointer), faults);
  // With another type the fields are others, too: that one fault says it all.
  if (!has_type(in, "text")) return {};
  Content text = content(in.required_string("text", {.min = 1}));
  in.finish();
  return text;
}

Button read_button(const json::Value& value, std::string pointer, std::vector<FieldError>& faults) {
  ObjectReader in(value, std::move(pointer), faults);
  Button button;
  if (!has_type(in, "reply")) return button;
  if (const json::Value* reply = in.require("reply")) {
    ObjectReader fields(*reply, in.pointer_of("reply"), faults);
    button.id = fields.required_string("id").value_or("");
    button.title = content(fields.required_string("title"));
    fields.finish();
  }
  in.finish();
  return button;
}

std::vector<Button> read_action(const json::Value& value, std::string pointer,
                                std::vector<FieldError>& faults) {
  std::vector<Button> buttons;
  ObjectReader in(value, std::move(pointer), faults);
  if (in.require("buttons") != nullptr) {
    if (const json::Array* array = in.array("buttons", 0, kElementsMax)) {
      for (std::size_t i = 0; i < array->size(); ++i) {
        buttons.push_back(read_button((*array)[i], element_pointer(in, "buttons", i), faults));
      }
    }
  }
  in.finish();
  return buttons;
}

TemplateParameter read_parameter(const json::Value& value, std::string pointer,
                                 std::vector<FieldError>& faults) {
  ObjectReader in(value, std::move(pointer), faults);
  TemplateParameter parameter;
  if (!has_type(in, "text")) return parameter;
  parameter.text = content(in.required_string("text"));
  parameter.name = in.string("parameter_name", {.min = 1}).value_or("");
  in.finish();
  return parameter;
}

std::vector<TemplateParameter> read_parameters(ObjectReader& in) {
  std::vector<TemplateParameter> parameters;
  if (in.require("parameters") == nullptr) return parameters;
  const json::Array* array = in.array("parameters", 1, kElementsMax);
  if (array == nullptr) return parameters;
  for (std::size_t i = 0; i < array->size(); ++i) {
    parameters.push_back(
        read_parameter((*array)[i], element_pointer(in, "parameters", i), in.faults()));
  }
  return parameters;
}

void read_component(ObjectReader& in, std::size_t index, Template& out) {
  const auto type = in.required_string("type");
  if (!type) return;
  if (*type != "header" && *type != "body") {
    in.fault("type", "unsupported_type", "must be \"header\" or \"body\"",
             "Send the parameters of the template's header and body only.");
    return;
  }
  const bool is_header = *type == "header";
  std::vector<TemplateParameter>& parameters = is_header ? out.header : out.body;
  if (!parameters.empty()) {
    in.fault("type", "duplicate", "a component of this type came before",
             "Send each component once, with all its parameters.");
  }
  parameters = read_parameters(in);
  (is_header ? out.header_index : out.body_index) = index;
  in.finish();
}

void read_components(ObjectReader& in, Template& out) {
  const json::Array* array = in.array("components", 0, kElementsMax);
  if (array == nullptr) return;
  for (std::size_t i = 0; i < array->size(); ++i) {
    ObjectReader component((*array)[i], element_pointer(in, "components", i), in.faults());
    if (component.is_object()) read_component(component, i, out);
  }
}

std::string read_language(const json::Value& value, std::string pointer,
                          std::vector<FieldError>& faults) {
  ObjectReader in(value, std::move(pointer), faults);
  std::string code(in.required_string("code").value_or(""));
  in.finish();
  return code;
}

}  // namespace

std::string parse_message_reference(ObjectReader& in, std::string_view name) {
  const auto text = in.required_string(name, {.min = 1, .max = kReferenceLengthMax});
  if (!text) return {};
  if (text->starts_with(id_prefix(IdKind::kMessage)) && !MessageId::parse(*text)) {
    in.fault(name, "invalid_id", "starts as a message id but is none: \"msg_\" and 26 characters",
             "Use the id exactly as the API returned it.");
    return {};
  }
  return std::string(*text);
}

std::optional<Body> parse_text(ObjectReader& in) {
  const auto body = in.required_string("body");
  const auto preview_url = in.boolean("preview_url");
  if (!body) return std::nullopt;
  return Text{content(body), preview_url.value_or(false)};
}

std::optional<Body> parse_image(ObjectReader& in) {
  const auto link = in.required_string("link");
  const auto caption = in.string("caption");
  if (!link) return std::nullopt;
  return Image{content(link), content(caption)};
}

std::optional<Body> parse_document(ObjectReader& in) {
  const auto link = in.required_string("link");
  const auto caption = in.string("caption");
  const auto filename = in.string("filename");
  if (!link) return std::nullopt;
  return Document{content(link), content(caption), content(filename)};
}

std::optional<Body> parse_reaction(ObjectReader& in) {
  std::string message = parse_message_reference(in, "message_id");
  const auto emoji = in.required_string("emoji");
  if (message.empty() || !emoji) return std::nullopt;
  return Reaction{std::move(message), content(emoji)};
}

std::optional<Body> parse_interactive(ObjectReader& in) {
  if (!in.is_object()) return std::nullopt;
  InteractiveButtons out;
  const bool known_type = has_type(in, "button");
  std::vector<FieldError>& faults = in.faults();
  if (const auto* header = in.find("header"))
    out.header = read_header(*header, in.pointer_of("header"), faults);
  // Other types have other actions: reading theirs as buttons would only add noise to the fault
  // about the type.
  const json::Value* body = known_type ? in.require("body") : in.find("body");
  if (body != nullptr) out.body = read_text_object(*body, in.pointer_of("body"), faults);
  if (const auto* footer = in.find("footer"))
    out.footer = read_text_object(*footer, in.pointer_of("footer"), faults);
  const json::Value* action = known_type ? in.require("action") : in.find("action");
  if (action != nullptr && known_type)
    out.buttons = read_action(*action, in.pointer_of("action"), faults);
  return out;
}

std::optional<Body> parse_template(ObjectReader& in) {
  if (!in.is_object()) return std::nullopt;
  Template out;
  out.name = in.required_string("name").value_or("");
  if (const json::Value* language = in.require("language")) {
    out.language = read_language(*language, in.pointer_of("language"), in.faults());
  }
  read_components(in, out);
  return out;
}

}  // namespace flowsell::channel
