#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "json/json.h"

namespace flowsell::json {

/// Writes JSON text straight into a string: no tree, no copy. The caller keeps the order right (a
/// key, then its value); commas are written for it.
///
///   Writer w;
///   w.begin_object().key("id").string(id).key("ok").boolean(true).end_object();
///   std::string body = std::move(w).take();
class Writer {
 public:
  Writer() { text_.reserve(512); }
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);      ///< names we choose: must need no escaping
  Writer& any_key(std::string_view name);  ///< names that callers choose: escaped
  Writer& string(std::string_view text);   ///< must be valid UTF-8; escaped as RFC 8259 asks
  Writer& integer(std::int64_t number);
  Writer& boolean(bool flag);
  Writer& null();
  /// null where `text` is empty.
  Writer& string_or_null(std::string_view text) { return text.empty() ? null() : string(text); }
  Writer& value(const Value& v);
  /// Text that is one JSON value already.
  Writer& raw(std::string_view json);

  /// key() and string() in one; nothing at all when `text` is empty.
  Writer& optional_string(std::string_view name, std::string_view text);

  const std::string& text() const& noexcept { return text_; }
  std::string take() && { return std::move(text_); }

 private:
  void separate();
  std::string text_;
  bool needs_comma_ = false;
};

/// `text` as a JSON string with its quotes.
std::string quoted(std::string_view text);

}  // namespace flowsell::json
