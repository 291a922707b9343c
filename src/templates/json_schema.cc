#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/writer.h"
#include "templates/describe.h"

namespace flowsell::templates {
namespace {

using channel::TemplateBlock;
using channel::TemplateButton;
using channel::TemplateHeader;
using channel::TemplateSchema;
using channel::TemplateText;
using json::quoted;
using Need = TemplateButton::Need;

constexpr std::size_t kPayloadMax = 256;
constexpr std::size_t kCouponMax = 20;
constexpr std::size_t kCallPayloadMax = 512;
constexpr std::int64_t kCallMinutesMax = 43'200;
constexpr std::size_t kHeaderTextMax = 60;
constexpr std::size_t kTextMax = 1024;

// Texts of JSON are put together here: a schema is read by people, not by a hot path.

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& each : parts) out.append(out.empty() ? "" : ",").append(each);
  return out;
}

std::string constant(std::string_view value) { return R"({"const":)" + quoted(value) + "}"; }

/// An object with these members and no others.
std::string object(const std::vector<std::pair<std::string, std::string>>& members,
                   const std::vector<std::string>& required) {
  std::vector<std::string> properties;
  properties.reserve(members.size());
  for (const auto& [name, schema] : members) properties.push_back(quoted(name) + ":" + schema);
  std::vector<std::string> names;
  names.reserve(required.size());
  for (const std::string& each : required) names.push_back(quoted(each));
  return R"({"type":"object","properties":{)" + joined(properties) + R"(},"required":[)" +
         joined(names) + R"(],"additionalProperties":false})";
}

/// WhatsApp's rules for a text that fills a variable stand in the pattern.
constexpr std::string_view kNoText =
    R"([\\u0000-\\u001F\\u007F-\\u009F\\u2028\\u2029\\uFFFE\\uFFFF]|     |^ +$|)"
    R"(\\{\\{[A-Za-z0-9_ ]+\\}\\})";
/// What no URL has.
constexpr std::string_view kNoUrl = R"(|[ \"<>\\\\^`{|}])";

std::string text(std::size_t length_max, std::string_view nor = {}) {
  return std::string(R"({"type":"string","minLength":1,"maxLength":)")
      .append(std::to_string(length_max))
      .append(R"(,"not":{"pattern":")")
      .append(kNoText)
      .append(nor)
      .append(R"("}})");
}
std::string plain(std::size_t length_max) {
  return R"({"type":"string","minLength":1,"maxLength":)" + std::to_string(length_max) + "}";
}

std::string any_of(const std::vector<std::string>& all) {
  return all.size() == 1 ? all.front() : R"({"anyOf":[)" + joined(all) + "]}";
}

/// The list of a component's parameters: exactly these, in this order.
std::string in_order(const std::vector<std::string>& all) {
  const std::string count = std::to_string(all.size());
  return R"({"type":"array","prefixItems":[)" + joined(all) + R"(],"items":false,"minItems":)" +
         count + R"(,"maxItems":)" + count + "}";
}
/// The same in whatever order, each once.
std::string each_once(const std::vector<std::string>& all) {
  const std::string count = std::to_string(all.size());
  std::vector<std::string> contained;
  contained.reserve(all.size());
  for (const std::string& one : all) contained.push_back(R"({"contains":)" + one + "}");
  return R"({"type":"array","items":)" + any_of(all) + R"(,"minItems":)" + count +
         R"(,"maxItems":)" + count + R"(,"allOf":[)" + joined(contained) + "]}";
}

struct Named {
  std::string name;  ///< empty: by its place
  std::size_t length_max;
};
std::string with_name(const Named& named, std::vector<std::pair<std::string, std::string>> members,
                      std::vector<std::string> required) {
  if (!named.name.empty()) {
    members.emplace_back("parameter_name", constant(named.name));
    required.emplace_back("parameter_name");
  }
  return object(members, required);
}

std::string text_parameter(const Named& named) {
  return with_name(named, {{"type", constant("text")}, {"text", text(named.length_max)}},
                   {"type", "text"});
}
/// The end of a URL.
std::string url_parameter(std::size_t length_max) {
  return object({{"type", constant("text")}, {"text", text(length_max, kNoUrl)}}, {"type", "text"});
}
std::string body_parameter(const Named& named) {
  const std::string currency = object({{"fallback_value", text(named.length_max)},
                                       {"code", R"({"type":"string","pattern":"^[A-Z]{3}$"})"},
                                       {"amount_1000", R"({"type":"integer"})"}},
                                      {"fallback_value", "code", "amount_1000"});
  const std::string time = object({{"fallback_value", text(named.length_max)}}, {"fallback_value"});
  return any_of({text_parameter(named),
                 with_name(named, {{"type", constant("currency")}, {"currency", currency}},
                           {"type", "currency"}),
                 with_name(named, {{"type", constant("date_time")}, {"date_time", time}},
                           {"type", "date_time"})});
}

std::string media_parameter(const std::string& kind) {
  std::vector<std::pair<std::string, std::string>> members = {
      {"id", plain(256)}, {"link", R"({"type":"string","format":"uri","maxLength":2048})"}};
  if (kind == "document") members.emplace_back("filename", plain(240));
  std::string file = object(members, {});
  file.pop_back();
  file += R"(,"oneOf":[{"required":["id"]},{"required":["link"]}]})";
  return object({{"type", constant(kind)}, {kind, file}}, {"type", kind});
}

std::string header_parameter(TemplateHeader header) {
  const std::string kind(channel::template_header_name(header));
  if (header == TemplateHeader::kLocation) {
    const std::string place =
        object({{"latitude", R"({"type":"number","minimum":-90,"maximum":90})"},
                {"longitude", R"({"type":"number","minimum":-180,"maximum":180})"},
                {"name", plain(1000)},
                {"address", plain(1000)}},
               {"latitude", "longitude", "name", "address"});
    return object({{"type", constant(kind)}, {kind, place}}, {"type", kind});
  }
  if (header == TemplateHeader::kProduct) {
    const std::string product =
        object({{"catalog_id", plain(256)}, {"product_retailer_id", plain(256)}},
               {"catalog_id", "product_retailer_id"});
    return object({{"type", constant(kind)}, {kind, product}}, {"type", kind});
  }
  return media_parameter(kind);
}

std::string action_parameter(const std::vector<std::pair<std::string, std::string>>& members,
                             const std::vector<std::string>& required) {
  return object({{"type", constant("action")}, {"action", object(members, required)}},
                {"type", "action"});
}

/// What the button's parameter is; empty: it takes none.
std::string button_parameter(const TemplateButton& button, const TemplateSchema& schema) {
  using channel::ButtonKind;
  if (!button.kind || button.parameter == Need::kNothing) return {};
  const std::string thumbnail = plain(256);
  switch (*button.kind) {
    case ButtonKind::kUrl:
    case ButtonKind::kOtp:
      if (!button.is_one_time_code) return url_parameter(button.url.length_max);
      return text_parameter({{}, schema.code_length_max.value_or(kTextMax)});
    case ButtonKind::kQuickReply:
      return object({{"type", constant("payload")}, {"payload", plain(kPayloadMax)}},
                    {"type", "payload"});
    case ButtonKind::kCopyCode:
      return object({{"type", constant("coupon_code")}, {"coupon_code", text(kCouponMax)}},
                    {"type", "coupon_code"});
    case ButtonKind::kFlow:
      return action_parameter({{"flow_token", plain(kTextMax)},
                               {"flow_action_data", R"({"type":"object","minProperties":1})"}},
                              {});
    case ButtonKind::kMultiProduct: {
      const std::string item =
          object({{"product_retailer_id", plain(256)}}, {"product_retailer_id"});
      const std::string items = R"({"type":"array","minItems":1,"items":)" + item + "}";
      const std::string section =
          object({{"title", plain(24)}, {"product_items", items}}, {"product_items"});
      const std::string sections =
          R"({"type":"array","minItems":1,"maxItems":10,"items":)" + section + "}";
      return action_parameter(
          {{"thumbnail_product_retailer_id", thumbnail}, {"sections", sections}},
          {"thumbnail_product_retailer_id", "sections"});
    }
    case ButtonKind::kCatalog:
    case ButtonKind::kSingleProduct:
      return action_parameter({{"thumbnail_product_retailer_id", thumbnail}}, {});
    case ButtonKind::kOrderDetails:
      return action_parameter({{"order_details", R"({"type":"object"})"}}, {"order_details"});
    case ButtonKind::kVoiceCall:
      return any_of({object({{"type", constant("payload")}, {"payload", plain(kCallPayloadMax)}},
                            {"type", "payload"}),
                     object({{"type", constant("ttl_minutes")},
                             {"ttl_minutes", R"({"type":"integer","minimum":1,"maximum":)" +
                                                 std::to_string(kCallMinutesMax) + "}"}},
                            {"type", "ttl_minutes"})});
  }
  return {};
}

/// A component that may stand in a list of components.
struct Part {
  std::string name;  ///< of its definition
  std::string schema;
  bool is_required = false;
};

class SchemaWriter {
 public:
  explicit SchemaWriter(const TemplateSchema& schema) : schema_(schema) {}

  std::string write(const std::string& name, const std::string& language) {
    std::vector<Part> parts = parts_of(schema_.message, "");
    if (!schema_.cards.empty()) parts.push_back({"carousel", carousel(), true});
    if (schema_.offer && schema_.offer->expires) parts.push_back({"offer", offer(), true});
    const bool needs_some = needs_any(parts);
    const std::string list = components(parts);
    const std::string root =
        object({{"name", constant(name)},
                {"language", object({{"code", constant(language)}}, {"code"})},
                {"components", list}},
               needs_some ? std::vector<std::string>{"name", "language", "components"}
                          : std::vector<std::string>{"name", "language"});
    return R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":)" + quoted(name) +
           "," + root.substr(1, root.size() - 2) + R"(,"$defs":{)" + joined(definitions_) + "}}";
  }

 private:
  static bool needs_any(const std::vector<Part>& parts) {
    for (const Part& each : parts)
      if (each.is_required) return true;
    return false;
  }

  /// Those of a message, or of a card: each kind once, in whatever order.
  std::string components(const std::vector<Part>& parts) {
    std::vector<std::string> all;
    std::vector<std::string> rules;
    for (const Part& each : parts) {
      definitions_.push_back(quoted(each.name) + ":" + each.schema);
      const std::string reference = R"({"$ref":)" + quoted("#/$defs/" + each.name) + "}";
      all.push_back(reference);
      rules.push_back(R"({"contains":)" + reference + R"(,"minContains":)" +
                      (each.is_required ? "1" : "0") + R"(,"maxContains":1})");
    }
    if (all.empty()) return R"({"type":"array","maxItems":0})";
    return R"({"type":"array","items":)" + any_of(all) + R"(,"allOf":[)" + joined(rules) + "]}";
  }

  std::vector<Part> parts_of(const TemplateBlock& block, const std::string& prefix) {
    std::vector<Part> parts;
    if (block.header == TemplateHeader::kText) {
      if (!block.header_text.is_fixed())
        parts.push_back({prefix + "header",
                         texts("header", block.header_text, kHeaderTextMax, text_parameter), true});
    } else if (block.header != TemplateHeader::kNone) {
      parts.push_back({prefix + "header",
                       component("header", in_order({header_parameter(block.header)})), true});
    }
    if (!block.body.is_fixed()) {
      const std::size_t length_max = schema_.code_length_max.value_or(kTextMax);
      parts.push_back({prefix + "body",
                       texts("body", block.body, length_max,
                             schema_.code_length_max ? text_parameter : body_parameter),
                       true});
    }
    for (std::size_t i = 0; i < block.buttons.size(); ++i) add_button(parts, block, i, prefix);
    return parts;
  }

  void add_button(std::vector<Part>& parts, const TemplateBlock& block, std::size_t index,
                  const std::string& prefix) {
    const TemplateButton& button = block.buttons[index];
    const std::string parameter = button_parameter(button, schema_);
    if (parameter.empty()) return;
    std::vector<std::string> kinds = {quoted(channel::button_name(*button.kind))};
    if (button.is_one_time_code) kinds.push_back(quoted("otp"));
    const std::string number = std::to_string(index);
    const bool may_be_bare =
        button.parameter == Need::kOptional && button.kind != channel::ButtonKind::kQuickReply;
    const bool is_call = button.kind == channel::ButtonKind::kVoiceCall;
    const std::string list = R"({"type":"array","minItems":1,"maxItems":)" +
                             std::string(is_call ? "2" : "1") + R"(,"items":)" + parameter + "}";
    std::vector<std::string> required = {"type", "sub_type"};
    if (!is_call) required.emplace_back("index");
    if (!may_be_bare) required.emplace_back("parameters");
    parts.push_back({prefix + "button_" + number,
                     object({{"type", constant("button")},
                             {"sub_type", R"({"enum":[)" + joined(kinds) + "]}"},
                             {"index", R"({"enum":[)" + number + "," + quoted(number) + "]}"},
                             {"parameters", list}},
                            required),
                     button.parameter == Need::kRequired});
  }

  std::string texts(std::string_view type, const TemplateText& text, std::size_t length_max,
                    std::string (*one)(const Named&)) const {
    std::vector<std::string> all;
    all.reserve(text.names.size());
    for (const std::string& name : text.names)
      all.push_back(one({schema_.is_named ? name : std::string(), length_max}));
    return component(type, schema_.is_named ? each_once(all) : in_order(all));
  }

  static std::string component(std::string_view type, const std::string& parameters) {
    return object({{"type", constant(type)}, {"parameters", parameters}}, {"type", "parameters"});
  }

  std::string carousel() {
    std::vector<std::string> cards;
    for (std::size_t i = 0; i < schema_.cards.size(); ++i) {
      const std::string number = std::to_string(i);
      const auto parts = parts_of(schema_.cards[i], "card_" + number + "_");
      std::vector<std::string> required;
      if (needs_any(parts)) required.emplace_back("components");
      cards.push_back(
          object({{"card_index", R"({"const":)" + number + "}"}, {"components", components(parts)}},
                 required));
    }
    return object({{"type", constant("carousel")}, {"cards", in_order(cards)}}, {"type", "cards"});
  }

  static std::string offer() {
    const std::string value = object({{"expiration_time_ms", R"({"type":"integer","minimum":1})"}},
                                     {"expiration_time_ms"});
    return component(
        "limited_time_offer",
        in_order({object({{"type", constant("limited_time_offer")}, {"limited_time_offer", value}},
                         {"type", "limited_time_offer"})}));
  }

  const TemplateSchema& schema_;
  std::vector<std::string> definitions_;
};

}  // namespace

std::string json_schema(const TemplateSchema& schema, const std::string& name,
                        const std::string& language) {
  return SchemaWriter(schema).write(name, language);
}

}  // namespace flowsell::templates
