#include "core/phone_number.h"

#include <algorithm>
#include <array>

namespace flowsell {
namespace {

constexpr std::size_t kDigitsMin = 7;
constexpr std::size_t kDigitsMax = 15;

// Assigned country codes. 1 (North America) and 7 (Russia, Kazakhstan) have one digit.
constexpr std::array<std::uint16_t, 44> kTwoDigits = {
    20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54,
    55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98};

constexpr std::array<std::uint16_t, 170> kThreeDigits = {
    211, 212, 213, 216, 218, 220, 221, 222, 223, 224, 225, 226, 227, 228, 229, 230, 231, 232, 233,
    234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252,
    253, 254, 255, 256, 257, 258, 260, 261, 262, 263, 264, 265, 266, 267, 268, 269, 290, 291, 297,
    298, 299, 350, 351, 352, 353, 354, 355, 356, 357, 358, 359, 370, 371, 372, 373, 374, 375, 376,
    377, 378, 379, 380, 381, 382, 383, 385, 386, 387, 389, 420, 421, 423, 500, 501, 502, 503, 504,
    505, 506, 507, 508, 509, 590, 591, 592, 593, 594, 595, 596, 597, 598, 599, 670, 672, 673, 674,
    675, 676, 677, 678, 679, 680, 681, 682, 683, 685, 686, 687, 688, 689, 690, 691, 692, 800, 808,
    850, 852, 853, 855, 856, 870, 878, 880, 881, 882, 883, 886, 888, 960, 961, 962, 963, 964, 965,
    966, 967, 968, 970, 971, 972, 973, 974, 975, 976, 977, 979, 992, 993, 994, 995, 996, 998};

static_assert(std::ranges::is_sorted(kTwoDigits) && std::ranges::is_sorted(kThreeDigits));

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

std::unexpected<Error> invalid(std::string detail) {
  return fail(ErrorCode::kInvalidRequest, "phone number: " + std::move(detail));
}

}  // namespace

std::size_t country_code_length(std::string_view digits) noexcept {
  if (digits.empty() || !std::ranges::all_of(digits.substr(0, 3), is_digit)) return 0;
  if (digits[0] == '1' || digits[0] == '7') return 1;
  if (digits.size() >= 2 && std::ranges::binary_search(kTwoDigits, number(digits.substr(0, 2))))
    return 2;
  if (digits.size() >= 3 && std::ranges::binary_search(kThreeDigits, number(digits.substr(0, 3))))
    return 3;
  return 0;
}

Result<PhoneNumber> PhoneNumber::parse(std::string_view text) {
  if (text.empty() || text[0] != '+') return invalid("expected '+' at offset 0");
  const std::string_view digits = text.substr(1);
  if (const auto bad = std::ranges::find_if_not(digits, is_digit); bad != digits.end()) {
    return invalid("not a digit at offset " + std::to_string(bad - digits.begin() + 1));
  }
  if (digits.size() < kDigitsMin || digits.size() > kDigitsMax)
    return invalid("needs 7 to 15 digits");
  const std::size_t country_length = country_code_length(digits);
  if (country_length == 0) return invalid("starts with no country code that ITU-T has assigned");
  return PhoneNumber(std::string(text), country_length);
}

std::string PhoneNumber::masked() const {
  const std::string_view national = digits().substr(country_length_);
  const std::size_t shown = std::min<std::size_t>(4, national.size() / 2);
  std::string out = "+";
  out += country_code();
  for (std::size_t i = shown; i < national.size(); ++i) out += "\u2022";
  out += national.substr(national.size() - shown);
  return out;
}

}  // namespace flowsell
