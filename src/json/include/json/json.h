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

}  // namespace flowsell::json
