#include "json/reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/encoding.h"

namespace flowsell::json {
namespace {

// An answer that lists more faults than this helps nobody, and its size must not follow the
// request's.
constexpr std::size_t kFaultsMax = 100;

/// The JSON pointer of `object`'s member `name`. RFC 6901 section 3: '~' and '/' are written as ~0
/// and ~1.
std::string pointer_to(std::string_view object, std::string_view name) {
  std::string out(object);
  out.push_back('/');
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

void add_fault(std::vector<FieldError>& faults, FieldError fault) {
  if (faults.size() < kFaultsMax) faults.push_back(std::move(fault));
}

std::string field_name(std::string_view name) {
  return name.empty() ? "the value" : "'" + std::string(name) + "'";
}

std::string counted(std::size_t count, std::string_view unit) {
  return std::to_string(count) + " " + std::string(unit) + (count == 1 ? "" : "s");
}

std::string bounds(std::int64_t min, std::int64_t max) {
  return std::to_string(min) + " to " + std::to_string(max);
}

/// A whole number that no int64 holds: the parser keeps it as uint64 or double.
bool is_huge(const Value& value) {
  constexpr double kBeyondInt64 = 0x1.0p63;
  return value.is_uint64() || (value.is_double() && std::abs(value.get_double()) >= kBeyondInt64);
}

}  // namespace

ObjectReader::ObjectReader(const Value& value, std::string pointer, std::vector<FieldError>& faults)
    : object_(value.if_object()), pointer_(std::move(pointer)), faults_(faults) {
  if (object_ == nullptr)
    fault("", "wrong_type", "a JSON object is expected here", "Send a JSON object: {...}.");
}

const Value* ObjectReader::find(std::string_view name) {
  if (object_ == nullptr) return nullptr;
  const auto member = object_->find(name);
  if (member == object_->end()) return nullptr;
  // The document's copy of the name, which lives as long as the object.
  const std::string_view key = member->key();
  if (std::ranges::find(known_, key.data(), &std::string_view::data) == known_.end())
    known_.push_back(key);
  return &member->value();
}

const Value* ObjectReader::require(std::string_view name) {
  const Value* value = find(name);
  if (value == nullptr && object_ != nullptr) {
    fault(name, "required", field_name(name) + " is missing",
          "Add the field " + field_name(name) + ".");
  }
  return value;
}

std::optional<std::string_view> ObjectReader::checked(std::string_view name, const Value* value,
                                                      StringRule rule) {
  if (value == nullptr) return std::nullopt;
  const auto* text = value->if_string();
  if (text == nullptr) {
    fault(name, "wrong_type", field_name(name) + " must be a string",
          "Send a string in double quotes.");
    return std::nullopt;
  }
  const std::string_view view(text->data(), text->size());
  if (rule.min > 0 && count_code_points(view) < rule.min) {
    fault(name, "too_short",
          field_name(name) + " is shorter than " + counted(rule.min, "character"),
          "Send at least " + counted(rule.min, "character") + ".");
    return std::nullopt;
  }
  // No text has more characters than bytes, so most are settled without counting.
  if (view.size() > rule.max && count_code_points(view) > rule.max) {
    fault(name, "too_long", field_name(name) + " is longer than " + counted(rule.max, "character"),
          "Send at most " + counted(rule.max, "character") + ".");
    return std::nullopt;
  }
  return view;
}

std::optional<std::string_view> ObjectReader::string(std::string_view name, StringRule rule) {
  return checked(name, find(name), rule);
}

std::optional<std::string_view> ObjectReader::required_string(std::string_view name,
                                                              StringRule rule) {
  return checked(name, require(name), rule);
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view name, std::int64_t min,
                                                  std::int64_t max) {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_int64() && !is_huge(*value)) {
    fault(name, "wrong_type", field_name(name) + " must be a whole number",
          "Send a number without quotes, fraction or exponent.");
    return std::nullopt;
  }
  if (!value->is_int64() || value->get_int64() < min || value->get_int64() > max) {
    fault(name, "out_of_range", field_name(name) + " must be " + bounds(min, max),
          "Send a number from " + bounds(min, max) + ".");
    return std::nullopt;
  }
  return value->get_int64();
}

std::optional<bool> ObjectReader::boolean(std::string_view name) {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_bool()) {
    fault(name, "wrong_type", field_name(name) + " must be true or false",
          "Send true or false without quotes.");
    return std::nullopt;
  }
  return value->get_bool();
}

const Array* ObjectReader::array(std::string_view name, std::size_t min, std::size_t max) {
  const Value* value = find(name);
  if (value == nullptr) return nullptr;
  const Array* array = value->if_array();
  if (array == nullptr) {
    fault(name, "wrong_type", field_name(name) + " must be a list", "Send a JSON array: [...].");
    return nullptr;
  }
  if (array->size() < min) {
    fault(name, "too_few", field_name(name) + " has fewer than " + counted(min, "element"),
          "Send at least " + counted(min, "element") + ".");
    return nullptr;
  }
  if (array->size() > max) {
    fault(name, "too_many", field_name(name) + " has more than " + counted(max, "element"),
          "Send at most " + counted(max, "element") + ".");
    return nullptr;
  }
  return array;
}

void ObjectReader::fault(std::string_view name, std::string code, std::string detail,
                         std::string fix) {
  add_fault(faults_, {pointer_of(name), std::move(code), std::move(detail), std::move(fix)});
}

void ObjectReader::finish() {
  if (object_ == nullptr || known_.size() == object_->size()) return;
  for (const auto& member : *object_) {
    const std::string_view key = member.key();
    if (std::ranges::find(known_, key.data(), &std::string_view::data) != known_.end()) continue;
    // The caller chose this name, so it stands in the pointer only and in no sentence of ours.
    add_fault(faults_, {pointer_to(pointer_, key), "unknown_field",
                        "the object has a field that is not known here",
                        "Remove the field or correct its name."});
  }
}

std::string ObjectReader::pointer_of(std::string_view name) const {
  return name.empty() ? pointer_ : pointer_to(pointer_, name);
}

Result<> as_result(std::vector<FieldError> faults) {
  if (faults.empty()) return {};
  Error error{ErrorCode::kInvalidRequest, faults.front().detail};
  error.fields = std::move(faults);
  return std::unexpected(std::move(error));
}

}  // namespace flowsell::json
