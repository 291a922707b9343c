#include <algorithm>
#include <array>

#include "checker.h"

namespace flowsell::whatsapp {
namespace {

constexpr std::size_t kReferenceMax = 35;
constexpr std::size_t kNameMax = 60;
constexpr std::size_t kDescriptionMax = 60;
constexpr std::size_t kStatusDescriptionMax = 120;
constexpr std::size_t kConfigurationMax = 60;

constexpr std::array<std::string_view, 2> kTypes = {"digital-goods", "physical-goods"};
constexpr std::array<std::string_view, 6> kStatuses = {"pending", "processing", "partially_shipped",
                                                       "shipped", "completed",  "canceled"};

bool is_reference_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-' || c == '.';
}

void reference(Checker& checker, const std::string& at, std::string_view id) {
  checker.length(at, id, 1, kReferenceMax);
  if (std::ranges::all_of(id, is_reference_character)) return;
  checker.fault(at, "invalid_format", "may have letters, digits, _, - and . only",
                "Use your order's number in these characters.");
}

template <std::size_t N>
void one_of(Checker& checker, const std::string& at, std::string_view value,
            const std::array<std::string_view, N>& names) {
  if (std::ranges::find(names, value) != names.end()) return;
  std::string all;
  for (const std::string_view name : names) {
    if (!all.empty()) all += ", ";
    all += name;
  }
  checker.fault(at, "invalid_value", "is none of " + all, "Send one of " + all + ".");
}

void offset(Checker& checker, const std::string& at, const std::optional<channel::Amount>& amount) {
  if (!amount || amount->offset == 100) return;
  checker.fault(at + "/offset", "invalid_value", "must be 100",
                "Send the value in hundredths and 100 as offset.");
}

std::int64_t charge(Checker& checker, const std::string& at,
                    const std::optional<channel::OrderCharge>& charge) {
  if (!charge) return 0;
  offset(checker, at, charge->amount);
  checker.length(at + "/description", charge->description.reveal(), 0, kDescriptionMax);
  checker.length(at + "/discount_program_name", charge->discount_program_name.reveal(), 0,
                 kDescriptionMax);
  return charge->amount.value;
}

/// The items' sum, each at its sale price where it has one.
std::int64_t items(Checker& checker, const std::string& at, const channel::Order& order) {
  if (order.items.empty())
    checker.fault(at, "required", "needs at least 1 item", "Send the order's items.");
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < order.items.size(); ++i) {
    const channel::OrderItem& item = order.items[i];
    const std::string place = at + "/" + std::to_string(i);
    checker.length(place + "/retailer_id", item.retailer_id, 1, kNameMax);
    checker.length(place + "/name", item.name.reveal(), 1, kNameMax);
    offset(checker, place + "/amount", item.amount);
    offset(checker, place + "/sale_amount", item.sale_amount);
    if (item.sale_amount && item.sale_amount->value > item.amount.value) {
      checker.fault(place + "/sale_amount/value", "out_of_range", "is more than the amount",
                    "Send the lower price as sale_amount, or leave it out.");
    }
    std::int64_t cost = 0;
    const std::int64_t price = item.sale_amount ? item.sale_amount->value : item.amount.value;
    if (__builtin_mul_overflow(price, item.quantity, &cost) ||
        __builtin_add_overflow(sum, cost, &sum))
      checker.fault(place, "out_of_range", "costs more than can be counted", "Correct its amount.");
  }
  return sum;
}

void order(Checker& checker, const std::string& at, const channel::OrderDetails& details) {
  const channel::Order& order = *details.order;
  if (order.status != "pending") {
    checker.fault(at + "/status", "invalid_value", "must be \"pending\" when details are sent",
                  "Send \"pending\"; later changes go by order_status.");
  }
  const std::int64_t sum = items(checker, at + "/items", order);
  offset(checker, at + "/subtotal", order.subtotal);
  if (!order.subtotal) {
    checker.fault(at + "/subtotal", "required", "'subtotal' is missing",
                  "Add the sum of the items.");
    return;
  }
  if (order.subtotal->value != sum) {
    checker.fault(at + "/subtotal/value", "invalid_value", "is not the sum of the items",
                  "Send the sum of amount, or sale_amount, times quantity.");
  }
  const std::int64_t total = order.subtotal->value + charge(checker, at + "/tax", order.tax) +
                             charge(checker, at + "/shipping", order.shipping) -
                             charge(checker, at + "/discount", order.discount);
  if (details.total_amount.value == total) return;
  checker.fault(at.substr(0, at.rfind('/')) + "/total_amount/value", "invalid_value",
                "is not subtotal + tax + shipping - discount", "Send that sum.");
}

}  // namespace

void check_order_details(Checker& checker, const std::string& at,
                         const channel::OrderDetails& details) {
  reference(checker, at + "/reference_id", details.reference_id);
  one_of(checker, at + "/type", details.type, kTypes);
  checker.length(at + "/payment_configuration", details.payment_configuration, 0,
                 kConfigurationMax);
  one_of(checker, at + "/currency", details.currency,
         std::array<std::string_view, 2>{"INR", "BRL"});
  offset(checker, at + "/total_amount", details.total_amount);
  if (details.payment_configuration.empty() && details.payment_settings_json.empty()) {
    checker.fault(at + "/payment_settings", "required",
                  "nothing says how to pay: payment_settings and payment_configuration are missing",
                  "Add payment_settings, or the name of a payment_configuration.");
  }
  if (details.order) order(checker, at + "/order", details);
}

void check_order_status(Checker& checker, const std::string& at,
                        const channel::OrderStatus& status) {
  reference(checker, at + "/reference_id", status.reference_id);
  one_of(checker, at + "/order/status", status.status, kStatuses);
  checker.length(at + "/order/description", status.description.reveal(), 0, kStatusDescriptionMax);
}

}  // namespace flowsell::whatsapp
