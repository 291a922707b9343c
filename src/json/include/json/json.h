#pragma once

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <memory>
#include <string_view>

#include "core/error.h"

namespace flowsell::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

/// Bounds that hold before any memory is spent on a document.
struct Limits {
  std::size_t bytes_max = 1 << 20;
  std::size_t depth_max = 32;
};

/// One parsed document and the memory it lives in. Movable; values point into it.
class Document {
 public:
  Document();
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  const Value& root() const noexcept;

 private:
  friend Result<Document> parse(std::string_view, Limits);
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

/// Strict JSON (RFC 8259): one document, valid UTF-8, no comments, no trailing commas, no duplicate
/// keys, and no U+0000 in any string or key (PostgreSQL can't store it). Fails with kInvalidJson;
/// the detail names the byte offset or the rule, never a part of the text.
Result<Document> parse(std::string_view text, Limits limits = {});

/// A member that is a string; empty where it is absent, or something else.
inline std::string_view text_in(const Object& object, std::string_view name) noexcept {
  const Value* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

}  // namespace flowsell::json
