#include "write_body.h"

namespace flowsell::whatsapp {
namespace {

using json::Writer;

void write_amount_fields(Writer& out, const channel::Amount& amount) {
  out.key("value").integer(amount.value).key("offset").integer(amount.offset);
}

void write_amount(Writer& out, std::string_view key, const std::optional<channel::Amount>& amount) {
  if (!amount) return;
  out.key(key).begin_object();
  write_amount_fields(out, *amount);
  out.end_object();
}

void write_charge(Writer& out, std::string_view key,
                  const std::optional<channel::OrderCharge>& charge) {
  if (!charge) return;
  out.key(key).begin_object();
  write_amount_fields(out, charge->amount);
  out.optional_string("description", charge->description.reveal());
  out.optional_string("discount_program_name", charge->discount_program_name.reveal());
  out.end_object();
}

void write_item(BodyWriter& body, const channel::OrderItem& item) {
  Writer& out = body.out();
  out.begin_object().key("retailer_id").string(item.retailer_id);
  out.optional_string("product_id", item.product_id);
  out.key("name").string(item.name.reveal());
  write_amount(out, "amount", item.amount);
  write_amount(out, "sale_amount", item.sale_amount);
  out.key("quantity").integer(item.quantity);
  body.text("country_of_origin", item.country_of_origin);
  body.text("importer_name", item.importer_name);
  body.raw("importer_address", item.importer_address_json);
  out.end_object();
}

void write_order(BodyWriter& body, const channel::Order& order) {
  Writer& out = body.out();
  out.key("order").begin_object().key("status").string(order.status);
  out.optional_string("type", order.type);
  out.optional_string("catalog_id", order.catalog_id);
  body.raw("expiration", order.expiration_json);
  out.key("items").begin_array();
  for (const channel::OrderItem& item : order.items) write_item(body, item);
  out.end_array();
  write_amount(out, "subtotal", order.subtotal);
  write_charge(out, "tax", order.tax);
  write_charge(out, "shipping", order.shipping);
  write_charge(out, "discount", order.discount);
  out.end_object();
}

}  // namespace

void BodyWriter::order_details(std::string_view key, const channel::OrderDetails& details) {
  out_.key(key).begin_object();
  out_.key("reference_id").string(details.reference_id).key("type").string(details.type);
  out_.optional_string("payment_type", details.payment_type);
  out_.optional_string("payment_configuration", details.payment_configuration);
  raw("payment_settings", details.payment_settings_json);
  out_.key("currency").string(details.currency);
  write_amount(out_, "total_amount", details.total_amount);
  if (details.order) write_order(*this, *details.order);
  raw("shipping_info", details.shipping_json);
  out_.end_object();
}

void BodyWriter::order_status(std::string_view key, const channel::OrderStatus& status) {
  out_.key(key).begin_object().key("reference_id").string(status.reference_id);
  out_.key("order").begin_object().key("status").string(status.status);
  text("description", status.description);
  out_.end_object();
  raw("payment", status.payment_json);
  out_.end_object();
}

}  // namespace flowsell::whatsapp
