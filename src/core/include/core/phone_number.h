#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell {

/// A telephone number in E.164 form: '+', a country code that ITU-T has assigned, 7 to 15 digits in
/// all. Sources: ITU-T E.164 (2010) section 6; List of assigned country codes (ITU Operational
/// Bulletin). The lower bound is ours.
class PhoneNumber {
 public:
  /// Fails with kInvalidRequest; the detail says what is wrong and where, never the number.
  static Result<PhoneNumber> parse(std::string_view text);

  std::string_view view() const noexcept { return text_; }
  /// Without the '+'.
  std::string_view digits() const noexcept { return std::string_view(text_).substr(1); }
  /// "91" of "+919876543210".
  std::string_view country_code() const noexcept { return digits().substr(0, country_length_); }
  /// "+91••••••3210": the country code and the last four digits (fewer where the number is short).
  std::string masked() const;

  friend auto operator<=>(const PhoneNumber&, const PhoneNumber&) = default;

 private:
  PhoneNumber(std::string text, std::size_t country_length)
      : text_(std::move(text)), country_length_(country_length) {}
  std::string text_;
  std::size_t country_length_;
};

/// The length of the assigned country code that `digits` (without '+') starts with; 0 when there is
/// none.
std::size_t country_code_length(std::string_view digits) noexcept;

}  // namespace flowsell
