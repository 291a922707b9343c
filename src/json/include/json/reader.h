#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "json/json.h"

namespace flowsell::json {

/// How long a string may be, in Unicode code points.
struct StringRule {
  std::size_t min = 0;
  std::size_t max = SIZE_MAX;
};

/// Reads one JSON object field by field and collects every fault instead of stopping at the first,
/// each with the JSON pointer of its field. A field that was never asked for is a fault too
/// (finish()).
///
///   std::vector<FieldError> faults;
///   ObjectReader in(document.root(), "", faults);
///   auto url = in.required_string("url", {.min = 1, .max = 2048});
///   in.finish();
class ObjectReader {
 public:
  /// `value` may be of any type: when it is no object, that is the fault and every read gives
  /// nothing.
  ObjectReader(const Value& value, std::string pointer, std::vector<FieldError>& faults);

  /// The field, or nullptr; marks it as known.
  const Value* find(std::string_view name);
  /// The same, and its absence is a fault.
  const Value* require(std::string_view name);

  /// nullopt when absent or faulty. `null` counts as wrong type.
  std::optional<std::string_view> string(std::string_view name, StringRule rule = {});
  std::optional<std::string_view> required_string(std::string_view name, StringRule rule = {});
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<bool> boolean(std::string_view name);
  const Array* array(std::string_view name, std::size_t min, std::size_t max);

  /// Records a fault about the field `name` ("" for the object itself).
  void fault(std::string_view name, std::string code, std::string detail, std::string fix);
  /// Faults every field that no call has asked for.
  void finish();

  bool is_object() const noexcept { return object_ != nullptr; }
  /// The JSON pointer of the field `name`.
  std::string pointer_of(std::string_view name) const;
  std::vector<FieldError>& faults() noexcept { return faults_; }

 private:
  std::optional<std::string_view> checked(std::string_view name, const Value* value,
                                          StringRule rule);
  const Object* object_ = nullptr;
  std::string pointer_;
  std::vector<FieldError>& faults_;
  std::vector<std::string_view> known_;
};

/// kInvalidRequest with `faults`, its detail the first of them; success when there are none.
Result<> as_result(std::vector<FieldError> faults);

}  // namespace flowsell::json
