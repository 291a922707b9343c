#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "channel/contacts.h"
#include "channel/interactive.h"
#include "channel/media.h"
#include "channel/order.h"
#include "json/reader.h"
#include "parse_body.h"

// What the kinds have in common, read. Each function records its faults and goes on.
namespace flowsell::channel {

/// Bounds the work and the faults that one list can cause. What a channel takes is less, and its
/// adapter's business.
inline constexpr std::size_t kElementsMax = 100;

Content content(std::optional<std::string_view> text);

/// The value of the field "type" where it is one of `names`; their place in the list.
std::optional<std::size_t> read_choice(json::ObjectReader& in, std::string_view field,
                                       std::span<const std::string_view> names);

/// 0 after a fault.
std::int64_t required_integer(json::ObjectReader& in, std::string_view name, std::int64_t min,
                              std::int64_t max);

/// A reference to another message: one of our ids, well-formed, or a provider's, opaque. Empty
/// after a fault.
std::string read_message_reference(json::ObjectReader& in, std::string_view name);

/// "link" or "id" of `in`.
Media read_media(json::ObjectReader& in, Findings& findings);
/// The object under the kind's name.
HeaderMedia read_header_media(json::ObjectReader& in, MediaKind kind, Findings& findings);
/// Latitude, longitude, name and address of `in`.
Location read_location(json::ObjectReader& in);
/// catalog_id and product_retailer_id of `in`.
Product read_product(json::ObjectReader& in);
/// The list "sections" of products.
std::vector<ProductSection> read_product_sections(json::ObjectReader& in);
OrderDetails read_order_details(json::ObjectReader& in);
OrderStatus read_order_status(json::ObjectReader& in);

/// `value` written again as it is.
Content json_text(const json::Value& value);
/// The object under `name`, written again; empty when absent.
Content read_object_json(json::ObjectReader& in, std::string_view name);
/// The same, of an object of texts.
Content read_texts_json(json::ObjectReader& in, std::string_view name);

/// Calls `read(reader)` with an object; then no other field may be in it. Where `read` gives false,
/// what is in it is of no kind that we know, and that one fault says it all.
template <class Read>
void read_whole(json::ObjectReader& object, Read& read) {
  if (!object.is_object()) return;
  if constexpr (std::is_same_v<decltype(read(object)), bool>) {
    if (read(object)) object.finish();
  } else {
    read(object);
    object.finish();
  }
}

/// read_whole() of each element of the list `name`, where there is one.
template <class Read>
void read_each(json::ObjectReader& in, std::string_view name, std::size_t min, std::size_t max,
               Read read) {
  const json::Array* array = in.array(name, min, max);
  if (array == nullptr) return;
  const std::string list = in.pointer_of(name) + "/";
  for (std::size_t i = 0; i < array->size(); ++i) {
    json::ObjectReader element((*array)[i], list + std::to_string(i), in.faults());
    read_whole(element, read);
  }
}

/// The same, and its absence is a fault.
template <class Read>
void require_each(json::ObjectReader& in, std::string_view name, std::size_t min, std::size_t max,
                  Read read) {
  if (in.require(name) != nullptr) read_each(in, name, min, max, std::move(read));
}

/// read_whole() of the object under `name`; false where there is none.
template <class Read>
bool read_object(json::ObjectReader& in, std::string_view name, Read read) {
  const json::Value* value = in.find(name);
  if (value == nullptr) return false;
  json::ObjectReader object(*value, in.pointer_of(name), in.faults());
  read_whole(object, read);
  return true;
}

/// The same, and its absence is a fault.
template <class Read>
void require_object(json::ObjectReader& in, std::string_view name, Read read) {
  if (!read_object(in, name, read)) in.require(name);
}

/// The texts of an object of T that are given.
template <class T>
T read_texts(json::ObjectReader& in) {
  T out;
  for (const TextField<T>& field : T::fields()) out.*field.text = content(in.string(field.name));
  return out;
}

}  // namespace flowsell::channel
