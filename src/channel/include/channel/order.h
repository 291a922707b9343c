#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/sensitive.h"

namespace flowsell::channel {

/// An amount of money: `value` / `offset` of the currency. {"value": 1050, "offset": 100} is 10.50.
struct Amount {
  std::int64_t value = 0;
  std::int64_t offset = 100;
};
struct OrderCharge {
  Amount amount;
  Content description;
  Content discount_program_name;  ///< of a discount
};
struct OrderItem {
  std::string retailer_id;
  std::string product_id;
  Content name;
  Amount amount;
  std::optional<Amount> sale_amount;  ///< what it costs now, where that is less
  std::int64_t quantity = 1;
  Content country_of_origin;
  Content importer_name;
  Content importer_address_json;  ///< an object of texts
};
struct Order {
  std::string status;
  std::string type;  ///< empty, or the provider's name of a shorter form
  std::string catalog_id;
  std::vector<OrderItem> items;
  std::optional<Amount> subtotal;
  std::optional<OrderCharge> tax, shipping, discount;
  Content expiration_json;  ///< {"timestamp", "description"}
};
/// "order_details": asks for a payment.
struct OrderDetails {
  std::string reference_id;
  std::string type;  ///< "digital-goods" or "physical-goods"
  std::string payment_type;
  std::string payment_configuration;
  Content payment_settings_json;  ///< a list of objects, each with its type
  std::string currency;
  Amount total_amount;
  std::shared_ptr<const Order> order;  ///< null: none. Never changed, so copies share it
  Content shipping_json;               ///< the object "shipping_info"
};
/// "order_status": what became of an order whose details were sent before.
struct OrderStatus {
  std::string reference_id;
  std::string status;
  Content description;
  Content payment_json;  ///< {"status", "timestamp"}
};

}  // namespace flowsell::channel
