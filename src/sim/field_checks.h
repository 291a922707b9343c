#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "graph_error.h"
#include "json/json.h"

namespace flowsell::sim {

/// How long a string may be, in Unicode code points.
struct Length {
  std::size_t min = 1;
  std::size_t max = SIZE_MAX;
};

/// One object of a request, and what Meta says about its fields: missing is 131008, a wrong value
/// 131009, a wrong type or an unknown key 100. `path` is how the errors call it:
/// "interactive.action".
class Fields {
 public:
  Fields(const json::Object& object, std::string path) : object_(object), path_(std::move(path)) {}

  Checked<> only(std::initializer_list<std::string_view> names) const;
  /// A null is as good as nothing: public clients send them, and Meta takes them so.
  const json::Value* find(std::string_view name) const {
    const json::Value* value = object_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  Checked<std::string_view> text(std::string_view name, Length length) const;
  /// Empty when absent.
  Checked<std::string_view> optional_text(std::string_view name, Length length) const;
  Checked<> optional_boolean(std::string_view name) const;
  /// A number, or a string that is one.
  Checked<> number(std::string_view name, double min, double max) const;
  /// A whole number, or a string that is one.
  Checked<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max) const;
  Checked<Fields> object(std::string_view name) const;
  Checked<const json::Array*> array(std::string_view name, std::size_t min, std::size_t max) const;
  /// http or https.
  Checked<std::string_view> link(std::string_view name) const;
  /// An object of strings; absent is well.
  Checked<> optional_texts(std::string_view name) const;
  /// One of `names`.
  Checked<std::string_view> choice(std::string_view name,
                                   std::initializer_list<std::string_view> names) const;
  /// The element of an array, as an object.
  static Checked<Fields> element(const json::Value& value, std::string path);
  /// Calls `check(element)` for each object of the array `name`.
  template <class Check>
  Checked<std::size_t> each(std::string_view name, std::size_t min, std::size_t max,
                            Check check) const {
    TRY(const auto* all, array(name, min, max));
    for (std::size_t i = 0; i < all->size(); ++i) {
      TRY(const auto one, element((*all)[i], name_of(name) + "[" + std::to_string(i) + "]"));
      CHECK_OK(check(one));
    }
    return all->size();
  }

  std::string name_of(std::string_view field) const;
  std::unexpected<GraphError> missing(std::string_view field) const;
  std::unexpected<GraphError> wrong(std::string_view field, std::string_view rule) const;

 private:
  std::unexpected<GraphError> wrong_type(std::string_view field, std::string_view type) const;
  Checked<> check_length(std::string_view name, std::string_view text, Length length) const;
  const json::Object& object_;
  std::string path_;
};

}  // namespace flowsell::sim
