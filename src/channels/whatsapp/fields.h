#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "json/json.h"

// Meta's JSON is read leniently: what is missing or of another type reads as absent.
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

/// Empty when absent.
inline std::string_view text_in(const json::Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(text->data(), text->size());
}

inline std::optional<std::int64_t> integer_in(const json::Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

}  // namespace flowsell::whatsapp
