#include <array>
#include <memory>
#include <utility>

#include "parts.h"

namespace flowsell::channel {
namespace {

using json::ObjectReader;

constexpr std::int64_t kAmountMax = 1'000'000'000'000'000;
constexpr std::int64_t kOffsetMax = 1'000'000;
constexpr std::int64_t kQuantityMax = 1'000'000'000;
constexpr std::size_t kItemsMax = 1'000;

Amount read_amount(ObjectReader& in) {
  Amount out;
  out.value = required_integer(in, "value", 0, kAmountMax);
  out.offset = required_integer(in, "offset", 1, kOffsetMax);
  return out;
}

std::optional<Amount> amount_at(ObjectReader& in, std::string_view name) {
  std::optional<Amount> out;
  read_object(in, name, [&](ObjectReader& object) { out = read_amount(object); });
  return out;
}

std::optional<OrderCharge> charge_at(ObjectReader& in, std::string_view name) {
  std::optional<OrderCharge> out;
  read_object(in, name, [&](ObjectReader& object) {
    out.emplace().amount = read_amount(object);
    out->description = content(object.string("description"));
    if (name == "discount")
      out->discount_program_name = content(object.string("discount_program_name"));
  });
  return out;
}

OrderItem read_item(ObjectReader& in) {
  OrderItem out;
  out.retailer_id = in.required_string("retailer_id").value_or("");
  out.product_id = in.string("product_id").value_or("");
  out.name = content(in.required_string("name"));
  require_object(in, "amount", [&](ObjectReader& object) { out.amount = read_amount(object); });
  out.sale_amount = amount_at(in, "sale_amount");
  out.quantity = required_integer(in, "quantity", 1, kQuantityMax);
  out.country_of_origin = content(in.string("country_of_origin"));
  out.importer_name = content(in.string("importer_name"));
  out.importer_address_json = read_texts_json(in, "importer_address");
  return out;
}

Order read_order(ObjectReader& in) {
  Order out;
  out.status = in.required_string("status").value_or("");
  out.type = in.string("type").value_or("");
  out.catalog_id = in.string("catalog_id").value_or("");
  read_each(in, "items", 0, kItemsMax,
            [&](ObjectReader& item) { out.items.push_back(read_item(item)); });
  out.subtotal = amount_at(in, "subtotal");
  out.tax = charge_at(in, "tax");
  out.shipping = charge_at(in, "shipping");
  out.discount = charge_at(in, "discount");
  out.expiration_json = read_texts_json(in, "expiration");
  return out;
}

constexpr std::array<std::string_view, 6> kPaymentSettings = {
    "payment_gateway",  "upi_intent_link", "payment_link",
    "pix_dynamic_code", "boleto",          "offsite_card_pay"};

/// [{"type": "payment_link", "payment_link": {...}}]: what is inside is the provider's business.
Content read_payment_settings(ObjectReader& in) {
  if (in.find("payment_settings") == nullptr) return {};
  read_each(in, "payment_settings", 1, kElementsMax, [](ObjectReader& setting) {
    const auto type = read_choice(setting, "type", kPaymentSettings);
    if (!type) return false;
    const std::string_view name = kPaymentSettings.at(*type);
    if (setting.require(name) != nullptr) read_object_json(setting, name);
    return true;
  });
  return json_text(*in.find("payment_settings"));
}

}  // namespace

OrderDetails read_order_details(ObjectReader& in) {
  OrderDetails out;
  out.reference_id = in.required_string("reference_id").value_or("");
  out.type = in.required_string("type").value_or("");
  out.payment_type = in.string("payment_type").value_or("");
  out.payment_configuration = in.string("payment_configuration").value_or("");
  out.payment_settings_json = read_payment_settings(in);
  out.currency = in.required_string("currency").value_or("");
  require_object(in, "total_amount",
                 [&](ObjectReader& object) { out.total_amount = read_amount(object); });
  read_object(in, "order", [&](ObjectReader& object) {
    out.order = std::make_shared<const Order>(read_order(object));
  });
  out.shipping_json = read_object_json(in, "shipping_info");
  return out;
}

OrderStatus read_order_status(ObjectReader& in) {
  OrderStatus out;
  out.reference_id = in.required_string("reference_id").value_or("");
  require_object(in, "order", [&](ObjectReader& object) {
    out.status = object.required_string("status").value_or("");
    out.description = content(object.string("description"));
  });
  out.payment_json = read_object_json(in, "payment");
  return out;
}

}  // namespace flowsell::channel
