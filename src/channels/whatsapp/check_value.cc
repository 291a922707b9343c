// What WhatsApp takes in the place of a template's variable: 132018, 132007 and 132008 before they
// happen.
#include <algorithm>
#include <string>

#include "checker.h"

namespace flowsell::whatsapp {
namespace {

constexpr std::string_view kFiveSpaces = "     ";

bool is_break(char c) { return c == '\n' || c == '\r' || c == '\t'; }

/// Control characters of ASCII and Latin-1, the separators of lines and paragraphs, and what
/// Unicode says is no character; breaks have a fault of their own. The text is UTF-8.
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && !is_break(text[i])) || c == 0x7F) return true;
    const std::string_view rest = text.substr(i);
    if (c == 0xC2 && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xA0) return true;
    for (const std::string_view each : {"\u2028", "\u2029", "\uFFFE", "\uFFFF"})
      if (rest.starts_with(each)) return true;
  }
  return false;
}

bool is_variable_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ' ';
}

/// "{{1}}", "{{first_name}}": somebody forgot to fill it in.
bool has_variable(std::string_view text) {
  for (std::size_t at = text.find("{{"); at != text.npos; at = text.find("{{", at + 1)) {
    const std::size_t end = text.find("}}", at + 2);
    if (end == text.npos) return false;
    const std::string_view name = text.substr(at + 2, end - at - 2);
    if (!name.empty() && std::ranges::all_of(name, is_variable_character)) return true;
  }
  return false;
}

/// ISO 4217: what is in use, and what went out of it since 2018. In their order.
constexpr std::string_view kCurrencies =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN "
    "BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP "
    "ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR "
    "ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
    "MMK MNT MOP MRO MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP "
    "PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STD STN SVC "
    "SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VEF VES VND "
    "VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL";

bool is_currency(std::string_view code) {
  if (code.size() != 3) return false;
  for (std::string_view rest = kCurrencies;; rest.remove_prefix(4)) {
    if (rest.starts_with(code)) return true;
    if (rest.size() == 3) return false;
  }
}

}  // namespace

void check_template_text(Checker& checker, const std::string& at, std::string_view text,
                         std::size_t max) {
  checker.length(at, text, 1, max);
  if (std::ranges::any_of(text, is_break) || text.find(kFiveSpaces) != text.npos) {
    checker.fault(at, "invalid_format",
                  "must not have new lines, tabs or more than 4 spaces in a row",
                  "Put line breaks into the template itself.");
  } else if (!text.empty() && text.find_first_not_of(' ') == text.npos) {
    checker.fault(at, "blank", "has nothing but spaces", "Send a text that people can see.");
  }
  if (has_control(text)) {
    checker.fault(at, "invalid_characters", "must not have control characters",
                  "Leave characters out that nobody sees: below U+0020, U+007F to U+009F, U+2028, "
                  "U+2029, U+FFFE and U+FFFF.");
  }
  if (has_variable(text)) {
    checker.fault(at, "unfilled", "has a variable in double braces that was not filled in",
                  "Send what the person is to read in its place.");
  }
}

void check_currency(Checker& checker, const std::string& at, std::string_view code) {
  if (is_currency(code)) return;
  checker.fault(at, "unknown_currency", "must be a currency's three capital letters",
                "Send a code of ISO 4217, such as INR.");
}

}  // namespace flowsell::whatsapp
