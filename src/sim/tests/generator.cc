#include "generator.h"

#include <fmt/format.h>

namespace flowsell::sim {
namespace {

constexpr std::initializer_list<std::string_view> kInteractiveTypes = {"button",
                                                                       "list",
                                                                       "cta_url",
                                                                       "location_request_message",
                                                                       "address_message",
                                                                       "product",
                                                                       "product_list",
                                                                       "catalog_message",
                                                                       "flow",
                                                                       "carousel",
                                                                       "voice_call",
                                                                       "call_permission_request",
                                                                       "contact_request",
                                                                       "order_details",
                                                                       "order_status"};

}  // namespace

std::string MessageGenerator::text(std::size_t max, std::size_t min) {
  constexpr std::size_t kUsualMax = 30;
  std::size_t length = between(min, std::max(min, std::min(max, kUsualMax)));
  if (chance(5)) length = max;
  if (chance(2)) length = max + 1;
  std::string out = "\"";
  for (std::size_t i = 0; i < length; ++i)
    out += one_of({"a", "b", "c", "Z", "7", "_", "ü", "अ", "👍", "\\\"", "é"});
  return out + "\"";
}

std::string MessageGenerator::plain(std::size_t max) {
  std::string out = "\"";
  const std::size_t length = chance(5) ? max : between(1, std::min<std::size_t>(max, 12));
  for (std::size_t i = 0; i < length; ++i) out += "abcdefXYZ0189"[below(13)];
  return out + "\"";
}

std::string MessageGenerator::url() {
  if (chance(2)) return R"("ftp://example.com/a")";
  return fmt::format(R"("{}://example.com/{}?x={}")", one_of({"http", "https"}), below(1000),
                     below(9));
}

std::string MessageGenerator::maybe(std::string_view name, const std::string& value, int percent) {
  return chance(percent) ? fmt::format(R"(,"{}":{})", name, value) : std::string();
}

std::string MessageGenerator::file(bool caption, bool filename) {
  std::string out = chance(50) ? R"({"id":)" + plain(40) : R"({"link":)" + url();
  if (caption) out += maybe("caption", text(1024));
  if (filename) out += maybe("filename", text(240));
  return out + "}";
}

std::string MessageGenerator::header(bool images_only) {
  if (!images_only && chance(50))
    return fmt::format(R"(,"header":{{"type":"text","text":{}}})", text(60));
  const auto kind = images_only ? "image" : one_of({"image", "video", "document"});
  return fmt::format(R"(,"header":{{"type":"{0}","{0}":{1}}})", kind,
                     file(false, kind == std::string_view("document")));
}

std::string MessageGenerator::buttons(std::string_view kind, std::size_t count) {
  return list(count, [&](std::size_t i) {
    return fmt::format(R"({{"type":"{0}","{0}":{{"id":"{1}","title":"{2}{1}"}}}})", kind,
                       chance(3) ? below(2) : i + 10 * below(100), one_of({"Yes ", "No ", "👍"}));
  });
}

std::string MessageGenerator::sections_of_rows() {
  const std::size_t sections = chance(70) ? 1 : between(1, 4);
  const std::size_t rows = between(1, sections == 1 ? 11 : 4);
  return list(sections, [&](std::size_t s) {
    return fmt::format(R"({{"title":{},"rows":{}}})", text(24), list(rows, [&](std::size_t r) {
                         return fmt::format(R"({{"id":"{}-{}","title":{}{}}})", s, r, text(24),
                                            maybe("description", text(72)));
                       }));
  });
}

std::string MessageGenerator::sections_of_products() {
  const std::size_t sections = chance(70) ? 1 : between(1, 11);
  const std::size_t products = between(1, sections == 1 ? 31 : 4);
  return list(sections, [&](std::size_t) {
    return fmt::format(R"({{"title":{},"product_items":{}}})", text(24),
                       list(products, [&](std::size_t) {
                         return R"({"product_retailer_id":)" + plain(20) + "}";
                       }));
  });
}

std::string MessageGenerator::carousel() {
  const auto kind = one_of({"link", "replies", "product"});
  const auto media = one_of({"image", "video"});
  const std::size_t replies = between(1, 3);
  const auto card = [&](std::size_t i) {
    std::string out = fmt::format(R"({{"card_index":{})", chance(2) ? below(11) : i);
    if (kind == "product") {
      return out + R"(,"type":"product","action":{"catalog_id":"1","product_retailer_id":)" +
             plain(20) + "}}";
    }
    out += fmt::format(R"(,"type":"cta_url","header":{{"type":"{0}","{0}":{1}}})", media,
                       file(false, false));
    if (chance(50)) out += fmt::format(R"(,"body":{{"text":{}}})", text(160));
    out += R"(,"action":)";
    if (kind == "link") return out + action("cta_url") + "}";
    return out + fmt::format(R"({{"buttons":{}}}}})", buttons("quick_reply", replies));
  };
  return fmt::format(R"({{"cards":{}}})", list(chance(3) ? 11 : between(2, 10), card));
}

std::string MessageGenerator::flow() {
  std::string out = R"({"name":"flow","parameters":{)";
  out += chance(50) ? R"("flow_id":)" + plain(20) : R"("flow_name":)" + plain(20);
  out += R"(,"flow_cta":)" + (chance(90) ? plain(30) : text(30));
  out += maybe("flow_token", text(80)) + maybe("mode", "\"draft\"") +
         maybe("flow_message_version", "\"3\"");
  out += maybe("flow_action", chance(70) ? "\"navigate\"" : "\"data_exchange\"");
  out += maybe("flow_action_payload", fmt::format(R"({{"screen":{}{}}})", text(40),
                                                  maybe("data", chance(90) ? R"({"a":1})" : "{}")));
  return out + "}}";
}

std::string MessageGenerator::order() {
  const auto amount = [](std::size_t value) {
    return fmt::format(R"({{"value":{},"offset":100}})", value);
  };
  std::size_t sum = 0;
  const std::string items = list(between(1, 4), [&](std::size_t i) {
    const std::size_t price = below(100'000);
    const std::size_t count = between(1, 5);
    sum += price * count;
    return fmt::format(R"({{"retailer_id":"r{}","name":{},"amount":{},"quantity":{}}})", i,
                       text(60), amount(price), count);
  });
  const std::size_t tax = below(500);
  return fmt::format(
      R"({{"reference_id":{},"type":"{}","currency":"{}","payment_settings":[{{"type":"payment_link",)"
      R"("payment_link":{{"uri":"https://example.com"}}}}],"total_amount":{},"order":{{"status":)"
      R"("pending","items":{},"subtotal":{},"tax":{}}}}})",
      plain(35), one_of({"digital-goods", "physical-goods"}), one_of({"INR", "BRL"}),
      amount(sum + tax + (chance(3) ? 1 : 0)), items, amount(sum), amount(tax));
}

std::string MessageGenerator::action(std::string_view type) {
  if (type == "button") return fmt::format(R"({{"buttons":{}}})", buttons("reply", between(1, 4)));
  if (type == "list")
    return fmt::format(R"({{"button":{},"sections":{}}})", text(20), sections_of_rows());
  if (type == "cta_url")
    return fmt::format(R"({{"name":"cta_url","parameters":{{"display_text":{},"url":{}}}}})",
                       text(20), url());
  if (type == "location_request_message") return R"({"name":"send_location"})";
  if (type == "address_message")
    return fmt::format(
        R"({{"name":"address_message","parameters":{{"country":"IN","values":{{"city":{}}}}}}})",
        text(50));
  if (type == "product")
    return fmt::format(R"({{"catalog_id":{},"product_retailer_id":{}}})", plain(20), plain(20));
  if (type == "product_list")
    return fmt::format(R"({{"catalog_id":{},"sections":{}}})", plain(20), sections_of_products());
  if (type == "catalog_message") {
    const std::string thumbnail = R"({"thumbnail_product_retailer_id":)" + plain(20) + "}";
    return R"({"name":"catalog_message")" + maybe("parameters", thumbnail) + "}";
  }
  if (type == "flow") return flow();
  if (type == "carousel") return carousel();
  if (type == "voice_call") {
    const std::string more =
        fmt::format(R"({{"ttl_minutes":{}{}{}}})", between(1, 43'200),
                    maybe("display_text", text(20)), maybe("payload", text(512)));
    return R"({"name":"voice_call")" + maybe("parameters", more) + "}";
  }
  if (type == "call_permission_request") return R"({"name":"call_permission_request"})";
  if (type == "contact_request") return R"({"name":"request_contact_info"})";
  if (type == "order_details") return R"({"name":"review_and_pay","parameters":)" + order() + "}";
  return fmt::format(
      R"({{"name":"review_order","parameters":{{"reference_id":{},"order":{{"status":"{}"{}}}}}}})",
      plain(35), one_of({"processing", "shipped", "completed", "canceled"}),
      maybe("description", text(120)));
}

std::string MessageGenerator::interactive() {
  const auto type = one_of(kInteractiveTypes);
  const bool frame_free = type == "location_request_message" || type == "carousel" ||
                          type == "voice_call" || type == "call_permission_request" ||
                          type == "contact_request";
  std::string out = fmt::format(R"({{"type":"{}","action":{})", type, action(type));
  out += fmt::format(R"(,"body":{{"text":{}}})", text(type == "list" ? 4096 : 1024));
  if (chance(frame_free ? 3 : 50)) out += fmt::format(R"(,"footer":{{"text":{}}})", text(60));
  if (type == "product_list" || ((type == "list" || type == "address_message") && chance(50))) {
    out += fmt::format(R"(,"header":{{"type":"text","text":{}}})", text(60));
  } else if (chance(type == "button" || type == "cta_url" || type == "flow" ? 50 : 3)) {
    out += header(false);
  } else if (type == "order_details") {
    out += header(true);
  }
  return out + "}";
}

std::string MessageGenerator::contact() {
  return fmt::format(
      R"({{"name":{{"formatted_name":{},"first_name":{}}}{}{}{}{}{}{}}})", text(80), text(40),
      maybe("phones", list(between(1, 3),
                           [&](std::size_t) {
                             return R"({"phone":"+4915155500001")" + maybe("type", "\"HOME\"") +
                                    "}";
                           })),
      maybe("emails", R"([{"email":"ana@example.com","type":"WORK"}])"),
      maybe("urls", R"([{"url":"https://example.com"}])"),
      maybe("addresses", fmt::format(R"([{{"city":{},"country_code":"de"}}])", text(50))),
      maybe("org", fmt::format(R"({{"company":{}}})", text(50))),
      maybe("birthday", chance(95) ? "\"1990-12-31\"" : "\"1990\""));
}

std::string MessageGenerator::place() {
  return fmt::format(R"({{"latitude":{},"longitude":{}{}{}}})",
                     static_cast<double>(below(1810)) / 10 - 90.5,
                     static_cast<double>(below(3610)) / 10 - 180.5, maybe("name", text(100)),
                     maybe("address", text(100)));
}

std::string MessageGenerator::body_parameters() {
  const bool named = chance(40);
  return list(between(1, 5), [&](std::size_t i) {
    std::string out;
    switch (below(4)) {
      case 0:
        out = fmt::format(R"({{"type":"currency","currency":{{"fallback_value":{},"code":"INR",)"
                          R"("amount_1000":{}}})",
                          text(20), below(1'000'000));
        break;
      case 1:
        out = fmt::format(R"({{"type":"date_time","date_time":{{"fallback_value":{}}})", text(40));
        break;
      default:
        out = R"({"type":"text","text":)" + text(1024);
    }
    return out + (named ? fmt::format(R"(,"parameter_name":"p{}")", i) : "") + "}";
  });
}

std::string MessageGenerator::button_component(std::size_t index) {
  const auto button = [&](std::string_view kind, const std::string& parameter) {
    return fmt::format(R"({{"type":"button","sub_type":"{}","index":{},"parameters":[{}]}})", kind,
                       index, parameter);
  };
  switch (below(7)) {
    case 0:
      return button("quick_reply", R"({"type":"payload","payload":)" + text(256) + "}");
    case 1:
      return button("url", R"({"type":"text","text":)" + text(200) + "}");
    case 2:
      return button("copy_code", R"({"type":"coupon_code","coupon_code":)" + text(20) + "}");
    case 3:
      return button("flow", R"({"type":"action","action":{"flow_token":)" + text(40) + "}}");
    case 4:
      return button("catalog",
                    R"({"type":"action","action":{"thumbnail_product_retailer_id":"p"}})");
    case 5:
      return button("order_details",
                    R"({"type":"action","action":{"order_details":)" + order() + "}}");
    default:
      return button("mpm", fmt::format(R"({{"type":"action","action":{{)"
                                       R"("thumbnail_product_retailer_id":"p","sections":{}}}}})",
                                       sections_of_products()));
  }
}

std::string MessageGenerator::of_template() {
  std::string components;
  const auto add = [&](const std::string& component) {
    components += (components.empty() ? "" : ",") + component;
  };
  if (chance(40)) {
    const auto kind = one_of({"image", "video", "document", "gif"});
    add(fmt::format(R"({{"type":"header","parameters":[{{"type":"{0}","{0}":{1}}}]}})", kind,
                    file(false, kind == "document")));
  }
  if (chance(60)) add(fmt::format(R"({{"type":"body","parameters":{}}})", body_parameters()));
  for (std::size_t i = 0, count = below(4); i < count; ++i) add(button_component(i));
  if (chance(10)) {
    add(R"({"type":"carousel","cards":)" +
        list(between(2, 10),
             [&](std::size_t) {
               return fmt::format(
                   R"({{"components":[{{"type":"header","parameters":[{{"type":"image",)"
                   R"("image":{}}}]}}]}})",
                   file(false, false));
             }) +
        "}");
  }
  return fmt::format(R"({{"name":"order_{}","language":{{"code":"{}"}},"components":[{}]}})",
                     below(100), one_of({"de", "en_US", "pt_BR", "fil"}), components);
}

std::string MessageGenerator::message() {
  const auto kind = one_of({"text", "image", "video", "audio", "document", "sticker", "location",
                            "contacts", "reaction", "interactive", "interactive", "interactive",
                            "interactive", "template", "template"});
  std::string object;
  if (kind == "text") object = R"({"body":)" + text(4096) + maybe("preview_url", "true") + "}";
  if (kind == "image" || kind == "video") object = file(true, false);
  if (kind == "audio" || kind == "sticker") object = file(false, false);
  if (kind == "document") object = file(true, true);
  if (kind == "location") object = place();
  if (kind == "contacts")
    object = list(chance(3) ? 258 : between(1, 4), [&](std::size_t) { return contact(); });
  if (kind == "reaction")
    object = fmt::format(R"({{"message_id":"wamid.A","emoji":"{}"}})",
                         one_of({"👍", "", "🇮🇳", "1️⃣", "👩‍👩‍👧", "ok"}));
  if (kind == "interactive") object = interactive();
  if (kind == "template") object = of_template();
  const bool to_group = chance(5);
  const bool to_user = !to_group && chance(20);
  std::string out = fmt::format(R"({{"to":"{}","type":"{}","{}":{})",
                                to_group  ? "Y2FwaV9ncm91cDoxMjM="
                                : to_user ? "US.13491208655302741918"
                                          : "+4915155500001",
                                kind, kind, object);
  if (to_group) out += R"(,"recipient_type":"group")";
  if (kind != "reaction") out += maybe("context", R"({"message_id":"wamid.B"})", 20);
  out += maybe("product_policy", "\"STRICT\"", kind == "template" ? 20 : 1);
  out += maybe("recipient_identity_key_hash", plain(40), 5);
  return out + "}";
}

}  // namespace flowsell::sim
