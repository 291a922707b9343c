#include "field_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "core/encoding.h"
#include "letters.h"
#include "state/node.h"

namespace flowsell::sim {
namespace {

std::optional<double> number_of(const json::Value& value) {
  if (const auto* text = value.if_string()) return parse_number<double>(view_of(*text));
  if (!value.is_number()) return std::nullopt;
  return value.to_number<double>();
}

}  // namespace

std::string Fields::name_of(std::string_view field) const {
  return path_.empty() ? std::string(field) : fmt::format("{}['{}']", path_, field);
}

std::unexpected<GraphError> Fields::missing(std::string_view field) const {
  return refuse(131008, fmt::format("Parameter {} is required", name_of(field)));
}

std::unexpected<GraphError> Fields::wrong(std::string_view field, std::string_view rule) const {
  return refuse(131009, fmt::format("Parameter {} {}", name_of(field), rule));
}

std::unexpected<GraphError> Fields::wrong_type(std::string_view field,
                                               std::string_view type) const {
  return refuse_field(fmt::format("Param {} must be {}", name_of(field), type));
}

Checked<> Fields::only(std::initializer_list<std::string_view> names) const {
  for (const auto& field : object_) {
    const auto key = view_of(field.key());
    if (std::ranges::find(names, key) != names.end()) continue;
    return refuse_field(fmt::format("Unexpected key \"{}\" on param \"{}\".", key, path_));
  }
  return {};
}

Checked<> Fields::check_length(std::string_view name, std::string_view text, Length length) const {
  const auto size = text.size() < length.min ? text.size() : count_code_points(text);
  if (size < length.min)
    return wrong(name, fmt::format("must be at least {} characters long", length.min));
  if (size > length.max)
    return wrong(name, fmt::format("must be at most {} characters long", length.max));
  return {};
}

Checked<std::string_view> Fields::optional_text(std::string_view name, Length length) const {
  const auto* value = find(name);
  if (!value) return std::string_view();
  const auto* text = value->if_string();
  if (!text) return wrong_type(name, "a string");
  CHECK_OK(check_length(name, view_of(*text), length));
  return view_of(*text);
}

Checked<std::string_view> Fields::text(std::string_view name, Length length) const {
  if (!find(name)) return missing(name);
  return optional_text(name, length);
}

Checked<> Fields::optional_boolean(std::string_view name) const {
  const auto* value = find(name);
  if (value && !value->is_bool()) return wrong_type(name, "a boolean");
  return {};
}

Checked<> Fields::number(std::string_view name, double min, double max) const {
  const auto* value = find(name);
  if (!value) return missing(name);
  const auto number = number_of(*value);
  if (!number) return wrong_type(name, "a number");
  if (*number < min || *number > max)
    return wrong(name, fmt::format("must be from {} to {}", min, max));
  return {};
}

Checked<std::int64_t> Fields::integer(std::string_view name, std::int64_t min,
                                      std::int64_t max) const {
  const auto* value = find(name);
  if (!value) return missing(name);
  std::optional<std::int64_t> number;
  if (const auto* text = value->if_string()) number = parse_number<std::int64_t>(view_of(*text));
  if (const auto* whole = value->if_int64()) number = *whole;
  if (!number) return wrong_type(name, "an integer");
  if (*number < min || *number > max)
    return wrong(name, fmt::format("must be from {} to {}", min, max));
  return *number;
}

Checked<> Fields::optional_texts(std::string_view name) const {
  if (!find(name)) return {};
  TRY(const auto texts, object(name));
  for (const auto& field : texts.object_) {
    if (!field.value().is_string()) return texts.wrong_type(view_of(field.key()), "a string");
  }
  return {};
}

Checked<std::string_view> Fields::choice(std::string_view name,
                                         std::initializer_list<std::string_view> names) const {
  TRY(const auto value, text(name, {}));
  if (std::ranges::find(names, value) != names.end()) return value;
  return wrong(name, fmt::format("must be one of {{{}}}", fmt::join(names, ", ")));
}

Checked<Fields> Fields::object(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return missing(name);
  const auto* object = value->if_object();
  if (!object) return wrong_type(name, "a JSON object");
  return Fields(*object, name_of(name));
}

Checked<const json::Array*> Fields::array(std::string_view name, std::size_t min,
                                          std::size_t max) const {
  const auto* value = find(name);
  if (!value) return missing(name);
  const auto* array = value->if_array();
  if (!array) return wrong_type(name, "an array");
  if (array->size() < min || array->size() > max) {
    return wrong(name, fmt::format("must have {} to {} elements", min, max));
  }
  return array;
}

Checked<std::string_view> Fields::link(std::string_view name) const {
  TRY(auto link, text(name, {}));
  if (!link.starts_with("http://") && !link.starts_with("https://")) {
    return wrong(name, "is not a valid URL");
  }
  return link;
}

Checked<Fields> Fields::element(const json::Value& value, std::string path) {
  if (const auto* object = value.if_object()) return Fields(*object, std::move(path));
  return refuse_field(fmt::format("Param {} must be a JSON object", path));
}

}  // namespace flowsell::sim
