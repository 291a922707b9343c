#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"

// Meta's JSON is read leniently: what is missing or of another type reads as absent, and a number
// may be written as a string, or the reverse.
namespace flowsell::whatsapp {

inline const json::Object* object_in(const json::Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

inline const json::Array* array_in(const json::Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

/// The first element where it is an object.
inline const json::Object* first_object_in(const json::Object& object, std::string_view name) {
  const json::Array* array = array_in(object, name);
  return array == nullptr || array->empty() ? nullptr : array->front().if_object();
}

using json::text_in;

/// A page's cursor, "after" or "before". Empty: there is no page behind it, whatever else it says.
inline std::string_view cursor_in(const json::Object& page, std::string_view name) {
  const json::Object* paging = object_in(page, "paging");
  const json::Object* cursors = paging == nullptr ? nullptr : object_in(*paging, "cursors");
  const std::string_view link = name == "after" ? "next" : "previous";
  if (cursors == nullptr || text_in(*paging, link).empty()) return {};
  return text_in(*cursors, name);
}

/// A text, or an integer as its digits: ids and numbers of telephones. Empty when absent.
inline std::string scalar_in(const json::Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_int64()) return std::to_string(value->get_int64());
  if (value->is_uint64()) return std::to_string(value->get_uint64());
  const auto* text = value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

inline std::optional<std::int64_t> integer_in(const json::Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

/// The same, or of a text that is one.
inline std::optional<std::int64_t> number_in(const json::Object& object, std::string_view name) {
  if (const auto integer = integer_in(object, name)) return integer;
  const std::string_view text = text_in(object, name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// With a fraction, or without one; also of a text that is one.
inline std::optional<double> decimal_in(const json::Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  if (value != nullptr && value->is_number()) return value->to_number<double>();
  const std::string_view text = text_in(object, name);
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

inline std::optional<bool> flag_in(const json::Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  if (value != nullptr && value->is_bool()) return value->get_bool();
  const std::string_view text = text_in(object, name);
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

}  // namespace flowsell::whatsapp
