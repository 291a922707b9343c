#include "template_generator.h"

#include <fmt/format.h>

namespace flowsell::sim {
namespace {

using channel::TemplateBlock;
using channel::TemplateButton;
using channel::TemplateHeader;
using channel::TemplateText;

constexpr std::size_t kBodyValue = 60;  ///< how long what fills a body's variable is, at most

std::string list(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& each : parts) {
    if (!each.empty()) out.append(out.empty() ? "" : ",").append(each);
  }
  return "[" + out + "]";
}

}  // namespace

std::string TemplateGenerator::words(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out.append(one_of({"order", "is", "ready", "für", "आज", "👍", "soon"})).append(" ");
  return out;
}

// --- templates

std::string TemplateGenerator::header(bool of_card) {
  const auto format = of_card ? one_of({"IMAGE", "VIDEO"})
                              : one_of({"TEXT", "TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"});
  if (format == "LOCATION") return R"({"type":"HEADER","format":"LOCATION"})";
  if (format != "TEXT") {
    return fmt::format(
        R"({{"type":"HEADER","format":"{}","example":{{"header_handle":["4::aW1hZ2U="]}}}})",
        format);
  }
  if (chance(50)) return R"({"type":"HEADER","format":"TEXT","text":"Good news"})";
  if (is_named_) {
    return R"({"type":"HEADER","format":"TEXT","text":"For {{who}} today","example":)"
           R"({"header_text_named_params":[{"param_name":"who","example":"Ana"}]}})";
  }
  return R"({"type":"HEADER","format":"TEXT","text":"For {{1}} today",)"
         R"("example":{"header_text":["Ana"]}})";
}

std::string TemplateGenerator::body() {
  const std::size_t variables = below(4);
  std::string text = words(between(2, 4));
  std::string examples;
  for (std::size_t i = 1; i <= variables; ++i) {
    const auto name = is_named_ ? fmt::format("name_{}", std::string(i, 'x')) : std::to_string(i);
    text += "{{" + name + "}} " + words(between(2, 4));
    examples += fmt::format(
        fmt::runtime(is_named_ ? R"({}{{"param_name":"{}","example":"x"}})" : R"({}"{}")"),
        examples.empty() ? "" : ",", name);
  }
  if (chance(3)) text += "{{1}}";
  if (chance(10)) text += std::string(900, 'x');
  const auto example = variables == 0 ? std::string()
                       : is_named_ ? R"(,"example":{"body_text_named_params":[)" + examples + "]}"
                                   : R"(,"example":{"body_text":[[)" + examples + "]]}";
  return R"({"type":"BODY","text":")" + text + R"(")" + example + "}";
}

std::string TemplateGenerator::button(std::string_view type) {
  if (type == "URL" && chance(60))
    return R"({"type":"URL","text":"Track","url":"https://a.example/{{1}}",)"
           R"("example":["https://a.example/1"]})";
  if (type == "URL") return R"({"type":"URL","text":"Shop","url":"https://a.example"})";
  if (type == "PHONE_NUMBER")
    return R"({"type":"PHONE_NUMBER","text":"Call","phone_number":"+4915155500001"})";
  if (type == "COPY_CODE") return R"({"type":"COPY_CODE","example":"SAVE20"})";
  if (type == "FLOW") return R"({"type":"FLOW","text":"Book","flow_id":"1"})";
  return fmt::format(R"({{"type":"{}","text":"Button"}})", type);
}

std::string TemplateGenerator::buttons(std::size_t max) {
  std::vector<std::string> all;
  const std::size_t replies = below(max);
  for (std::size_t i = 0; i < replies; ++i) all.push_back(button("QUICK_REPLY"));
  const std::size_t others = all.empty() ? 1 : below(max - replies + 1);
  std::vector<std::string_view> kinds = {"URL",     "PHONE_NUMBER", "COPY_CODE",  "FLOW",
                                         "CATALOG", "MPM",          "VOICE_CALL", "ORDER_DETAILS"};
  for (std::size_t i = 0; i < others && !kinds.empty(); ++i) {
    const std::size_t at = below(kinds.size());
    all.push_back(button(kinds[at]));
    kinds.erase(kinds.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return R"({"type":"BUTTONS","buttons":)" + list(all) + "}";
}

std::string TemplateGenerator::card() {
  const std::string variable =
      chance(50) || is_named_
          ? R"({"type":"BODY","text":"A very good thing"})"
          : R"({"type":"BODY","text":"A very {{1}} thing","example":{"body_text":[["good"]]}})";
  return R"({"components":)" +
         list({header(true), variable,
               R"({"type":"BUTTONS","buttons":)" + list({button("QUICK_REPLY"), button("URL")}) +
                   "}"}) +
         "}";
}

std::string TemplateGenerator::code_template() {
  const auto way = chance(50)
                       ? R"("otp_type":"COPY_CODE")"
                       : R"("otp_type":"ONE_TAP","supported_apps":[{"package_name":"com.a.b",)"
                         R"("signature_hash":"K8a/AINcGX7"}])";
  return list({R"({"type":"BODY","add_security_recommendation":true})",
               chance(50) ? R"({"type":"FOOTER","code_expiration_minutes":5})" : "",
               fmt::format(R"({{"type":"BUTTONS","buttons":[{{"type":"OTP",{}}}]}})", way)});
}

MadeUpTemplate TemplateGenerator::make() {
  MadeUpTemplate made;
  is_named_ = chance(30);
  made.category = one_of({"UTILITY", "MARKETING", "MARKETING", "AUTHENTICATION"});
  if (made.category == "AUTHENTICATION") {
    is_named_ = false;
    made.components = code_template();
  } else if (made.category == "MARKETING" && chance(30)) {
    std::vector<std::string> cards(between(2, 4));
    for (auto& each : cards) each = card();
    made.components = list({body(), R"({"type":"CAROUSEL","cards":)" + list(cards) + "}"});
  } else {
    const bool has_offer = made.category == "MARKETING" && chance(20);
    made.components = list(
        {chance(60) ? header(false) : "", body(),
         !has_offer && chance(30) ? R"({"type":"FOOTER","text":"Reply STOP to end"})" : "",
         has_offer ? R"({"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Ends soon",)"
                     R"("has_expiration":true}})"
                   : "",
         chance(70) ? buttons(4) : ""});
  }
  made.is_named = is_named_;
  return made;
}

// --- messages

std::string TemplateGenerator::value(std::size_t max) {
  if (chance(2)) return "two\\nlines";
  if (chance(3))
    return std::string(one_of({" ", "   ", "\\u0007", "a\\u0085", "\\u2028", "Hi {{1}}", "{{name}}",
                               "two words", "{{}}", "a%20b", "x{y}", "a\\\"b"}));
  const std::size_t length = chance(4)   ? max
                             : chance(3) ? max + 1
                                         : between(1, std::min<std::size_t>(max, 20));
  std::string out;
  for (std::size_t i = 0; i < length; ++i) out += one_of({"a", "b", "Z", "7", "ü", "👍"});
  return out;
}

std::string TemplateGenerator::text_parameter(const std::string& name, std::size_t max) {
  const auto text = code_.empty() ? value(max) : code_;
  const auto named = name.empty() ? std::string() : fmt::format(R"(,"parameter_name":"{}")", name);
  if (chance(10) && code_.empty() && max == kBodyValue)
    return fmt::format(R"({{"type":"date_time","date_time":{{"fallback_value":"{}"}}{}}})", text,
                       named);
  if (chance(10) && code_.empty() && max == kBodyValue)
    return fmt::format(R"({{"type":"currency","currency":{{"fallback_value":"{}","code":"{}",)"
                       R"("amount_1000":{}}}{}}})",
                       text, one_of({"INR", "USD", "ZWL", "AED", "BRL", "ABC", "ZZZ"}),
                       below(100'000), named);
  return fmt::format(R"({{"type":"text","text":"{}"{}}})", text, named);
}

std::string TemplateGenerator::texts(std::string_view type, const TemplateText& text,
                                     std::size_t max) {
  std::vector<std::string> all;
  for (const auto& name : text.names)
    all.push_back(text_parameter(is_named_ != chance(2) ? name : "", max));
  if (chance(3)) all.push_back(text_parameter("", max));
  if (!all.empty() && chance(3)) all.pop_back();
  if (all.empty()) return {};
  return fmt::format(R"({{"type":"{}","parameters":{}}})", type, list(all));
}

std::string TemplateGenerator::media(std::string_view kind) {
  return fmt::format(R"({{"type":"{0}","{0}":{{"link":"https://a.example/file"}}}})", kind);
}

std::string TemplateGenerator::header_of(const TemplateBlock& block) {
  if (block.header == TemplateHeader::kNone)
    return chance(2) ? R"({"type":"header","parameters":[)" + media("image") + "]}" : "";
  if (block.header == TemplateHeader::kText) return texts("header", block.header_text, 40);
  const auto kind = chance(3) ? one_of({"image", "video", "document"})
                              : channel::template_header_name(block.header);
  const std::string parameter =
      kind == "location"
          ? R"({"type":"location","location":{"latitude":1,"longitude":2,"name":"a",)"
            R"("address":"b"}})"
          : media(kind);
  return R"({"type":"header","parameters":[)" + parameter + "]}";
}

std::string TemplateGenerator::parameter_of(const TemplateButton& button) {
  using channel::ButtonKind;
  switch (button.kind.value_or(ButtonKind::kQuickReply)) {
    case ButtonKind::kUrl:
    case ButtonKind::kOtp:
      return text_parameter("", button.is_one_time_code ? 15 : 1990);
    case ButtonKind::kCopyCode:
      return fmt::format(R"({{"type":"coupon_code","coupon_code":"{}"}})", value(20));
    case ButtonKind::kFlow:
      return action({chance(80) ? R"("flow_token":"t")" : "",
                     chance(40)
                         ? chance(80) ? R"("flow_action_data":{"a":1})" : R"("flow_action_data":{})"
                         : ""});
    case ButtonKind::kMultiProduct:
      return action({chance(95) ? R"("thumbnail_product_retailer_id":"p")" : "", sections()});
    case ButtonKind::kCatalog:
    case ButtonKind::kSingleProduct:
      return R"({"type":"action","action":{"thumbnail_product_retailer_id":"p"}})";
    case ButtonKind::kVoiceCall:
      return R"({"type":"ttl_minutes","ttl_minutes":60})";
    case ButtonKind::kOrderDetails:
      return action({order_details()});
    default:
      return fmt::format(R"({{"type":"payload","payload":"{}"}})", value(200));
  }
}

std::string TemplateGenerator::action(const Parts& fields) {
  const auto all = list(fields);
  return R"({"type":"action","action":{)" + all.substr(1, all.size() - 2) + "}}";
}

std::string TemplateGenerator::sections() {
  std::vector<std::string> all(chance(5) ? 11 : between(1, 3));
  for (auto& each : all) {
    std::vector<std::string> items(chance(3) ? 31 : chance(4) ? 0 : between(1, 4));
    for (auto& item : items)
      item = fmt::format(R"({{"product_retailer_id":"{}"}})", chance(98) ? "p" : "");
    each = fmt::format(R"({{{}"product_items":{}}})",
                       chance(90)
                           ? fmt::format(R"("title":"{}",)", std::string(chance(95) ? 24 : 25, 'A'))
                           : std::string(),
                       list(items));
  }
  return R"("sections":)" + list(all);
}

std::string TemplateGenerator::amount(std::size_t value) {
  return fmt::format(R"({{"value":{},"offset":{}}})", value, chance(98) ? 100 : 1000);
}

std::string TemplateGenerator::order_details() {
  std::size_t sum = 0;
  std::vector<std::string> items(chance(3) ? 0 : between(1, 3));
  for (auto& each : items) {
    const std::size_t price = between(1, 5'000);
    const std::size_t count = between(1, 9);
    const bool has_sale = chance(30);
    const std::size_t sale = chance(10) ? price + 1 : below(price + 1);
    sum += (has_sale ? sale : price) * count;
    each = fmt::format(R"({{"retailer_id":"a","name":"{}","amount":{},"quantity":{}{}}})",
                       std::string(chance(97) ? 60 : 61, 'n'), amount(price), count,
                       has_sale ? R"(,"sale_amount":)" + amount(sale) : std::string());
  }
  const std::size_t tax = below(100);
  const std::size_t discount = chance(30) ? below(sum + 1) : 0;
  const std::size_t total = sum + tax - discount + (chance(5) ? 1 : 0);
  return fmt::format(
      R"("order_details":{{"reference_id":"{}","type":"digital-goods","currency":"{}",)"
      R"("payment_settings":[{{"type":"payment_link","payment_link":{{"uri":"https://example.com"}}}}],)"
      R"("total_amount":{},"order":{{"status":"{}","items":{},"subtotal":{},"tax":{}{}}}}})",
      chance(97) ? "r-1" : "r 1", one_of({"INR", "BRL", "BRL", "USD"}), amount(total),
      chance(97) ? "pending" : "shipped", list(items), amount(sum + (chance(3) ? 1 : 0)),
      amount(tax), discount == 0 ? std::string() : R"(,"discount":)" + amount(discount));
}

/// Components of which a template's description says nothing.
std::string TemplateGenerator::tap_target() {
  return fmt::format(
      R"({{"type":"tap_target_configuration","parameters":[{{"type":"tap_target_configuration",)"
      R"("tap_target_configuration":[{{"url":"{}","title":"{}"}}]}}]}})",
      chance(90) ? "https://a.example/x" : "nowhere", value(100));
}

std::string TemplateGenerator::order_status() {
  return fmt::format(R"({{"type":"order_status","parameters":[{{"type":"order_status",)"
                     R"("order_status":{{"reference_id":"{}","order":{{"status":"{}",)"
                     R"("description":"{}"}}}}}}]}})",
                     chance(95) ? "A-1" : "", one_of({"processing", "shipped", "canceled", "lost"}),
                     std::string(chance(90) ? 120 : 121, 'd'));
}

std::string TemplateGenerator::button_of(const TemplateButton& button, std::size_t index) {
  const auto at = chance(3) ? below(12) : index;
  if (!button.kind)
    return chance(3) ? fmt::format(R"({{"type":"button","sub_type":"quick_reply","index":"{}",)"
                                   R"("parameters":[{{"type":"payload","payload":"x"}}]}})",
                                   at)
                     : "";
  const bool is_bare = button.parameter == TemplateButton::Need::kNothing;
  if (is_bare ? !chance(2) : chance(button.parameter == TemplateButton::Need::kOptional ? 50 : 4))
    return {};
  const auto kind =
      button.is_one_time_code && chance(50) ? "otp" : channel::button_name(*button.kind);
  return fmt::format(R"({{"type":"button","sub_type":"{}","index":"{}","parameters":[{}]}})", kind,
                     at, parameter_of(button));
}

TemplateGenerator::Parts TemplateGenerator::block(const TemplateBlock& block) {
  Parts parts = {header_of(block), texts("body", block.body, kBodyValue)};
  for (std::size_t i = 0; i < block.buttons.size(); ++i)
    parts.push_back(button_of(block.buttons[i], i));
  return parts;
}

std::string TemplateGenerator::carousel(const std::vector<TemplateBlock>& cards) {
  std::vector<std::string> all;
  const bool reversed = chance(10);
  for (std::size_t i = 0; i < cards.size(); ++i) {
    const std::size_t index = reversed ? cards.size() - 1 - i : i;
    all.push_back(
        fmt::format(R"({{"card_index":{},"components":{}}})", index, list(block(cards[index]))));
  }
  if (all.size() > 2 && chance(5)) all.pop_back();
  return R"({"type":"carousel","cards":)" + list(all) + "}";
}

void TemplateGenerator::spoil(Parts& parts) {
  if (parts.empty()) return;
  const std::size_t at = below(parts.size());
  if (chance(50)) {
    parts[at].clear();
  } else {
    std::swap(parts[at], parts[below(parts.size())]);
  }
}

std::string TemplateGenerator::send(const channel::TemplateSchema& schema) {
  is_named_ = schema.is_named;
  code_ = schema.code_length_max && chance(90) ? "123456" : "";
  Parts parts = block(schema.message);
  if (!schema.cards.empty()) parts.push_back(carousel(schema.cards));
  if (schema.offer && chance(95))
    parts.push_back(R"({"type":"limited_time_offer","parameters":[{"type":"limited_time_offer",)"
                    R"("limited_time_offer":{"expiration_time_ms":4000000000000}}]})");
  if (chance(10)) parts.push_back(tap_target());
  if (chance(10)) parts.push_back(order_status());
  if (chance(20)) spoil(parts);
  return list(parts);
}

}  // namespace flowsell::sim
