#include "order_checks.h"

#include <algorithm>

namespace flowsell::sim {
namespace {

constexpr std::int64_t kValueMax = 1'000'000'000'000'000;

Checked<> check_reference(const Fields& parameters) {
  TRY(const auto id, parameters.text("reference_id", {.max = 35}));
  const auto known = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  if (!std::ranges::all_of(id, known))
    return parameters.wrong("reference_id", "has a character that is not allowed");
  return {};
}

Checked<std::int64_t> amount_of(const Fields& in, std::string_view name) {
  TRY(const auto amount, in.object(name));
  TRY(const auto value, amount.integer("value", 0, kValueMax));
  CHECK_OK(amount.integer("offset", 100, 100));
  CHECK_OK(amount.optional_text("description", {.min = 0, .max = 60}));
  CHECK_OK(amount.optional_text("discount_program_name", {.min = 0, .max = 60}));
  return value;
}

/// 0 where there is none.
Checked<std::int64_t> optional_amount_of(const Fields& in, std::string_view name) {
  if (!in.find(name)) return 0;
  return amount_of(in, name);
}

Checked<std::int64_t> items_of(const Fields& order) {
  std::int64_t sum = 0;
  CHECK_OK(order.each("items", 1, 1000, [&](const Fields& item) -> Checked<> {
    CHECK_OK(item.only({"retailer_id", "product_id", "name", "amount", "sale_amount", "quantity",
                        "country_of_origin", "importer_name", "importer_address"}));
    CHECK_OK(item.text("retailer_id", {}));
    CHECK_OK(item.text("name", {.max = 60}));
    TRY(const auto amount, amount_of(item, "amount"));
    TRY(const auto quantity, item.integer("quantity", 1, 1'000'000'000));
    auto price = amount;
    if (item.find("sale_amount")) {
      TRY(price, amount_of(item, "sale_amount"));
      if (price > amount) return item.wrong("sale_amount", "is more than the amount");
    }
    std::int64_t cost = 0;
    if (__builtin_mul_overflow(price, quantity, &cost) || __builtin_add_overflow(sum, cost, &sum))
      return item.wrong("amount", "is too large");
    return item.optional_texts("importer_address");
  }));
  return sum;
}

Checked<> check_order(const Fields& order, std::int64_t total) {
  CHECK_OK(order.only({"status", "type", "catalog_id", "expiration", "items", "subtotal", "tax",
                       "shipping", "discount"}));
  CHECK_OK(order.choice("status", {"pending"}));
  CHECK_OK(order.optional_texts("expiration"));
  TRY(const auto items, items_of(order));
  TRY(const auto subtotal, amount_of(order, "subtotal"));
  if (subtotal != items) return order.wrong("subtotal", "is not the sum of the items");
  TRY(const auto tax, optional_amount_of(order, "tax"));
  TRY(const auto shipping, optional_amount_of(order, "shipping"));
  TRY(const auto discount, optional_amount_of(order, "discount"));
  if (subtotal + tax + shipping - discount != total)
    return order.wrong("subtotal", "does not lead to total_amount");
  return {};
}

Checked<> check_payment_setting(const Fields& setting) {
  TRY(const auto type, setting.choice("type", {"payment_gateway", "upi_intent_link", "payment_link",
                                               "pix_dynamic_code", "boleto", "offsite_card_pay"}));
  CHECK_OK(setting.object(type));
  return {};
}

}  // namespace

Checked<> check_order_details(const Fields& parameters) {
  CHECK_OK(check_reference(parameters));
  CHECK_OK(parameters.choice("type", {"digital-goods", "physical-goods"}));
  CHECK_OK(parameters.optional_text("payment_type", {}));
  CHECK_OK(parameters.optional_text("payment_configuration", {.max = 60}));
  CHECK_OK(parameters.choice("currency", {"INR", "BRL"}));
  TRY(const auto total, amount_of(parameters, "total_amount"));
  if (parameters.find("payment_settings")) {
    CHECK_OK(parameters.each("payment_settings", 1, 100, check_payment_setting));
  } else if (!parameters.find("payment_configuration")) {
    return parameters.missing("payment_settings");
  }
  if (!parameters.find("order")) return {};
  TRY(const auto order, parameters.object("order"));
  return check_order(order, total);
}

Checked<> check_order_status(const Fields& parameters) {
  CHECK_OK(check_reference(parameters));
  TRY(const auto order, parameters.object("order"));
  CHECK_OK(order.only({"status", "description"}));
  CHECK_OK(order.choice("status", {"pending", "processing", "partially_shipped", "shipped",
                                   "completed", "canceled"}));
  CHECK_OK(order.optional_text("description", {.max = 120}));
  return {};
}

}  // namespace flowsell::sim
