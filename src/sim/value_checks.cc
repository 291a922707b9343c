#include "value_checks.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <utility>

namespace flowsell::sim {
namespace {

/// The code point at the head of `text`, and what follows it. The text is UTF-8.
std::pair<std::uint32_t, std::string_view> next_point(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) : 0;
  };
  const auto more = [&](std::size_t i) { return byte(i) & 0x3F; };
  const auto first = byte(0);
  if (first < 0x80) return {first, text.substr(1)};
  if (first < 0xE0)
    return {(first & 0x1F) << 6 | more(1), text.substr(std::min<std::size_t>(2, text.size()))};
  if (first < 0xF0)
    return {(first & 0x0F) << 12 | more(1) << 6 | more(2),
            text.substr(std::min<std::size_t>(3, text.size()))};
  return {(first & 0x07) << 18 | more(1) << 12 | more(2) << 6 | more(3),
          text.substr(std::min<std::size_t>(4, text.size()))};
}

bool is_forbidden(std::uint32_t point) {
  if (point == '\n' || point == '\r' || point == '\t') return false;
  return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x2028 || point == 0x2029 ||
         point == 0xFFFE || point == 0xFFFF;
}

bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == ' ';
  });
}

bool has_variable(std::string_view text) {
  std::size_t from = 0;
  while ((from = text.find("{{", from)) != text.npos) {
    const auto to = text.find("}}", from + 2);
    if (to == text.npos) return false;
    if (is_name(text.substr(from + 2, to - from - 2))) return true;
    ++from;
  }
  return false;
}

// By ISO 4217.
constexpr auto kCurrencies = std::to_array<const char*>({
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
    "BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD",
    "CAD", "CDF", "CHE", "CHF", "CHW", "CLF", "CLP", "CNY", "COP", "COU", "CRC", "CUC", "CUP",
    "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP",
    "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR",
    "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW",
    "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA",
    "MKD", "MMK", "MNT", "MOP", "MRO", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN",
    "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN",
    "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP",
    "SLE", "SLL", "SOS", "SRD", "SSP", "STD", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT",
    "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "USN", "UYI", "UYU", "UYW",
    "UZS", "VED", "VEF", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER",
    "ZAR", "ZMW", "ZWG", "ZWL",
});

}  // namespace

Checked<> check_value(std::string_view text) {
  if (text.find_first_of("\n\r\t") != text.npos || text.find("     ") != text.npos) {
    return refuse(132018,
                  "Param text cannot have new-line/tab characters or more than 4 consecutive "
                  "spaces");
  }
  for (auto rest = text; !rest.empty();) {
    const auto [point, after] = next_point(rest);
    if (is_forbidden(point)) return refuse(132007, "Param text has a control character");
    rest = after;
  }
  if (text.find_first_not_of(' ') == text.npos) return refuse(132008, "Param text is blank");
  if (has_variable(text)) return refuse(132008, "Param text has a variable that is not filled");
  return {};
}

Checked<> check_url_end(std::string_view text) {
  if (text.find_first_of(" \"<>\\^`{|}") == text.npos) return {};
  return refuse(132007, "Param text has a character that a URL can't have");
}

bool is_currency(std::string_view code) {
  return std::ranges::any_of(kCurrencies, [&](const char* each) { return code == each; });
}

}  // namespace flowsell::sim
