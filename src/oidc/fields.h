#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"

namespace flowsell::oidc {

/// A string member; nullopt when absent or of another type.
inline std::optional<std::string_view> text_of(const json::Object& object, std::string_view name) {
  const json::Value* const value = object.if_contains(name);
  const auto* const text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return std::nullopt;
  return std::string_view(text->data(), text->size());
}

/// The same; empty when absent, of another type, or longer than `bytes_max`.
inline std::string short_text_of(const json::Object& object, std::string_view name,
                                 std::size_t bytes_max) {
  const auto text = text_of(object, name);
  return text && text->size() <= bytes_max ? std::string(*text) : std::string();
}

/// The object that a document must be; nullptr when it is none.
inline const json::Object* object_of(const Result<json::Document>& document) {
  return document ? document->root().if_object() : nullptr;
}

}  // namespace flowsell::oidc
