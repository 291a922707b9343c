#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "channel/media.h"
#include "channel/order.h"
#include "core/sensitive.h"

namespace flowsell::channel {

// What a person can do with an interactive message: the alternatives of InteractiveAction, each
// named by "type" (interactive_name()).

struct ReplyButton {
  std::string id;  ///< comes back when the person taps it
  Content title;
};
struct ReplyButtons {
  std::vector<ReplyButton> buttons;
};
struct ListRow {
  std::string id;
  Content title;
  Content description;
};
struct ListSection {
  Content title;
  std::vector<ListRow> rows;
};
struct List {
  Content button;  ///< opens the list
  std::vector<ListSection> sections;
};
struct LinkButton {
  Content display_text;
  Content url;
};
struct LocationRequest {};
struct AddressRequest {
  std::string country;  ///< ISO 3166, two capitals
  Content values_json;  ///< an object of texts: what the form shows at first
  Content saved_addresses_json;
  Content validation_errors_json;
};
struct Product {
  std::string catalog_id;
  std::string product_retailer_id;
};
struct ProductSection {
  Content title;
  std::vector<std::string> product_retailer_ids;
};
struct ProductList {
  std::string catalog_id;
  std::vector<ProductSection> sections;
};
struct CatalogLink {
  std::string thumbnail_product_retailer_id;  ///< empty: the catalog's first product
};
struct FlowButton {
  std::string flow_id;  ///< one of the two
  std::string flow_name;
  Content token;
  Content cta;
  std::string action;  ///< "navigate", "data_exchange" or empty
  bool has_payload = false;
  std::string screen;
  Content data_json;  ///< an object
  bool is_draft = false;
};
struct CarouselCard {
  std::optional<std::int64_t> card_index;  ///< as given
  std::optional<HeaderMedia> header;
  Content body;
  std::variant<LinkButton, ReplyButtons, Product> action;
};
struct Carousel {
  std::vector<CarouselCard> cards;
};
struct CallButton {
  Content display_text;
  std::optional<std::int64_t> ttl_minutes;
  Content payload;
};
struct CallPermissionRequest {};
struct ContactRequest {};

using InteractiveAction =
    std::variant<ReplyButtons, List, LinkButton, LocationRequest, AddressRequest, Product,
                 ProductList, CatalogLink, FlowButton, Carousel, CallButton, CallPermissionRequest,
                 ContactRequest, OrderDetails, OrderStatus>;

struct Interactive {
  std::variant<std::monostate, Content, HeaderMedia> header;
  Content body;    ///< empty: none
  Content footer;  ///< empty: none
  InteractiveAction action;
};

/// "button", "list", "cta_url", ...: the value of "type".
std::string_view interactive_name(const InteractiveAction& action) noexcept;

}  // namespace flowsell::channel
